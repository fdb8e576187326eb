//! A database in memory where a plan is tried: what SQLite can tell is not worked out here.

use std::collections::HashSet;

use rusqlite::Connection;

use super::steps::keyword;
use super::{Planned, Undecided};
use crate::compare::compare;
use crate::execute::message;
use crate::model::{Column, Kind, Name, Object, Schema, Table};
use crate::read::ReadOptions;
use crate::render::sql;

/// An empty database with a schema.
pub(super) struct Bench {
    connection: Connection,
    /// What SQLite could not make here, such as what needs a module of the program.
    missing: Vec<Object>,
}

impl Bench {
    pub(super) fn new(schema: &Schema) -> Result<Self, Undecided> {
        let mut bench = Self {
            connection: Connection::open_in_memory().map_err(|error| refused("", &error))?,
            missing: Vec::new(),
        };
        bench.execute("PRAGMA foreign_keys = OFF")?;
        bench.execute("BEGIN")?;
        for object in &schema.objects {
            if bench.execute(object.text()).is_err() {
                bench.missing.push(object.clone());
            }
        }
        bench.execute("COMMIT")?;
        Ok(bench)
    }

    pub(super) fn schema(&self) -> Result<Schema, Undecided> {
        let unreadable = |error: crate::ReadError| Undecided::Refused {
            sql: "SELECT * FROM sqlite_schema".to_owned(),
            why: error.to_string(),
        };
        let mut schema = Schema::read(&self.connection, &ReadOptions::default()).map_err(unreadable)?;
        schema.objects.extend(self.missing.iter().cloned());
        Ok(schema)
    }

    fn execute(&self, sql: &str) -> Result<(), Undecided> {
        self.connection.execute_batch(sql).map_err(|error| refused(sql, &error))
    }

    /// Runs all of the statements, or none.
    pub(super) fn run(&self, statements: &[Planned]) -> Result<(), Undecided> {
        self.execute("SAVEPOINT attempt")?;
        let result = statements.iter().try_for_each(|statement| self.execute(&statement.sql));
        if result.is_err() {
            self.execute("ROLLBACK TO attempt")?;
        }
        self.execute("RELEASE attempt")?;
        result
    }

    pub(super) fn drop(&mut self, kind: Kind, name: &Name) -> Result<(), Undecided> {
        self.missing.retain(|object| object.kind() != kind || object.name() != name);
        // What belongs to something else has gone with it.
        self.execute(&format!("DROP {} IF EXISTS {}", keyword(kind), name.to_sql()))
    }

    /// Every name that something has.
    pub(super) fn names(&self) -> HashSet<Name> {
        let names = self.connection.prepare("SELECT name FROM sqlite_schema").and_then(|mut statement| {
            statement.query_map([], |row| row.get::<_, String>(0).map(Name::new))?.collect::<rusqlite::Result<_>>()
        });
        names.unwrap_or_default()
    }

    /// Whether a table can be renamed: SQLite reads every view and every trigger for that, and one that makes no sense
    /// is in the way.
    pub(super) fn can_rename(&self) -> bool {
        let attempt = [
            Planned::new("CREATE TABLE \"dbmigrate attempt\" (a)".to_owned()),
            Planned::new("ALTER TABLE \"dbmigrate attempt\" RENAME TO \"dbmigrate another\"".to_owned()),
            Planned::new("DROP TABLE \"dbmigrate another\"".to_owned()),
        ];
        self.run(&attempt).is_ok()
    }

    /// What SQLite says against an expression over the rows of a table.
    pub(super) fn objection(&self, table: &Name, expression: &str) -> Option<String> {
        let sql = format!("SELECT ({expression}\n) FROM {}", table.to_sql());
        self.connection.prepare(&sql).err().map(|error| message(&error))
    }
}

/// Whether statements make of a table what it has to become, as SQLite and the reader understand what comes out. Each
/// table is tried alone, so that many of them take no more than each does.
pub(super) fn makes(before: &Table, statements: &[Planned], after: &Table) -> bool {
    let found = alone(&before.text, statements);
    let found = found.and_then(|connection| Schema::read(&connection, &ReadOptions::default()).ok());
    let wanted = Schema { objects: vec![Object::Table(after.clone())] };
    found.is_some_and(|found| compare(&found, &wanted).is_empty())
}

/// Whether SQLite runs statements where these objects are.
pub(super) fn takes_among(objects: &[&Object], statements: &[Planned]) -> bool {
    let attempt = || {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        for object in objects {
            // What can't be made here is in nobody's way.
            let _ = connection.execute_batch(object.text());
        }
        statements.iter().try_for_each(|planned| connection.execute_batch(&planned.sql))
    };
    attempt().is_ok()
}

/// Whether SQLite runs statements on a table that is alone.
pub(super) fn takes(table: &Table, statements: &[Planned]) -> bool {
    alone(&table.text, statements).is_some()
}

/// Whether the default of a column is a value of its type, as a `STRICT` table wants it.
pub(super) fn takes_default(column: &Column) -> bool {
    let plain = Column { not_null: None, ..column.clone() };
    let table = format!("CREATE TABLE t ({} {}) STRICT", column.name.to_sql(), sql::column_type_and_clauses(&plain));
    alone(&table, &[Planned::new("INSERT INTO t DEFAULT VALUES".to_owned())]).is_some()
}

/// A database with one table, after some statements.
fn alone(table: &str, statements: &[Planned]) -> Option<Connection> {
    let connection = Connection::open_in_memory().ok()?;
    connection.execute_batch("PRAGMA foreign_keys = OFF").ok()?;
    connection.execute_batch(table).ok()?;
    statements.iter().try_for_each(|planned| connection.execute_batch(&planned.sql)).ok()?;
    Some(connection)
}

fn refused(sql: &str, error: &rusqlite::Error) -> Undecided {
    Undecided::Refused { sql: sql.to_owned(), why: message(error) }
}
