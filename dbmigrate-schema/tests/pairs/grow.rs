//! Random pieces of a schema, put into a model where they make sense.

use crate::die::Die;
use crate::model::{
    Action, Check, Column, Expr, Id, Index, Key, Model, NotNull, Reference, Search, Table, Trigger, Verb, View,
    ViewForm,
};
use crate::prune::prune;

const TABLES: [&str; 18] = [
    "t", "u", "v", "Key", "odd name", "größe", "order", "x_1", "qu\"ote", "t.dot", "it's", "[br]", "🦀", "t_new",
    "T_OLD", "u_new2", "select", "log",
];
const COLUMNS: [&str; 20] = [
    "a", "b", "c", "d", "e", "id", "Key", "odd name", "größe", "order", "x_1", "qu\"ote", "a.b", "it's", "[x]",
    "rowid", "oid", "_rowid_", "check", "🦀",
];
const OTHERS: [&str; 8] = ["i", "by it", "all of \"it\"", "X", "index", "t_new", "u_old", "größer"];
const CONSTRAINTS: [&str; 5] = ["rule", "one more", "c1", "check", "it's so"];

pub(crate) const TYPES: [&str; 10] =
    ["", "INTEGER", "INT", "TEXT", "VARCHAR(10, 2)", "REAL", "BLOB", "NUMERIC", "UNSIGNED BIG INT", "DATE"];
pub(crate) const STRICT_TYPES: [&str; 6] = ["INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY"];
pub(crate) const DEFAULTS: [&str; 12] = [
    "1",
    "-1.5",
    "'it''s'",
    "x'0f'",
    "NULL",
    "CURRENT_TIMESTAMP",
    "word",
    "\"bar\"",
    "(1 + 2)",
    "(lower('X') || 'y')",
    "TRUE",
    "+7",
];
const COLLATIONS: [&str; 3] = ["NOCASE", "RTRIM", "BINARY"];
const CONFLICTS: [&str; 5] = ["ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"];
const ACTIONS: [&str; 6] = ["", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"];
const DEFERRED: [&str; 4] =
    ["", "DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE INITIALLY IMMEDIATE", "NOT DEFERRABLE INITIALLY DEFERRED"];
/// Most of them turn few rows away.
const CHECKS: [&str; 11] = [
    "#0 IS NULL OR length(#0) < 1000",
    "#0 IS NOT 'forbidden'",
    "CASE WHEN #0 = 5 THEN 1 ELSE (2) END",
    "#0 NOT IN (77, 'x;y') OR #0 IS NULL",
    "#0 IS NOT #1 OR 1",
    "coalesce(#0, #1, 1) IS NOT 77",
    "typeof(#0) <> 'blob' /* ; */ OR length(#0) < 9",
    "#0 BETWEEN -1e300 AND 9e18 OR typeof(#0) <> 'real'",
    "#0 > 0",
    "typeof(#0) IN ('null', 'text', 'integer')",
    "length(#0) > 1",
];
const GENERATED: [&str; 6] = [
    "#0 || '!'",
    "#0 + 1",
    "length(#0)",
    "coalesce(#0, #1)",
    "CASE WHEN #0 THEN 1 ELSE -(1) END",
    "abs(length(#0)) * 2",
];
const INDEXED: [&str; 7] = ["#0", "#0", "#0", "lower(#0)", "length(#0)", "#0 || #1", "(#0 + 1)"];
const FILTERS: [&str; 3] = ["#0 IS NOT NULL", "#0 > 3", "length(#0) < 5 AND #1 IS NOT 7"];
const WHENS: [&str; 3] = ["#0 IS NOT NULL", "#0 > 100 AND CASE #0 WHEN 1 THEN 0 ELSE 1 END", "typeof(#0) = 'blob'"];

/// A random schema.
pub(crate) fn model(die: &mut Die) -> Model {
    let mut model = Model::default();
    for _ in 0..=die.below(3) {
        add_table(&mut model, die);
    }
    for _ in 0..die.below(3) {
        add_reference(&mut model, die);
    }
    for _ in 0..die.below(3) {
        add_index(&mut model, die);
    }
    for _ in 0..die.below(3) {
        add_view(&mut model, die);
    }
    if die.one_in(3) {
        add_search(&mut model, die);
    }
    for _ in 0..die.below(3) {
        add_trigger(&mut model, die);
    }
    if die.one_in(12) {
        model.others.push("CREATE VIEW \"makes no sense\" AS SELECT none FROM nowhere");
    }
    prune(&mut model);
    model
}

/// A name of these that nothing has.
fn free(die: &mut Die, from: &[&str], id: Id, is_taken: impl Fn(&str) -> bool) -> String {
    let tries = (0..4).map(|_| die.pick(from).to_owned()).collect::<Vec<_>>();
    tries.into_iter().find(|name| !is_taken(name)).unwrap_or_else(|| format!("n{id}"))
}

/// A name for a table, an index or a view.
pub(crate) fn object_name(model: &mut Model, die: &mut Die, is_table: bool) -> String {
    let id = model.id();
    let taken: Vec<String> = model
        .tables
        .iter()
        .map(|it| &it.name)
        .chain(model.indexes.iter().map(|it| &it.name))
        .chain(model.views.iter().map(|it| &it.name))
        .chain(model.searches.iter().map(|it| &it.name))
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let from: &[&str] = if is_table { &TABLES } else { &OTHERS };
    free(die, from, id, |name| taken.contains(&name.to_ascii_lowercase()))
}

pub(crate) fn column_name(table: &Table, id: Id, die: &mut Die) -> String {
    free(die, &COLUMNS, id, |name| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)))
}

pub(crate) fn constraint_name(die: &mut Die) -> Option<String> {
    (!die.one_in(3)).then(|| die.pick(&CONSTRAINTS).to_owned())
}

fn conflict(die: &mut Die) -> &'static str {
    if die.one_in(4) { die.pick(&CONFLICTS) } else { "" }
}

pub(crate) fn collation(die: &mut Die, often: usize) -> &'static str {
    if die.one_in(often) { die.pick(&COLLATIONS) } else { "" }
}

pub(crate) fn not_null(die: &mut Die) -> NotNull {
    NotNull { name: if die.one_in(4) { constraint_name(die) } else { None }, conflict: conflict(die) }
}

fn expr(die: &mut Die, templates: &[&'static str], columns: &[Id], qualified: bool) -> Expr {
    let template = die.pick(templates);
    let count = if template.contains("#1") { 2 } else { 1 };
    Expr { template, columns: (0..count).map(|_| die.pick(columns)).collect(), qualified }
}

pub(crate) fn generated(table: &Table, below: Id, die: &mut Die) -> Option<(Expr, bool)> {
    // Of columns that are older, so that there is no circle.
    let from: Vec<Id> = table.columns.iter().map(|column| column.id).filter(|id| *id < below).collect();
    (!from.is_empty()).then(|| (expr(die, &GENERATED, &from, false), die.one_in(2)))
}

pub(crate) fn new_column(table: &Table, id: Id, die: &mut Die) -> Column {
    let types: &[&'static str] = if table.strict { &STRICT_TYPES } else { &TYPES };
    let mut column = Column {
        id,
        name: column_name(table, id, die),
        kind: die.pick(types),
        not_null: die.one_in(4).then(|| not_null(die)),
        default: if die.one_in(3) { die.pick(&DEFAULTS) } else { "" },
        collation: collation(die, 6),
        generated: None,
    };
    if die.one_in(6) {
        column.generated = generated(table, id, die);
    }
    column
}

pub(crate) fn add_table(model: &mut Model, die: &mut Die) {
    let (id, name) = (model.id(), object_name(model, die, true));
    let mut table = Table {
        id,
        name,
        columns: Vec::new(),
        key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        references: Vec::new(),
        strict: die.one_in(4),
        without_rowid: die.one_in(6),
    };
    for _ in 0..2 + die.below(4) {
        let id = model.id();
        let column = new_column(&table, id, die);
        table.columns.push(column);
    }
    if !die.one_in(4) {
        table.key = Some(key(&mut table, die));
    }
    for _ in 0..die.below(2) {
        add_unique(&mut table, die);
    }
    for _ in 0..die.below(3) {
        add_check(&mut table, die);
    }
    model.tables.push(table);
    prune(model);
}

/// A primary key, mostly one of a whole number.
pub(crate) fn key(table: &mut Table, die: &mut Die) -> Key {
    let columns: Vec<Id> = table.columns.iter().map(|column| column.id).collect();
    let mut columns: Vec<_> =
        die.some(&columns, 2).into_iter().map(|id| (id, collation(die, 8), die.one_in(6))).collect();
    if die.one_in(2) {
        columns.truncate(1);
        let first = columns[0].0;
        columns[0].1 = "";
        if let Some(column) = table.columns.iter_mut().find(|column| column.id == first) {
            column.kind = "INTEGER";
            column.generated = None;
        }
    }
    Key {
        name: if die.one_in(4) { constraint_name(die) } else { None },
        columns,
        conflict: conflict(die),
        autoincrement: die.one_in(2),
        beside: die.one_in(2),
    }
}

pub(crate) fn add_unique(table: &mut Table, die: &mut Die) {
    let columns: Vec<Id> = table.columns.iter().map(|column| column.id).collect();
    let columns = die.some(&columns, 2).into_iter().map(|id| (id, collation(die, 6), die.one_in(6))).collect();
    let name = constraint_name(die);
    table.uniques.push(Key { name, columns, conflict: conflict(die), autoincrement: false, beside: false });
}

pub(crate) fn add_check(table: &mut Table, die: &mut Die) {
    let columns: Vec<Id> = table.columns.iter().map(|column| column.id).collect();
    let qualified = die.one_in(4);
    table.checks.push(Check { name: constraint_name(die), expr: expr(die, &CHECKS, &columns, qualified) });
}

pub(crate) fn add_reference(model: &mut Model, die: &mut Die) {
    if model.tables.is_empty() {
        return;
    }
    let parent = die.below(model.tables.len());
    let child = if die.one_in(4) { parent } else { die.below(model.tables.len()) };
    refer(model, child, parent, die);
    if child != parent && die.one_in(3) {
        // The other way round as well.
        refer(model, parent, child, die);
    }
}

fn refer(model: &mut Model, child: usize, parent: usize, die: &mut Die) {
    let mut reference = Reference {
        name: constraint_name(die),
        columns: Vec::new(),
        parent: model.tables[parent].id,
        parent_columns: Vec::new(),
        on_delete: die.pick(&ACTIONS),
        on_update: die.pick(&ACTIONS),
        deferred: die.pick(&DEFERRED),
    };
    let keys: Vec<(Vec<Id>, bool)> = {
        let parent = &model.tables[parent];
        let own = parent.key.iter().map(|key| (key, true));
        let keys = own.chain(parent.uniques.iter().map(|key| (key, false)));
        keys.map(|(key, primary)| (key.columns.iter().map(|(id, ..)| *id).collect(), primary)).collect()
    };
    let Some((columns, primary)) = (!keys.is_empty()).then(|| keys[die.below(keys.len())].clone()) else { return };
    if !primary || die.one_in(2) {
        reference.parent_columns.clone_from(&columns);
    }
    if die.one_in(30) {
        // A table that is not there.
        reference.parent = 0;
    }
    let child = &mut model.tables[child];
    let own: Vec<Id> = child.columns.iter().filter(|it| it.generated.is_none()).map(|it| it.id).collect();
    if own.len() < columns.len() {
        return;
    }
    let mut left = own;
    reference.columns = columns.iter().map(|_| left.swap_remove(die.below(left.len()))).collect();
    child.references.push(reference);
}

pub(crate) fn add_index(model: &mut Model, die: &mut Die) {
    if model.tables.is_empty() {
        return;
    }
    let name = object_name(model, die, false);
    let table = &model.tables[die.below(model.tables.len())];
    let columns: Vec<Id> = table.columns.iter().map(|column| column.id).collect();
    let by = (0..=die.below(2)).map(|_| (expr(die, &INDEXED, &columns, false), collation(die, 5), die.one_in(4)));
    let by = by.collect();
    let qualified = die.one_in(3);
    let filter = die.one_in(3).then(|| expr(die, &FILTERS, &columns, qualified));
    let index = Index { name, table: table.id, unique: die.one_in(5), by, filter };
    model.indexes.push(index);
}

pub(crate) fn add_view(model: &mut Model, die: &mut Die) {
    let (id, name) = (model.id(), object_name(model, die, false));
    let tables = model.tables.iter().map(|table| table.id);
    let sources: Vec<Id> = tables.chain(model.views.iter().map(|view| view.id)).collect();
    if sources.is_empty() {
        return;
    }
    let from = die.pick(&sources);
    let columns: Vec<Id> = model.columns(from).into_iter().map(|(id, _)| id).collect();
    if columns.is_empty() {
        return;
    }
    let forms = [ViewForm::Plain, ViewForm::Star, ViewForm::Aliased, ViewForm::Common, ViewForm::Listed];
    model.views.push(View { id, name, from, columns: die.some(&columns, 3), form: die.pick(&forms) });
}

pub(crate) fn add_trigger(model: &mut Model, die: &mut Die) {
    let id = model.id();
    let taken = |name: &str| model.triggers.iter().any(|trigger| trigger.name.eq_ignore_ascii_case(name));
    let name = free(die, &OTHERS, id, taken);
    let views: Vec<Id> = model.views.iter().map(|view| view.id).collect();
    let tables: Vec<Id> = model.tables.iter().map(|table| table.id).collect();
    let instead = !views.is_empty() && die.one_in(3);
    if tables.is_empty() {
        return;
    }
    let on = die.pick(if instead { &views } else { &tables });
    let columns: Vec<Id> = model.columns(on).into_iter().map(|(id, _)| id).collect();
    if columns.is_empty() {
        return;
    }
    let event = die.pick(&["INSERT", "UPDATE", "DELETE"]);
    let of = if event == "UPDATE" && die.one_in(2) { die.some(&columns, 2) } else { Vec::new() };
    let action = match die.below(4) {
        0 => Action::Look(die.pick(&columns)),
        1 => Action::Count(die.pick(&[tables, views].concat())),
        _ => {
            let table = &model.tables[die.below(model.tables.len())];
            let columns: Vec<Id> = table.columns.iter().filter(|it| it.generated.is_none()).map(|it| it.id).collect();
            let verb = die.pick(&[Verb::Insert, Verb::Update, Verb::Delete]);
            Action::Write { verb, table: table.id, column: die.pick(&columns) }
        }
    };
    model.triggers.push(Trigger {
        name,
        on,
        timing: if instead { "INSTEAD OF" } else { die.pick(&["BEFORE", "AFTER", ""]) },
        event,
        of,
        when: die.one_in(3).then(|| expr(die, &WHENS, &columns, false)),
        action,
    });
}

pub(crate) fn add_search(model: &mut Model, die: &mut Die) {
    let id = model.id();
    let name = format!("{}{id}", die.pick(&["find", "find it ", "Fünd"]));
    let content = (!model.tables.is_empty() && !die.one_in(3)).then(|| {
        let table = &model.tables[die.below(model.tables.len())];
        let columns: Vec<Id> = table.columns.iter().map(|column| column.id).collect();
        (table.id, die.some(&columns, 2))
    });
    let columns = if content.is_some() { Vec::new() } else { vec!["title", "body"] };
    model.searches.push(Search { name, content, columns });
}
