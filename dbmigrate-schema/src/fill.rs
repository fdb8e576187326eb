//! Fills the tables of a database with a few generated rows, to see what a migration does to rows.
//!
//! The rows are the same for the same seed. They contain values that get lost easily: numbers at the limits, text that
//! looks like a number, NULLs, quotes, gaps between rowids, an `AUTOINCREMENT` table whose newest row was deleted.
//! Foreign keys are satisfied. Triggers fire as they would for a program, unless they reject every row. This is for a
//! scratch database in memory: existing rows stay, and new ones are added without asking.

mod random;
mod references;
mod row;
mod value;
mod virtual_table;

use std::collections::HashSet;
use std::fmt;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::model::{Name, Object, Schema, Table};
use random::Random;
pub(crate) use references::parent_columns;
use row::Filler;
pub(crate) use row::rowid_name;

/// How many rows a table is given.
const ROWS: usize = 8;

/// The result for each table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// The tables, in the order in which they were filled.
    pub tables: Vec<FilledTable>,
}

/// The result for one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledTable {
    /// Its name.
    pub table: Name,
    /// How many rows it has now.
    pub rows: u32,
    /// Why it has none: lower case, no final period.
    pub why: Option<String>,
}

/// SQLite failed at something other than a row.
#[derive(Debug)]
pub struct FillError(rusqlite::Error);

impl fmt::Display for FillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not fill the database")
    }
}

impl std::error::Error for FillError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Fills every table of `main`, whose schema is `schema`. A table for which no acceptable row was found is listed with
/// the reason.
///
/// ```
/// use dbmigrate_schema::{ReadOptions, Schema, fill};
///
/// let connection = rusqlite::Connection::open_in_memory()?;
/// connection.execute_batch(
///     "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
///      CREATE TABLE member (team INTEGER NOT NULL REFERENCES team, age INTEGER CHECK (age > 17))",
/// )?;
/// let schema = Schema::read(&connection, &ReadOptions::default())?;
///
/// let filled = fill(&connection, &schema, 1)?;
/// assert!(filled.tables.iter().all(|table| table.rows > 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If SQLite fails at anything but a row.
pub fn fill(connection: &Connection, schema: &Schema, seed: u64) -> Result<Filled, FillError> {
    fill_with(connection, schema, seed, &mut |_, _| Ok(())).map_err(FillError)
}

/// As [`fill`], for these tables only; `schema` has them, and those that they refer to.
pub(crate) fn fill_some(
    connection: &Connection,
    schema: &Schema,
    tables: &HashSet<Name>,
    seed: u64,
    judge: &mut Judge<'_>,
) -> rusqlite::Result<Filled> {
    without_enforcement(connection, || fill_all(connection, schema, Some(tables), seed, judge))
}

/// Whether the row that was just written to this table may stay, or why not. A change that it makes is undone.
pub(crate) type Judge<'a> = dyn FnMut(&Connection, &Table) -> Result<(), String> + 'a;

/// As [`fill`], with a say in every row.
pub(crate) fn fill_with(
    connection: &Connection,
    schema: &Schema,
    seed: u64,
    judge: &mut Judge<'_>,
) -> rusqlite::Result<Filled> {
    without_enforcement(connection, || fill_all(connection, schema, None, seed, judge))
}

/// Rows come in an order in which those of a cycle can't all be there.
fn without_enforcement<T>(connection: &Connection, work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let enforced: bool = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let result = work();
    connection.pragma_update(None, "foreign_keys", enforced)?;
    result
}

fn fill_all(
    connection: &Connection,
    schema: &Schema,
    only: Option<&HashSet<Name>>,
    seed: u64,
    judge: &mut Judge<'_>,
) -> rusqlite::Result<Filled> {
    let mut random = Random::new(seed);
    let mut why = Vec::new();
    let is_wanted = |name: &Name| only.is_none_or(|only| only.contains(name));
    let tables: Vec<_> = references::parents_first(schema).into_iter().filter(|table| is_wanted(&table.name)).collect();
    for (at, &table) in tables.iter().enumerate() {
        let filler = Filler { connection, table, schema, later: &tables[at + 1..] };
        let found = fill_table(&filler, &mut random, judge)?;
        why.push((&table.name, found.err()));
    }
    // Rows that go take their words along.
    schema.objects.iter().for_each(|object| virtual_table::read_anew(connection, object));
    references::settle(connection, schema, judge)?;
    for object in schema.objects.iter().filter(|object| is_wanted(object.name())) {
        match object {
            Object::VirtualTable(table) => why.push((&table.name, virtual_table::fill(connection, table).err())),
            Object::Opaque(opaque) if opaque.table.is_none() => {
                why.push((&opaque.name, Some(format!("its text could not be parsed: {}", opaque.why))));
            }
            _ => {}
        }
    }
    let mut filled = Filled::default();
    for (table, why) in why {
        // A table whose module is not there, or a view that could not be understood, has no rows to count.
        let count = format!("SELECT count(*) FROM main.{}", table.to_sql());
        let rows = connection.query_row(&count, [], |row| row.get(0)).unwrap_or(0);
        let why = (rows == 0).then(|| why.unwrap_or_else(|| "no row satisfies its foreign keys".to_owned()));
        filled.tables.push(FilledTable { table: table.clone(), rows, why });
    }
    Ok(filled)
}

/// Writes the rows; where there is not one, the reason.
fn fill_table(filler: &Filler<'_>, random: &mut Random, judge: &mut Judge<'_>) -> rusqlite::Result<Result<(), String>> {
    let triggers = |on: bool| filler.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, on);
    let mut result = filler.rows(random, judge);
    if result.is_err() {
        triggers(false)?;
        result = filler.rows(random, judge);
        triggers(true)?;
    }
    Ok(result)
}
