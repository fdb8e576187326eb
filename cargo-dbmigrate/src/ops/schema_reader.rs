//! Reads schemas for the runtime, which carries no parser: for rehearsals, and for what `mark` compares.

use std::cell::RefCell;

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::{BoxError, SchemaDifference};
use dbmigrate_schema::{Difference, ReadOptions, Schema, compare};
use rusqlite::Connection;

use crate::ops::schema::{history_tables, tables};

/// Says in what a schema differs from the one that it was asked for before. The tables of these histories are no part of
/// it, nor are those of the set.
pub(crate) fn reader(
    set: &MigrationSet,
    histories: &[String],
) -> impl Fn(&Connection) -> Result<Vec<SchemaDifference>, BoxError> + use<> {
    let own = history_tables(&set.config, set.adoption.as_ref());
    let without_tables = own.into_iter().chain(histories.iter().flat_map(|history| tables(history))).collect();
    let options = ReadOptions { without_tables };
    let last = RefCell::new(Schema::default());
    move |connection| {
        let now = last.borrow().read_again(connection, &options)?;
        let differences = compare(&last.borrow(), &now).iter().map(said).collect();
        *last.borrow_mut() = now;
        Ok(differences)
    }
}

fn said(difference: &Difference) -> SchemaDifference {
    SchemaDifference {
        kind: difference.kind.as_str().to_owned(),
        name: difference.name.to_string(),
        table: difference.table.as_ref().map(ToString::to_string),
        change: difference.change.code().to_owned(),
        message: difference.to_string(),
    }
}
