//! A database of the user whose rows are looked at, read-only.

use rusqlite::Connection;

/// A database to look at. The connection must not be able to write.
#[derive(Debug)]
pub struct Rows<'a> {
    connection: &'a Connection,
    /// The numbers of the migrations that it has.
    applied: Vec<u64>,
}

impl<'a> Rows<'a> {
    /// A database that has these migrations applied.
    #[must_use]
    pub fn new(connection: &'a Connection, applied: Vec<u64>) -> Self {
        Self { connection, applied }
    }

    /// One number; none where SQLite does not answer with one, or where the database has the migration already.
    pub(super) fn ask(&self, migration: u64, sql: &str) -> Option<i64> {
        if self.applied.contains(&migration) {
            return None;
        }
        self.connection.query_row(sql, [], |row| row.get(0)).ok()
    }
}
