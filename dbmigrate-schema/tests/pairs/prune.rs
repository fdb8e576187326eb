//! Takes away what makes no sense any more, after something else has gone or changed.

use std::collections::HashSet;

use crate::grow::STRICT_TYPES;
use crate::model::{Action, Expr, Id, Key, Model, Table};

/// Until SQLite would take every statement.
pub(crate) fn prune(model: &mut Model) {
    for table in &mut model.tables {
        columns(table);
        constraints(table);
    }
    model.tables.retain(|table| table.columns.iter().any(|column| column.generated.is_none()));
    references(model);
    let tables = model.tables.clone();
    let has = |table: Id, expr: &Expr| {
        let table = tables.iter().find(|own| own.id == table);
        table.is_some_and(|table| expr.columns.iter().all(|id| table.column(*id).is_some()))
    };
    model.indexes.retain_mut(|index| {
        index.by.retain(|(expr, ..)| has(index.table, expr));
        index.filter = index.filter.take().filter(|expr| has(index.table, expr));
        !index.by.is_empty()
    });
    searches(model);
    views(model);
    triggers(model);
}

fn columns(table: &mut Table) {
    let mut known: HashSet<Id> = table.columns.iter().map(|column| column.id).collect();
    // What is computed of something that went is computed no more; that others are computed of it stays.
    loop {
        let before = known.len();
        let computed = table.columns.iter().filter(|column| {
            let gone = |(expr, _): &(Expr, bool)| expr.columns.iter().any(|id| !known.contains(id) || *id >= column.id);
            column.generated.as_ref().is_some_and(gone)
        });
        let gone: Vec<Id> = computed.map(|column| column.id).collect();
        known.retain(|id| !gone.contains(id));
        table.columns.retain(|column| known.contains(&column.id));
        if known.len() == before {
            break;
        }
    }
    for column in &mut table.columns {
        if table.strict && !STRICT_TYPES.contains(&column.kind) {
            column.kind = match column.kind {
                "VARCHAR(10, 2)" => "TEXT",
                "UNSIGNED BIG INT" => "INTEGER",
                _ => "ANY",
            };
        }
        if column.generated.is_some() {
            column.default = "";
        }
    }
}

fn keep(table: &[(Id, bool)], key: &mut Key, plain: bool) {
    let mut seen = HashSet::new();
    key.columns.retain(|(id, ..)| {
        let found = table.iter().find(|(own, _)| own == id);
        found.is_some_and(|(_, generated)| !(plain && *generated)) && seen.insert(*id)
    });
}

fn constraints(table: &mut Table) {
    let known: Vec<(Id, bool)> = table.columns.iter().map(|it| (it.id, it.generated.is_some())).collect();
    if let Some(key) = &mut table.key {
        keep(&known, key, true);
    }
    table.key = table.key.take().filter(|key| !key.columns.is_empty());
    table.without_rowid &= table.key.is_some();
    let counts = table.alias().is_some();
    if let Some(key) = &mut table.key {
        key.autoincrement &= counts;
        key.beside &= key.columns.len() == 1 && key.columns[0].1.is_empty();
    }
    // Two keys of the same columns could disagree about their conflicts.
    let set = |key: &Key| {
        let mut columns: Vec<_> = key.columns.iter().map(|(id, ..)| *id).collect();
        columns.sort_unstable();
        columns
    };
    let mut seen: HashSet<Vec<Id>> = table.key.iter().map(set).collect();
    table.uniques.retain_mut(|key| {
        keep(&known, key, false);
        !key.columns.is_empty() && seen.insert(set(key))
    });
    let has = |expr: &Expr| expr.columns.iter().all(|id| known.iter().any(|(own, _)| own == id));
    table.checks.retain(|check| has(&check.expr));
}

fn references(model: &mut Model) {
    let parents: Vec<(Id, Vec<Id>, Vec<Vec<Id>>)> = model
        .tables
        .iter()
        .map(|table| {
            let of = |key: &Key| key.columns.iter().map(|(id, ..)| *id).collect::<Vec<_>>();
            // Whose collation is not that of its column is no key to refer to.
            let plain = |key: &&Key| key.columns.iter().all(|(_, collation, _)| collation.is_empty());
            let unique = table.key.iter().chain(&table.uniques).filter(plain).map(of).collect();
            (table.id, table.key.as_ref().filter(plain).map(of).unwrap_or_default(), unique)
        })
        .collect();
    for table in &mut model.tables {
        let plain: HashSet<Id> = table.columns.iter().filter(|it| it.generated.is_none()).map(|it| it.id).collect();
        table.references.retain(|reference| {
            let parent = parents.iter().find(|(id, ..)| *id == reference.parent);
            let fits = parent.is_some_and(|(_, primary, unique)| {
                let named = &reference.parent_columns;
                let by_key = named.is_empty() && primary.len() == reference.columns.len();
                by_key || (unique.contains(named) && named.len() == reference.columns.len())
            });
            (fits || reference.parent == 0) && reference.columns.iter().all(|id| plain.contains(id))
        });
    }
}

fn searches(model: &mut Model) {
    let tables = model.tables.clone();
    model.searches.retain_mut(|search| {
        let Some((table, columns)) = &mut search.content else { return true };
        let Some(table) = tables.iter().find(|own| own.id == *table) else { return false };
        columns.retain(|id| {
            let column = table.column(*id).map(|column| column.name.to_ascii_lowercase());
            column.is_some_and(|name| name != "rowid" && name != "rank")
        });
        let by_rowid = table.rowid() == Some("rowid") || table.alias().is_some();
        !columns.is_empty() && by_rowid && !table.without_rowid
    });
}

fn views(model: &mut Model) {
    loop {
        let before = model.views.len();
        let snapshot = model.clone();
        model.views.retain_mut(|view| {
            let below: Vec<Id> = snapshot.columns(view.from).into_iter().map(|(id, _)| id).collect();
            view.columns.retain(|id| below.contains(id));
            !below.is_empty() && !view.columns.is_empty()
        });
        if model.views.len() == before {
            break;
        }
    }
    // What a view asks of is made before it.
    let mut made: Vec<_> = Vec::new();
    let mut left = std::mem::take(&mut model.views);
    while !left.is_empty() {
        let ready = left.iter().position(|view| left.iter().all(|other| other.id != view.from)).unwrap_or(0);
        made.push(left.remove(ready));
    }
    model.views = made;
}

fn triggers(model: &mut Model) {
    let snapshot = model.clone();
    let has = |source: Id, ids: &[Id]| {
        let columns = snapshot.columns(source);
        ids.iter().all(|id| columns.iter().any(|(own, _)| own == id))
    };
    model.triggers.retain(|trigger| {
        let when = trigger.when.as_ref().is_none_or(|when| has(trigger.on, &when.columns));
        let action = match &trigger.action {
            Action::Look(column) => has(trigger.on, &[*column]),
            Action::Count(source) => snapshot.table(*source).is_some() || snapshot.view(*source).is_some(),
            Action::Write { table, column, .. } => {
                let column = snapshot.table(*table).and_then(|table| table.column(*column));
                column.is_some_and(|column| column.generated.is_none())
            }
        };
        let exists = snapshot.table(trigger.on).is_some() || snapshot.view(trigger.on).is_some();
        exists && when && action && has(trigger.on, &trigger.of)
    });
}
