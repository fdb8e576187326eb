//! What a migration makes of tables that was not there before: what a rebuild copies unchanged is none of it.

use super::migration::Migration;
use super::tree::{Move, moves};
use crate::compare::{Change, ColumnChange};
use crate::model::{Column, Constraint, Kind, Name, Table};

/// A new table, or what is new in one.
pub(crate) struct Made<'m> {
    /// The statement that makes it, by its place in the migration.
    pub(crate) statement: usize,
    /// The table after the migration.
    pub(crate) table: &'m Table,
    /// The columns that are new, or of a new type.
    pub(crate) columns: Vec<&'m Column>,
    /// The constraints that are new.
    pub(crate) constraints: Vec<&'m Constraint>,
}

impl<'m> Migration<'m> {
    /// What it makes, in the order of its statements.
    pub(crate) fn made(&self) -> Vec<Made<'m>> {
        let lineage = self.lineage;
        let is_change = |name: &Name| lineage.changes.iter().any(|change| change.after.object.name() == name);
        let new = self.net().filter_map(|(statement, changed)| {
            let table = changed.after.as_ref()?.table()?;
            (!is_change(&table.name)).then(|| Made {
                statement: self.creation(statement, &table.name),
                table,
                columns: table.columns.iter().collect(),
                constraints: table.constraints.iter().collect(),
            })
        });
        let grown = lineage.changes.iter().filter_map(|change| {
            let table = change.after.table()?;
            let columns = change.changes.iter().filter_map(|change| match change {
                Change::ColumnAdded(Column { name, .. }) | Change::ColumnChanged(name, ColumnChange::Type { .. }) => {
                    table.column(name)
                }
                _ => None,
            });
            let constraints = change.changes.iter().filter_map(|change| match change {
                Change::ConstraintAdded(constraint) => Some(constraint),
                _ => None,
            });
            Some(Made {
                statement: change.statement(),
                table,
                columns: columns.collect(),
                constraints: constraints.collect(),
            })
        });
        let mut made: Vec<_> = new.chain(grown).collect();
        made.sort_by_key(|made| made.statement);
        made
    }

    /// The statement that made a new table, which another may have given its name.
    fn creation(&self, last: usize, name: &Name) -> usize {
        let mut name = name.clone();
        for at in (0..=last).rev() {
            if self.statements[at].is_creating(&name) && !self.is_renaming(at, &name) {
                return at;
            }
            if let Some(Move::Renamed { from, to }) = self.statements[at].tree.and_then(moves)
                && to == name
            {
                name = from;
            }
        }
        last
    }

    fn is_renaming(&self, at: usize, name: &Name) -> bool {
        matches!(self.statements[at].tree.and_then(moves), Some(Move::Renamed { to, .. }) if to == *name)
    }

    /// The name that a table has at the end, which has this one after a statement; none where it goes.
    pub(crate) fn name_at_end(&self, statement: usize, name: &Name) -> Option<Name> {
        let mut name = name.clone();
        for later in self.statements.get(statement + 1..).unwrap_or_default() {
            if let Some(Move::Renamed { from, to }) = later.tree.and_then(moves)
                && from == name
            {
                name = to;
            } else if later.changes.iter().any(|it| it.key == (Kind::Table, name.clone()) && it.after.is_none()) {
                return None;
            }
        }
        Some(name)
    }
}
