//! Random changes of a schema. Each is a number and a seed, so that some of them can be left out.

use crate::die::Die;
use crate::grow::{self, DEFAULTS, STRICT_TYPES, TYPES};
use crate::model::{Id, Model, Table};
use crate::prune::prune;

#[derive(Debug, Clone)]
pub(crate) struct Edit {
    what: usize,
    seed: u64,
}

/// How many sorts of changes there are.
const SORTS: usize = 36;

pub(crate) fn edits(die: &mut Die) -> Vec<Edit> {
    let count = [0, 1, 1, 2, 2, 3, 4, 6][die.below(8)];
    (0..count).map(|_| Edit { what: die.below(SORTS), seed: die.seed() }).collect()
}

pub(crate) fn edited(model: &Model, edits: &[Edit]) -> Model {
    let mut after = model.clone();
    for edit in edits {
        // Numbers are never used again, also where an edit before is left out.
        after.next = model.next + 1000;
        let own = after.next + u32::try_from(edit.seed % 1_000_000).unwrap_or(0) * 100;
        after.next = own;
        apply(&mut after, edit.what, &mut Die::new(edit.seed));
        prune(&mut after);
    }
    take_over_numbers(model, &mut after);
    after
}

fn apply(model: &mut Model, what: usize, die: &mut Die) {
    match what {
        0 => grow::add_table(model, die),
        1 => drop(remove(&mut model.tables, die)),
        2 | 3 => rename_tables(model, die),
        4 => grow::add_reference(model, die),
        5 => grow::add_index(model, die),
        6 => drop(remove(&mut model.indexes, die)),
        7 => grow::add_view(model, die),
        8 => drop(remove(&mut model.views, die)),
        9 => grow::add_trigger(model, die),
        10 => drop(remove(&mut model.triggers, die)),
        11 => grow::add_search(model, die),
        12 => drop(remove(&mut model.searches, die)),
        // Another one under the name that there is.
        13 => {
            if let Some(old) = remove(&mut model.indexes, die) {
                grow::add_index(model, die);
                model.indexes.last_mut().into_iter().for_each(|index| index.name.clone_from(&old.name));
            }
        }
        14 => {
            if let Some(old) = remove(&mut model.triggers, die) {
                grow::add_trigger(model, die);
                model.triggers.last_mut().into_iter().for_each(|trigger| trigger.name.clone_from(&old.name));
            }
        }
        _ if model.tables.is_empty() => {}
        _ => {
            let at = die.below(model.tables.len());
            let mut next = model.next;
            change_table(&mut model.tables[at], what, &mut next, die);
            model.next = next;
        }
    }
}

fn remove<T>(from: &mut Vec<T>, die: &mut Die) -> Option<T> {
    (!from.is_empty()).then(|| from.remove(die.below(from.len())))
}

/// One gets a new name; or two change theirs, or one takes that of another, which gets a new one.
fn rename_tables(model: &mut Model, die: &mut Die) {
    if model.tables.is_empty() {
        return;
    }
    let fresh = grow::object_name(model, die, true);
    let (one, other) = (die.below(model.tables.len()), die.below(model.tables.len()));
    match die.below(4) {
        0 if one != other => swap_names(&mut model.tables, one, other, |table| &mut table.name),
        1 if one != other => {
            let old = std::mem::replace(&mut model.tables[one].name, fresh);
            model.tables[other].name = old;
        }
        2 => model.tables[one].name = model.tables[one].name.to_ascii_uppercase(),
        _ => model.tables[one].name = fresh,
    }
}

fn swap_names<T>(of: &mut [T], one: usize, other: usize, name: impl Fn(&mut T) -> &mut String) {
    let first = name(&mut of[one]).clone();
    let second = std::mem::replace(name(&mut of[other]), first);
    *name(&mut of[one]) = second;
}

fn change_table(table: &mut Table, what: usize, next: &mut Id, die: &mut Die) {
    let at = die.below(table.columns.len());
    match what {
        15 | 16 => {
            *next += 1;
            let column = grow::new_column(table, *next, die);
            let place = if die.one_in(2) { table.columns.len() } else { at };
            table.columns.insert(place, column);
        }
        17 | 18 => drop(table.columns.remove(at)),
        19 | 20 => {
            *next += 1;
            let fresh = grow::column_name(table, *next, die);
            let other = die.below(table.columns.len());
            match die.below(4) {
                0 if at != other => swap_names(&mut table.columns, at, other, |column| &mut column.name),
                1 if at != other => {
                    let old = std::mem::replace(&mut table.columns[at].name, fresh);
                    table.columns[other].name = old;
                }
                2 => table.columns[at].name = table.columns[at].name.to_ascii_uppercase(),
                _ => table.columns[at].name = fresh,
            }
        }
        21 | 22 => {
            let types: &[&'static str] = if table.strict { &STRICT_TYPES } else { &TYPES };
            table.columns[at].kind = die.pick(types);
        }
        23 => {
            let column = table.columns.remove(at);
            let place = die.below(table.columns.len() + 1);
            table.columns.insert(place, column);
        }
        24 | 25 => {
            let column = &mut table.columns[at];
            column.not_null = if column.not_null.is_some() { None } else { Some(grow::not_null(die)) };
        }
        26 => table.columns[at].default = if die.one_in(4) { "" } else { die.pick(&DEFAULTS) },
        27 => table.columns[at].collation = grow::collation(die, 2),
        28 => {
            let id = table.columns[at].id;
            let generated = grow::generated(table, id, die);
            let column = &mut table.columns[at];
            column.generated = if column.generated.is_some() && die.one_in(2) { None } else { generated };
        }
        29 => grow::add_check(table, die),
        30 => match die.below(4) {
            0 => drop(remove(&mut table.checks, die)),
            1 => drop(remove(&mut table.uniques, die)),
            2 => drop(remove(&mut table.references, die)),
            _ => {
                let name = grow::constraint_name(die);
                let checks = table.checks.iter_mut().map(|check| &mut check.name);
                let keys = table.uniques.iter_mut().map(|key| &mut key.name);
                let references = table.references.iter_mut().map(|reference| &mut reference.name);
                if let Some(own) = checks.chain(references).chain(keys).next() {
                    *own = name;
                }
            }
        },
        31 => grow::add_unique(table, die),
        32 => match table.references.last_mut() {
            Some(reference) => reference.on_delete = die.pick(&["", "CASCADE", "SET NULL", "RESTRICT"]),
            None => grow::add_unique(table, die),
        },
        33 => table.key = if table.key.is_some() && die.one_in(3) { None } else { Some(grow::key(table, die)) },
        34 => table.strict = !table.strict,
        _ => table.without_rowid = !table.without_rowid,
    }
}

/// Something else altogether, of which only the names are the same.
pub(crate) fn other(before: &Model, mut after: Model) -> Model {
    const FAR: Id = 1_000_000_000;
    each_number(&mut after, &mut |id| *id += if *id == 0 { 0 } else { FAR });
    after.next += FAR;
    take_over_numbers(before, &mut after);
    after
}

/// What has the name of something that went is that again: nobody could tell the difference.
fn take_over_numbers(before: &Model, after: &mut Model) {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let mut pairs = Vec::new();
    for table in &after.tables {
        let old = match before.table(table.id) {
            Some(old) => Some(old),
            None => before.tables.iter().find(|old| same(&old.name, &table.name) && after.table(old.id).is_none()),
        };
        let Some(old) = old else { continue };
        pairs.push((table.id, old.id));
        for column in table.columns.iter().filter(|column| old.column(column.id).is_none()) {
            let is_gone = |id: Id| table.column(id).is_none();
            let twin = old.columns.iter().find(|old| same(&old.name, &column.name) && is_gone(old.id));
            pairs.extend(twin.map(|twin| (column.id, twin.id)));
        }
    }
    each_number(after, &mut |id| {
        if let Some((_, old)) = pairs.iter().find(|(new, _)| new == id) {
            *id = *old;
        }
    });
}

fn each_number(model: &mut Model, change: &mut impl FnMut(&mut Id)) {
    use crate::model::Action;
    for table in &mut model.tables {
        change(&mut table.id);
        for column in &mut table.columns {
            change(&mut column.id);
            column.generated.iter_mut().flat_map(|(expr, _)| &mut expr.columns).for_each(&mut *change);
        }
        for key in table.key.iter_mut().chain(&mut table.uniques) {
            key.columns.iter_mut().for_each(|(id, ..)| change(id));
        }
        table.checks.iter_mut().flat_map(|check| &mut check.expr.columns).for_each(&mut *change);
        for reference in &mut table.references {
            change(&mut reference.parent);
            reference.columns.iter_mut().chain(&mut reference.parent_columns).for_each(&mut *change);
        }
    }
    for index in &mut model.indexes {
        change(&mut index.table);
        let exprs = index.by.iter_mut().map(|(expr, ..)| expr).chain(&mut index.filter);
        exprs.flat_map(|expr| &mut expr.columns).for_each(&mut *change);
    }
    for view in &mut model.views {
        change(&mut view.id);
        change(&mut view.from);
        view.columns.iter_mut().for_each(&mut *change);
    }
    for trigger in &mut model.triggers {
        change(&mut trigger.on);
        trigger.of.iter_mut().for_each(&mut *change);
        trigger.when.iter_mut().flat_map(|expr| &mut expr.columns).for_each(&mut *change);
        match &mut trigger.action {
            Action::Look(id) | Action::Count(id) => change(id),
            Action::Write { table, column, .. } => {
                change(table);
                change(column);
            }
        }
    }
    for (table, columns) in model.searches.iter_mut().filter_map(|search| search.content.as_mut()) {
        change(table);
        columns.iter_mut().for_each(&mut *change);
    }
}
