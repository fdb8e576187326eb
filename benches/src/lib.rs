//! Schemas and sets of any size, for the benches.

pub mod runner;
pub mod set;

use std::fmt::Write;

use rusqlite::Connection;

/// How many tables the measured schemas have: ten times as many are to take ten times as long.
pub const TABLES: [usize; 3] = [10, 100, 1_000];

/// The statements of a schema of four objects a table: the table, which refers to the one before it, an index, a
/// trigger and a view. Of each table `change` says in what it is another one.
pub fn sql(tables: usize, change: impl Fn(usize) -> Change) -> String {
    let mut sql = String::new();
    for at in 0..tables {
        let before = at.saturating_sub(1);
        let (kind, column) = match change(at) {
            Change::None => ("TEXT", ""),
            Change::Column => ("TEXT", ",\n  note TEXT"),
            Change::Rebuild => ("ANY", ""),
        };
        let _ = write!(
            sql,
            "CREATE TABLE table_{at} (
  id INTEGER PRIMARY KEY,
  name {kind} NOT NULL DEFAULT 'nobody' COLLATE NOCASE,
  size REAL CHECK (size > 0 AND size < 1e6),
  parent INTEGER REFERENCES table_{before} (id) ON DELETE CASCADE,
  created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP{column},
  UNIQUE (name, created)
);
CREATE INDEX table_{at}_by_parent ON table_{at} (parent, name DESC) WHERE parent IS NOT NULL;
CREATE TRIGGER table_{at}_touched AFTER UPDATE OF name ON table_{at} BEGIN
  UPDATE table_{at} SET created = CURRENT_TIMESTAMP WHERE id = new.id;
END;
CREATE VIEW large_{at} AS SELECT id, name, size FROM table_{at} WHERE size > 1000;
"
        );
    }
    sql
}

/// In what a table is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// In nothing.
    None,
    /// It has a column more, which SQLite can add in place.
    Column,
    /// It has another type, for which it has to be made anew.
    Rebuild,
}

/// A database in memory that the statements have made.
///
/// # Panics
///
/// When SQLite refuses one.
#[must_use]
pub fn database(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
    let in_a_transaction = format!("BEGIN; {sql} COMMIT");
    connection.execute_batch(&in_a_transaction).expect("SQLite takes the statements");
    connection
}
