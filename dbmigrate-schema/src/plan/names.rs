//! What is the same before and after: by its name, or by a rename that somebody decided.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::config::Stubs;

use super::doubts::is_table;
use super::pair::is_rowid_name;
use super::{Decisions, Planned, Rename, Undecided, bench};
use crate::model::{Column, Kind, Name, Object, Schema, Table};

/// The objects of a schema by what they are known by.
pub(super) type Objects<'a> = HashMap<(Kind, &'a Name), &'a Object>;

/// Which name after is which name before, where it is another one.
pub(super) struct Names {
    /// Tables: before and after.
    tables: Vec<(Name, Name)>,
    /// By the name of the table after, its columns: before and after.
    columns: HashMap<Name, Vec<(Name, Name)>>,
    /// By their names after, the tables whose columns only a copy of the rows renames.
    by_copy: HashSet<Name>,
}

impl Names {
    /// Takes the renames that fit, and reports the others.
    pub(super) fn new(from: &Schema, to: &Schema, decisions: &Decisions, undecided: &mut Vec<Undecided>) -> Self {
        let mut names = Self { tables: Vec::new(), columns: HashMap::new(), by_copy: HashSet::new() };
        // A table's name after says where to look for its columns.
        let columns_last = |rename: &&Rename| matches!(rename, Rename::Column { .. });
        let mut renames: Vec<_> = decisions.renames.iter().collect();
        renames.sort_by_key(columns_last);
        for rename in renames {
            let taken = match rename {
                Rename::Table { from: before, to: after } => names.take_table(from, to, before, after),
                Rename::Column { table, from: before, to: after } => {
                    names.take_column((from, to), table, before, after)
                }
            };
            if let Err(why) = taken {
                undecided.push(Undecided::NoSuchRename { rename: rename.clone(), why });
            }
        }
        names.find_moved(from, to, &decisions.stubs);
        names
    }

    fn take_table(&mut self, from: &Schema, to: &Schema, before: &Name, after: &Name) -> Result<(), String> {
        if before == after {
            return Ok(());
        }
        let old = table_like(from, before).ok_or_else(|| format!("there is no table `{before}`"))?;
        let new = table_like(to, after).ok_or_else(|| format!("`{after}` is not a table of the new schema"))?;
        if old.kind() != new.kind() {
            return Err(format!("`{before}` is a {}, and `{after}` a {}", old.kind(), new.kind()));
        }
        take(&mut self.tables, before, after)
    }

    fn take_column(
        &mut self,
        (from, to): (&Schema, &Schema),
        table: &Name,
        before: &Name,
        after: &Name,
    ) -> Result<(), String> {
        let new = to.table(table).ok_or_else(|| format!("`{table}` is not a table of the new schema"))?;
        let old = self.table_before(table);
        let old = from.table(old).ok_or_else(|| format!("there is no table `{old}`"))?;
        if old.column(before).is_none() {
            return Err(format!("there is no column `{before}` in `{}`", old.name));
        }
        if new.column(after).is_none() {
            return Err(format!("`{after}` is not a column of the new `{table}`"));
        }
        if before == after {
            return Ok(());
        }
        take(self.columns.entry(table.clone()).or_default(), before, after)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// The name that a table had.
    pub(super) fn table_before<'a>(&'a self, after: &'a Name) -> &'a Name {
        self.tables.iter().find(|(_, to)| to == after).map_or(after, |(from, _)| from)
    }

    /// What an object was before. What is renamed away leaves its name to another.
    pub(super) fn object_before<'a>(&self, from: &Objects<'a>, after: &Object) -> Option<&'a Object> {
        let name = self.table_before(after.name());
        let renamed_away = name == after.name() && self.tables.iter().any(|(before, _)| before == name);
        from.get(&(after.kind(), name)).copied().filter(|_| !renamed_away)
    }

    /// What a column of the table of this name after was in that table before.
    pub(super) fn column_before<'a>(&self, table: &Name, before: &'a Table, after: &Name) -> Option<&'a Column> {
        let renames = self.columns.get(table).map_or([].as_slice(), Vec::as_slice);
        match renames.iter().find(|(_, to)| to == after) {
            Some((from, _)) => before.column(from),
            None => before.column(after).filter(|column| renames.iter().all(|(from, _)| *from != column.name)),
        }
    }

    /// The columns of the table of this name after that can't be renamed in place, before and after.
    pub(super) fn moved(&self, table: &Name) -> &[(Name, Name)] {
        let renames = self.columns.get(table).map_or([].as_slice(), Vec::as_slice);
        if self.by_copy.contains(table) { renames } else { &[] }
    }

    /// By the name of the table after, the names that columns have taken.
    pub(super) fn renamed_columns(&self) -> impl Iterator<Item = (&Name, HashSet<Name>)> {
        self.columns.iter().map(|(table, renames)| (table, renames.iter().map(|(_, to)| to.clone()).collect()))
    }

    /// Finds the tables whose columns SQLite does not rename. It is wrong about some that it could.
    fn find_moved(&mut self, from: &Schema, to: &Schema, stubs: &Stubs) {
        let refused = self.columns.iter().filter(|(table, renames)| {
            let tables = from.table(self.table_before(table)).zip(to.table(table));
            renames.iter().any(|(from, to)| is_rowid_name(from) || is_rowid_name(to))
                || !tables
                    .is_none_or(|(old, new)| bench::takes(old, &rename_columns(renames, &old.name, old, new), stubs))
        });
        self.by_copy = refused.map(|(table, _)| table.clone()).collect();
    }

    /// The statements that rename, tables first. `gone` are the tables that will not be there any more.
    pub(super) fn statements(&self, from: &Schema, to: &Schema, gone: &HashSet<Name>) -> Vec<Planned> {
        let of = |schema: &Schema| schema.objects.iter().map(|object| object.name().clone()).collect::<Vec<_>>();
        // What else is in the way is gone, or is no object of `to`.
        let here = from.objects.iter().filter(|object| is_table(object) && !gone.contains(object.name()));
        let here = here.map(|object| object.name().clone());
        let mut statements: Vec<_> = steps(&self.tables, here, [of(from), of(to)].concat())
            .into_iter()
            .map(|(from, to)| Planned::new(format!("ALTER TABLE {} RENAME TO {}", from.to_sql(), to.to_sql())))
            .collect();
        for after in to.tables() {
            let Some(renames) = self.columns.get(&after.name) else { continue };
            if !self.moved(&after.name).is_empty() {
                continue;
            }
            let Some(before) = from.table(self.table_before(&after.name)) else { continue };
            statements.extend(rename_columns(renames, &after.name, before, after));
        }
        statements
    }
}

/// The statements that rename columns of a table that has a name of the two by now.
fn rename_columns(renames: &[(Name, Name)], table: &Name, before: &Table, after: &Table) -> Vec<Planned> {
    let of = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let rename = |(from, to): (Name, Name)| {
        Planned::new(format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table.to_sql(), from.to_sql(), to.to_sql()))
    };
    steps(renames, of(before), of(after)).into_iter().map(rename).collect()
}

fn take(renames: &mut Vec<(Name, Name)>, before: &Name, after: &Name) -> Result<(), String> {
    let pair = (before.clone(), after.clone());
    if renames.contains(&pair) {
        return Ok(());
    }
    if renames.iter().any(|(from, _)| from == before) {
        return Err(format!("`{before}` is also renamed to something else"));
    }
    if renames.iter().any(|(_, to)| to == after) {
        return Err(format!("something else is also renamed to `{after}`"));
    }
    renames.push(pair);
    Ok(())
}

/// A table or a virtual one, understood or not.
pub(super) fn table_like<'a>(schema: &'a Schema, name: &Name) -> Option<&'a Object> {
    [Kind::Table, Kind::VirtualTable].into_iter().find_map(|kind| schema.object(kind, name))
}

/// The renames in an order that works: never to a name that is still in use. A name in the way, as in a swap, makes
/// room by another rename, to none of the names `taken`.
fn steps(
    renames: &[(Name, Name)],
    here: impl IntoIterator<Item = Name>,
    taken: impl IntoIterator<Item = Name>,
) -> Vec<(Name, Name)> {
    let mut here: HashSet<Name> = here.into_iter().collect();
    let taken: HashSet<Name> = taken.into_iter().collect();
    let mut pending = renames.to_vec();
    let mut steps = Vec::new();
    while let Some((from, to)) = pending.first().cloned() {
        let step = match pending.iter().position(|(_, to)| !here.contains(to)) {
            Some(free) => pending.remove(free),
            None => {
                let room = free_name(&to, "old", |name| here.contains(name) || taken.contains(name));
                if let Some(other) = pending.iter_mut().find(|(other, _)| *other == to) {
                    other.0 = room.clone();
                }
                debug_assert_ne!(from, to);
                (to, room)
            }
        };
        here.remove(&step.0);
        here.insert(step.1.clone());
        steps.push(step);
    }
    steps
}

/// `name_suffix`, or the first of `name_suffix2`, … that is not taken.
pub(super) fn free_name(name: &Name, suffix: &str, is_taken: impl Fn(&Name) -> bool) -> Name {
    let plain = Name::new(format!("{name}_{suffix}"));
    let numbered = (2_u64..).map(|number| Name::new(format!("{name}_{suffix}{number}")));
    std::iter::once(plain.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(renames: &[(&str, &str)], here: &[&str], wanted: &[&str], expect: &[(&str, &str)]) {
        let names = |names: &[&str]| names.iter().map(|name| Name::new(*name)).collect::<Vec<_>>();
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(from, to)| (Name::new(*from), Name::new(*to))).collect::<Vec<_>>()
        };
        assert_eq!(steps(&pairs(renames), names(here), names(wanted)), pairs(expect));
    }

    #[test]
    fn renames_find_an_order() {
        check(&[("a", "b")], &["a"], &["b"], &[("a", "b")]);
        // A chain goes from its end.
        check(&[("a", "b"), ("b", "c")], &["a", "b"], &["b", "c"], &[("b", "c"), ("a", "b")]);
        // A swap, and a ring of three, need one name more.
        let swap = [("b", "b_old"), ("a", "b"), ("b_old", "a")];
        check(&[("a", "b"), ("b", "a")], &["a", "b"], &["a", "b"], &swap);
        let ring = [("b", "b_old"), ("a", "b"), ("c", "a"), ("b_old", "c")];
        check(&[("a", "b"), ("b", "c"), ("c", "a")], &["a", "b", "c"], &["a", "b", "c"], &ring);
        // What will go makes room, under a name that is free.
        check(&[("a", "b")], &["a", "b", "B_OLD"], &["b", "b_old"], &[("b", "b_old2"), ("a", "b")]);
    }
}
