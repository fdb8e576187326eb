//! What the runner asks of a database connection.
//!
//! This crate links no SQLite: `links = "sqlite3"` allows one in a build, and it has to be the program's own. The
//! adapter for rusqlite is a macro, [`rusqlite_driver!`](crate::rusqlite_driver), that expands against the caller's
//! version.

use std::path::Path;

use crate::BoxError;
use crate::rows::Rows;
use crate::value::Value;

/// A connection that the runner can talk to.
pub trait Driver {
    /// The error of the underlying library.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs one statement and discards its rows.
    ///
    /// # Errors
    ///
    /// What the database says.
    fn execute(&mut self, sql: &str) -> Result<(), Self::Error>;

    /// Runs one statement with parameters `?1`, `?2`, … and returns its rows.
    ///
    /// # Errors
    ///
    /// What the database says.
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, Self::Error>;

    /// As [`Driver::query`], for what may be asked first of a connection, so that SQLite reads the schema for it. Where a
    /// driver can have one transaction for reading around both, that takes half the time; if it is not told how, it only
    /// asks.
    ///
    /// # Errors
    ///
    /// What the database says.
    fn query_first(&mut self, sql: &str) -> Result<Rows, Self::Error> {
        self.query(sql, &[])
    }

    /// Runs one statement, which returns nothing, with each of these rows as its parameters: from the one at `done` on,
    /// and counts those that have run there. Where a driver can prepare the statement once, that takes a fraction of the
    /// time; if it is not told how, it runs them one by one. To leave one out without an error is an error of the runner.
    ///
    /// # Errors
    ///
    /// What the database says of the first that fails.
    fn execute_each(&mut self, sql: &str, rows: &Rows, done: &mut usize) -> Result<(), Self::Error> {
        while let Some(row) = rows.get(*done) {
            self.query(sql, row)?;
            *done += 1;
        }
        Ok(())
    }

    /// Whether a transaction is open: true while autocommit is off.
    fn in_transaction(&mut self) -> bool;

    /// Whether another connection was in the way, so that trying again can help: `SQLITE_BUSY`, `SQLITE_PROTOCOL` and
    /// `SQLITE_LOCKED_SHAREDCACHE`, but not any other `SQLITE_LOCKED`, which is about a statement of this connection.
    fn is_busy(error: &Self::Error) -> bool;
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing is written, and a missing file is an error.
    ReadOnly,
    /// The file must exist.
    ReadWrite,
    /// A missing file is created.
    Create,
}

/// A kind of connection: lends a [`Driver`] over it, and opens files.
pub trait Backend: 'static {
    /// The user's own connection type, such as `rusqlite::Connection`.
    type Connection: 'static;
    /// The adapter over a borrowed connection.
    type Driver<'c>: Driver;

    /// Borrows the connection as a driver.
    fn driver(connection: &mut Self::Connection) -> Self::Driver<'_>;

    /// The connection behind a driver, for code migrations.
    fn connection<'d>(driver: &'d Self::Driver<'_>) -> &'d Self::Connection;

    /// Opens a database file.
    ///
    /// # Errors
    ///
    /// What the library says.
    fn open(path: &Path, access: Access) -> Result<Self::Connection, Box<dyn std::error::Error + Send + Sync>>;

    /// Copies every page of the database `from` into that of a connection, which is in no transaction, in one
    /// transaction: [`Migrator::restore`](crate::Migrator::restore). `locked` is called before the first page is
    /// copied, when no other connection can write any more; what it fails with ends the work.
    ///
    /// `None` where the library can't, and `Some(Ok(false))` where another connection was in the way: then nothing has
    /// changed, and trying again can help.
    fn copy_pages(
        from: &Path,
        to: &mut Self::Connection,
        locked: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Option<Result<bool, BoxError>> {
        let _ = (from, to, locked);
        None
    }

    /// Copies every page of the database of a connection into that of another one, which is empty: the fast way to
    /// `Testing::database`. `None` where the library can't.
    fn clone_pages(from: &Self::Connection, to: &mut Self::Connection) -> Option<Result<(), BoxError>> {
        let _ = (from, to);
        None
    }

    /// Opens a database in memory that other connections of this process reach as `file:NAME?mode=memory&cache=shared`,
    /// and whose own statements may name another one so. `None` where the library can't.
    #[must_use]
    fn open_shared(name: &str) -> Option<Result<Self::Connection, BoxError>> {
        let _ = name;
        None
    }

    /// Runs statements, with `;` between them, and discards their rows. If it is not told how, it runs one.
    ///
    /// # Errors
    ///
    /// What the library says of the first that fails.
    fn execute_batch(connection: &mut Self::Connection, sql: &str) -> Result<(), BoxError> {
        Ok(Self::driver(connection).execute(sql)?)
    }
}

/// Any error, boxed in one place: each place that does so has all that an error can say of itself compiled once more.
#[inline(never)]
pub fn boxed<E: std::error::Error + Send + Sync + 'static>(error: E) -> BoxError {
    Box::new(error)
}
