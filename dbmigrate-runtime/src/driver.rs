//! What the runner needs from a database connection.
//!
//! This crate does not link SQLite: `links = "sqlite3"` allows only one such crate in a build, and that has to be the
//! program's own. The adapter for rusqlite is a macro, [`rusqlite_driver!`](crate::rusqlite_driver), which expands
//! against the caller's version.

use std::path::Path;

use crate::BoxError;
use crate::rows::Rows;
use crate::value::Value;

/// A connection that the runner can use.
pub trait Driver {
    /// The error type of the underlying library.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs one statement and discards its rows.
    ///
    /// # Errors
    ///
    /// If the database rejects the statement.
    fn execute(&mut self, sql: &str) -> Result<(), Self::Error>;

    /// Runs one statement with parameters `?1`, `?2`, … and returns its rows.
    ///
    /// # Errors
    ///
    /// If the database rejects the statement.
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, Self::Error>;

    /// Like [`Driver::query`], for a query that may be the first one on a connection, so that SQLite reads the schema
    /// for it. A driver that can put one read transaction around both halves the time. The default implementation calls
    /// `query`.
    ///
    /// # Errors
    ///
    /// If the database rejects the statement.
    fn query_first(&mut self, sql: &str) -> Result<Rows, Self::Error> {
        self.query(sql, &[])
    }

    /// Runs one statement, which returns no rows, once for each of these rows of parameters, beginning with the row at
    /// `done`, and counts in `done` those that have run. A driver that prepares the statement only once needs a
    /// fraction of the time. The default implementation runs them one by one. An implementation must not skip a row
    /// without an error.
    ///
    /// # Errors
    ///
    /// The error of the first statement that fails.
    fn execute_each(&mut self, sql: &str, rows: &Rows, done: &mut usize) -> Result<(), Self::Error> {
        while let Some(row) = rows.get(*done) {
            self.query(sql, row)?;
            *done += 1;
        }
        Ok(())
    }

    /// Whether a transaction is open, that is, whether autocommit is off.
    fn in_transaction(&mut self) -> bool;

    /// Whether another connection held a lock, so that trying again may help: `SQLITE_BUSY`, `SQLITE_PROTOCOL` and
    /// `SQLITE_LOCKED_SHAREDCACHE`, but no other `SQLITE_LOCKED`, which is about a statement of this connection.
    fn is_busy(error: &Self::Error) -> bool;
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read-only; a missing file is an error.
    ReadOnly,
    /// Read-write; a missing file is an error.
    ReadWrite,
    /// Read-write; a missing file is created.
    Create,
}

/// A kind of connection: provides a [`Driver`] for it, and opens files.
pub trait Backend: 'static {
    /// The connection type of the library, such as `rusqlite::Connection`.
    type Connection: 'static;
    /// The adapter over a borrowed connection.
    type Driver<'c>: Driver;

    /// Borrows the connection as a driver.
    fn driver(connection: &mut Self::Connection) -> Self::Driver<'_>;

    /// The connection behind a driver, for migrations in Rust.
    fn connection<'d>(driver: &'d Self::Driver<'_>) -> &'d Self::Connection;

    /// Opens a database file.
    ///
    /// # Errors
    ///
    /// If the library cannot open it.
    fn open(path: &Path, access: Access) -> Result<Self::Connection, BoxError>;

    /// Copies every page of the database `from` into the database of a connection, in one transaction, for
    /// [`Migrator::restore`](crate::Migrator::restore). The connection is in no transaction. `locked` is called before
    /// the first page is copied, when no other connection can write any more; an error from it ends the work.
    ///
    /// Returns `None` if the library has no such function, and `Some(Ok(false))` if another connection held a lock:
    /// then nothing has changed, and trying again may help.
    fn copy_pages(
        from: &Path,
        to: &mut Self::Connection,
        locked: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Option<Result<bool, BoxError>> {
        let _ = (from, to, locked);
        None
    }

    /// Copies every page of the database of a connection into the empty database of another one, which makes
    /// `Testing::database` fast. Returns `None` if the library has no such function.
    fn clone_pages(from: &Self::Connection, to: &mut Self::Connection) -> Option<Result<(), BoxError>> {
        let _ = (from, to);
        None
    }

    /// Opens a database in memory that other connections of this process can open as
    /// `file:NAME?mode=memory&cache=shared`, and whose own statements may name another database in this way. Returns
    /// `None` if the library has no such function.
    #[must_use]
    fn open_shared(name: &str) -> Option<Result<Self::Connection, BoxError>> {
        let _ = name;
        None
    }

    /// Runs several statements, separated by `;`, and discards their rows. The default implementation runs one
    /// statement.
    ///
    /// # Errors
    ///
    /// The error of the first statement that fails.
    fn execute_batch(connection: &mut Self::Connection, sql: &str) -> Result<(), BoxError> {
        Ok(Self::driver(connection).execute(sql)?)
    }
}

/// Any error, boxed in one place: each place that does so has all that an error can say of itself compiled once more.
#[inline(never)]
pub fn boxed<E: std::error::Error + Send + Sync + 'static>(error: E) -> BoxError {
    Box::new(error)
}
