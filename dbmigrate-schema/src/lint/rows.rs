//! A database of the user's that is asked about its rows, and only asked.

use rusqlite::Connection;

/// A database at hand. The connection has to be one that can't write.
#[derive(Debug)]
pub struct Rows<'a> {
    connection: &'a Connection,
    /// The numbers of the migrations that it has.
    applied: Vec<u64>,
}

impl<'a> Rows<'a> {
    /// A database that has these migrations.
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
