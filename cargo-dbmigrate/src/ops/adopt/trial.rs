//! Takes the old history of a database over in memory, before anything is written: on a copy of its schema and of that
//! history, by the real engine.

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::{Migrator, quote_identifier};
use dbmigrate_schema::{ReadOptions, Schema};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::runtime_set;
use crate::ops::schema_reader;

/// Refuses what the database would refuse. Where it can't be tried, as with modules of the program, that is left to the
/// database itself.
pub(crate) fn check(set: &MigrationSet, database: &Connection, force: bool) -> Result<(), CliError> {
    match refusal(set, database, force) {
        None => Ok(()),
        Some(error) => Err(CliError::from(error).note("nothing was written")),
    }
}

fn refusal(set: &MigrationSet, database: &Connection, force: bool) -> Option<dbmigrate_runtime::Error> {
    let mut copy = copy(set, database)?;
    runtime_set::with_set(set, |runtime| {
        let migrator = Migrator::<Rusqlite>::new(runtime).schema_reader(schema_reader::reader(set, &[]));
        let migrator = if force { migrator.allow_mismatch() } else { migrator };
        migrator.adopt(&mut copy).err()
    })
}

/// A database with the schema, and of all rows those of the old history.
fn copy(set: &MigrationSet, database: &Connection) -> Option<Connection> {
    let schema = Schema::read(database, &ReadOptions::default()).ok()?;
    let copy = Connection::open_in_memory().ok()?;
    copy.execute_batch(&schema.to_sql()).ok()?;
    let version: i64 = database.query_row("PRAGMA user_version", [], |row| row.get(0)).ok()?;
    copy.execute_batch(&format!("PRAGMA user_version = {version}")).ok()?;
    let history = set.adoption.as_ref()?.history(&set.config.table);
    if let Some(table) = history.table.filter(|table| has(database, table)) {
        rows(&format!("main.{}", quote_identifier(&table)), database, &copy)?;
    }
    Some(copy)
}

fn has(database: &Connection, table: &str) -> bool {
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE";
    database.prepare(sql).and_then(|mut statement| statement.exists([table])).unwrap_or(false)
}

fn rows(table: &str, from: &Connection, to: &Connection) -> Option<()> {
    let mut select = from.prepare(&format!("SELECT * FROM {table}")).ok()?;
    let columns = select.column_count();
    let marks = vec!["?"; columns].join(", ");
    let mut insert = to.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).ok()?;
    let mut found = select.query([]).ok()?;
    while let Some(row) = found.next().ok()? {
        let values: Vec<Value> = (0..columns).map(|at| row.get(at)).collect::<rusqlite::Result<_>>().ok()?;
        insert.execute(rusqlite::params_from_iter(values)).ok()?;
    }
    Some(())
}
