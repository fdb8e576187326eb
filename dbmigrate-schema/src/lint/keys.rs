//! What is unique: by a key or by an index, before a migration and after it.

use std::rc::Rc;

use super::lineage::TableChange;
use super::migration::Migration;
use super::state::Known;
use crate::model::{Index, Indexed, Kind, Name, Rule, Table};
use crate::plan::{duplicates, on_one_line};

/// A table that may hold rows, before a migration and after it.
#[derive(Clone, Copy)]
pub(crate) struct KeptTable<'m> {
    pub(crate) before: &'m Table,
    pub(crate) after: &'m Table,
    /// What became of it; none where nothing did.
    pub(crate) change: Option<&'m TableChange>,
}

impl<'m> KeptTable<'m> {
    /// The table that has this name after a migration; none where no database can have rows in it.
    pub(crate) fn new(migration: &'m Migration<'m>, after: &Name) -> Option<Self> {
        let mut changes = migration.lineage.changes.iter();
        match changes.find(|change| change.after.object.name() == after) {
            Some(change) if migration.is_new(&change.before) => None,
            Some(change) => Self::changed(change),
            None => {
                let known = migration.before(Kind::Table, after).filter(|known| !migration.is_new(known))?;
                Some(Self { before: known.table()?, after: known.table()?, change: None })
            }
        }
    }

    pub(crate) fn changed(change: &'m TableChange) -> Option<Self> {
        Some(Self { before: change.before.table()?, after: change.after.table()?, change: Some(change) })
    }

    /// The name that a column had before; none for one that is new.
    pub(crate) fn name_before(&self, column: &Name) -> Option<&'m Name> {
        match self.change {
            Some(change) => change.name_before(column),
            None => self.before.column(column).map(|column| &column.name),
        }
    }
}

/// A part of a key: a column, and the collation that it has there, in lower case.
pub(crate) type Part = (Name, String);

/// The collation of a column, in lower case.
pub(crate) fn collation(table: &Table, column: &Name) -> String {
    let own = table.column(column).and_then(|column| column.collation.as_ref());
    own.map_or_else(|| "binary".to_owned(), Name::folded)
}

/// The columns of an index of a table; none where it sorts by an expression.
pub(crate) fn index_parts(table: &Table, index: &Index) -> Option<Vec<Part>> {
    let part = |column: &crate::model::IndexedColumn| match &column.by {
        Indexed::Column(name) => {
            let own = column.collation.as_ref().map(Name::folded);
            Some((name.clone(), own.unwrap_or_else(|| collation(table, name))))
        }
        Indexed::Expression(_) => None,
    };
    index.columns.iter().map(part).collect()
}

/// The keys that a table has in its own text, the primary one too.
pub(crate) fn table_keys(table: &Table) -> Vec<Vec<Part>> {
    let keys = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Unique(key) | Rule::PrimaryKey(key) => Some(key),
        _ => None,
    });
    let part = |column: &crate::model::KeyColumn| {
        let own = column.collation.as_ref().map(Name::folded);
        (column.name.clone(), own.unwrap_or_else(|| collation(table, &column.name)))
    };
    keys.map(|key| key.columns.iter().map(part).collect()).collect()
}

/// The indexes that a table had before a migration.
pub(crate) fn indexes_before<'m>(migration: &'m Migration<'m>, table: &Name) -> Vec<&'m Rc<Known>> {
    let changed = migration.history.indexes_of(table);
    // What nothing has happened to belongs to it still.
    let is_touched = |known: &Known| migration.history.is_touched(&known.object.key());
    let kept = migration.after.of_table(table).filter(|known| !is_touched(known));
    changed.chain(kept).filter(|known| known.index().is_some_and(|index| index.table == *table)).collect()
}

/// The indexes that a table has after a migration.
pub(crate) fn indexes_after<'m>(migration: &'m Migration<'m>, table: &Name) -> impl Iterator<Item = &'m Index> {
    migration.after.of_table(table).filter_map(|known| known.index())
}

/// The keys by which a table was unique before a migration, as far as no condition limits them to some rows or to those
/// that this condition does.
pub(crate) fn keys_before(migration: &Migration<'_>, table: &Table, filter: Option<&str>) -> Vec<Vec<Part>> {
    let limited = |index: &Index| {
        let own = index.filter.as_deref().map(on_one_line);
        own.is_some() && own != filter.map(on_one_line)
    };
    let indexes = indexes_before(migration, &table.name).into_iter().filter_map(|known| known.index());
    let indexes = indexes.filter(|index| index.unique && !limited(index));
    table_keys(table).into_iter().chain(indexes.filter_map(|index| index_parts(table, index))).collect()
}

/// Whether rows that differ by one of these keys differ in all these columns, whatever the collation.
pub(crate) fn implied(keys: &[Vec<Part>], columns: &[&Name]) -> bool {
    keys.iter().any(|key| key.iter().all(|(name, _)| columns.contains(&name)))
}

/// The query for what stands in more than one row before a migration, of a key that there is after it: for an assertion,
/// and with every column behind its table. None where that can't be asked.
pub(crate) fn duplicates_of(held: KeptTable<'_>, key: &[Part], filter: Option<&str>) -> Option<[String; 2]> {
    let is_renamed = held.change.is_some_and(|change| !change.renamed.is_empty());
    if filter.is_some() && is_renamed {
        return None;
    }
    let table = &held.before.name;
    let query = |qualify: bool| {
        let mut conditions: Vec<_> = filter.map(|filter| format!("({})", on_one_line(filter))).into_iter().collect();
        let mut groups = Vec::new();
        for (column, wanted) in key {
            let before = held.name_before(column)?;
            let name = if qualify { format!("{}.{}", table.to_sql(), before.to_sql()) } else { before.to_sql() };
            let own = collation(held.before, before);
            let collation = if own == *wanted { String::new() } else { format!(" COLLATE {wanted}") };
            conditions.push(format!("{name} IS NOT NULL"));
            groups.push(format!("{name}{collation}"));
        }
        Some(duplicates(table, &conditions, &groups))
    };
    Some([query(false)?, query(true)?])
}
