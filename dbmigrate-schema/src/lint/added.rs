//! Columns that a statement adds to a table that may hold rows.

use sqlite3_parser::ast::{AlterTableBody, Stmt};

use super::migration::Migration;
use super::tree;
use crate::model::{Column, Constraint, Kind, Name, Table};

/// A column that `ALTER TABLE … ADD COLUMN` adds.
pub(crate) struct Added<'m> {
    /// The statement, by its place in the migration.
    pub(crate) statement: usize,
    /// The table with it.
    pub(crate) table: &'m Table,
    pub(crate) column: &'m Column,
}

impl<'m> Added<'m> {
    /// The constraints that stand beside it.
    pub(crate) fn constraints(&self) -> impl Iterator<Item = &'m Constraint> {
        let column = &self.column.name;
        self.table.constraints.iter().filter(move |constraint| constraint.beside.as_ref() == Some(column))
    }

    /// `ALTER TABLE … ADD COLUMN …` for the column as it would be then.
    pub(crate) fn with(&self, column: &Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {};", self.table.name.to_sql(), self.table.column_line(column))
    }
}

/// The columns that a migration adds in place to tables that may hold rows.
pub(crate) fn added<'m>(migration: &'m Migration<'m>) -> impl Iterator<Item = Added<'m>> {
    migration.statements.iter().enumerate().filter_map(|(at, statement)| {
        let Some(Stmt::AlterTable(table, AlterTableBody::AddColumn(definition))) = statement.tree else { return None };
        let (name, column) = (tree::in_main(table)?, tree::name(&definition.col_name));
        let mut changes = statement.changes.iter().filter(|changed| changed.key == (Kind::Table, name.clone()));
        let table = changes.find_map(|changed| changed.after.as_ref()?.table())?;
        let column = table.column(&column)?;
        let holds_rows = migration.may_hold_rows(at, &name) && !super::values::asserts(migration, &name, &[]);
        holds_rows.then_some(Added { statement: at, table, column })
    })
}

/// What is known of the rows of a table, as a note: how many there are.
pub(crate) fn rows(migration: &Migration<'_>, table: &Name) -> Option<String> {
    let rows = migration.ask(&format!("SELECT count(*) FROM {}", table.to_sql()))?;
    Some(match rows {
        0 => format!("there is no row in `{table}` now"),
        1 => format!("there is 1 row in `{table}` now"),
        rows => format!("there are {rows} rows in `{table}` now"),
    })
}

/// `cargo dbmigrate generate` with a value for the rows of a column, as a shell reads it.
pub(crate) fn generate(table: &Name, column: &Name, value: &str) -> String {
    let fill = format!("{}.{}={value}", table.to_sql(), column.to_sql());
    let quoted = if fill.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", fill.replace('\'', "'\\''"))
    } else {
        format!("\"{fill}\"")
    };
    format!("cargo dbmigrate generate --fill {quoted}")
}
