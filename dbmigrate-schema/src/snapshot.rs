//! A whole database as SQL: what makes its schema and its rows on an empty one.
//!
//! Tables come first, then their rows, then what counts them, then indexes, triggers and views, so that nothing fires and
//! nothing is computed twice. What full-text tables read elsewhere comes last, as that may be a view. Rowids are written where they can be named. Tables that a module keeps its data in are
//! never written: the module is given its rows.

mod doubts;
mod file;
mod literal;
mod rows;
mod same;
mod virtual_table;

use std::collections::HashMap;

use dbmigrate_core::config::Stubs;
use rusqlite::Connection;

pub use file::{SnapshotFile, check_snapshot, snapshot_file};
pub(crate) use file::{check, history, is_empty, of_no_use};
pub(crate) use same::differences;
pub use same::differences_but;

use crate::render::sql::ended;
use crate::scratch;
use crate::snapshot::virtual_table::filled;

/// A database as SQL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The statements, each ended by `;` and a line end.
    pub(crate) sql: String,
    /// How many objects they make.
    pub(crate) objects: usize,
    /// How many rows they write.
    pub(crate) rows: usize,
    /// Whether a table with rows refers to another: they come in no order that foreign keys would allow.
    pub(crate) refers: bool,
}

/// Why a database can't be written as SQL.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// SQLite could not read it.
    Sqlite(rusqlite::Error),
    /// In words.
    Because(String),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// An object as `sqlite_schema` has it.
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) sql: Option<String>,
    /// Whether a module keeps its data in it.
    pub(crate) is_shadow: bool,
    pub(crate) is_virtual: bool,
    /// Whether its rows have no rowid.
    pub(crate) is_without_rowid: bool,
}

/// Writes `main` as SQL.
pub(crate) fn snapshot(connection: &Connection, stubs: &Stubs) -> Result<Snapshot, Refusal> {
    let objects = objects(connection)?;
    let made: Vec<(&Object, &str)> = objects
        .iter()
        .filter(|object| !object.is_shadow && !object.is_internal())
        .filter_map(|object| Some((object, object.sql.as_deref()?)))
        .collect();
    let mut snapshot = Snapshot { objects: made.len(), ..Snapshot::default() };
    for pragma in ["application_id", "user_version"] {
        let value: i64 = connection.query_row(&format!("PRAGMA main.{pragma}"), [], |row| row.get(0))?;
        if value != 0 {
            snapshot.sql.push_str(&format!("PRAGMA {pragma} = {value};\n"));
        }
    }
    let is_table = |object: &Object| object.kind == "table";
    for is_virtual in [false, true] {
        for (_, sql) in made.iter().filter(|(object, _)| is_table(object) && object.is_virtual == is_virtual) {
            snapshot.sql.push_str(&ended(sql));
        }
    }
    // They show what the rows alone would have counted.
    let trial = scratch::open(stubs)?;
    trial.execute_batch("PRAGMA foreign_keys = OFF")?;
    trial.execute_batch(&snapshot.sql)?;
    let mut written = String::new();
    for (object, _) in made.iter().filter(|(object, _)| is_table(object) && !object.is_virtual) {
        let count = rows::write(connection, object, &mut written)?;
        snapshot.rows += count;
        snapshot.refers |= count > 0 && refers(connection, &object.name)?;
    }
    trial.execute_batch(&written)?;
    let mut rebuilt = String::new();
    for (object, sql) in made.iter().filter(|(object, _)| is_table(object) && object.is_virtual) {
        snapshot.rows += filled(connection, object, sql, &mut written, &mut rebuilt)?;
    }
    rows::sequences(connection, &trial, &mut written)?;
    snapshot.sql.push_str(&written);
    for (_, sql) in made.iter().filter(|(object, _)| !is_table(object)) {
        snapshot.sql.push_str(&ended(sql));
    }
    snapshot.sql.push_str(&rebuilt);
    if objects.iter().any(Object::is_statistics) {
        snapshot.sql.push_str("ANALYZE;\n");
    }
    Ok(snapshot)
}

/// Everything that `main` has, in the order in which it was made.
pub(crate) fn objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    // Asked once: SQLite goes through all tables, whichever it is asked for.
    let mut statement = connection.prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")?;
    let tables = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    let tables: HashMap<String, (String, bool)> = tables.collect::<Result<_, _>>()?;
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY rowid")?;
    let objects = statement.query_map([], |row| {
        let name: String = row.get(1)?;
        let (kind, without_rowid) = tables.get(&name).map_or(("", false), |(kind, wr)| (kind.as_str(), *wr));
        Ok(Object {
            kind: row.get(0)?,
            table: row.get(2)?,
            sql: row.get(3)?,
            is_shadow: kind == "shadow",
            is_virtual: kind == "virtual",
            is_without_rowid: without_rowid,
            name,
        })
    })?;
    objects.collect()
}

impl Object {
    /// Whether SQLite made it for itself.
    pub(crate) fn is_internal(&self) -> bool {
        self.name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"))
    }

    /// Whether it is what `ANALYZE` makes: it speaks of rows, and is none of them.
    pub(crate) fn is_statistics(&self) -> bool {
        self.name.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_stat"))
    }
}

fn refers(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM pragma_foreign_key_list(?1, 'main'))", [table], |row| row.get(0))
}
