//! The foreign keys that refer to a table after a migration.

use super::keys::{collation, index_parts, table_keys};
use super::migration::Migration;
use super::state::State;
use crate::model::{ForeignKey, Kind, Name, Table};

/// The tables that refer to one of this name, and how.
pub(crate) fn references<'m>(
    migration: &'m Migration<'m>,
    parent: &'m Name,
) -> impl Iterator<Item = (&'m Table, &'m ForeignKey)> {
    let mut tables: Vec<&Table> = migration.after.referring(parent).filter_map(|known| known.table()).collect();
    tables.sort_by_key(|table| &table.name);
    let keys = tables.into_iter().flat_map(|table| table.foreign_keys().map(move |key| (table, key)));
    keys.filter(move |(_, key)| key.parent == *parent)
}

/// Whether there is something of this name that a foreign key can refer to.
pub(crate) fn is_there(migration: &Migration<'_>, parent: &Name) -> bool {
    [Kind::Table, Kind::VirtualTable, Kind::View].iter().any(|kind| migration.after.get(*kind, parent).is_some())
}

/// The columns that a key refers to: where it names none, the primary key.
pub(crate) fn parent_columns(parent: &Table, key: &ForeignKey) -> Vec<Name> {
    match parent.primary_key() {
        Some(primary) if key.parent_columns.is_empty() => {
            primary.columns.iter().map(|column| column.name.clone()).collect()
        }
        _ => key.parent_columns.clone(),
    }
}

/// Whether a table is unique by exactly these columns after a migration, as a foreign key wants it: each by its own
/// collation, and of all rows.
pub(crate) fn is_key(migration: &Migration<'_>, table: &Table, columns: &[Name]) -> bool {
    is_key_in(migration.after, table, columns)
}

/// The same in any schema.
pub(crate) fn is_key_in(state: &State, table: &Table, columns: &[Name]) -> bool {
    let indexes = state.of_table(&table.name).filter_map(|known| known.index());
    let indexes = indexes.filter(|index| index.unique && index.filter.is_none());
    let keys = table_keys(table).into_iter().chain(indexes.filter_map(|index| index_parts(table, index)));
    keys.into_iter().any(|key| {
        let suits = |(name, own): &(Name, String)| columns.contains(name) && *own == collation(table, name);
        key.len() == columns.len() && key.iter().all(suits)
    })
}
