//! What only the program can do for a replay: run the Rust of its migrations.

use std::fmt;

use dbmigrate_core::{Diagnostic, SourceMigration};
use rusqlite::Connection;

use crate::proof::Step;

/// Runs the Rust of a set. Without a program, a replay ends where Rust begins.
///
/// ```
/// use dbmigrate_core::{Diagnostic, SourceMigration};
/// use dbmigrate_schema::{Program, Step};
/// use rusqlite::Connection;
///
/// /// Makes a table for each migration, whatever its code says.
/// #[derive(Debug)]
/// struct Stub;
///
/// impl Program for Stub {
///     fn run(&self, migration: &SourceMigration, _: Step, before: &Connection) -> Result<Connection, Diagnostic> {
///         let failed = |error: rusqlite::Error| Diagnostic::error("program", error.to_string());
///         let mut after = Connection::open_in_memory().map_err(failed)?;
///         rusqlite::backup::Backup::new(before, &mut after).and_then(|copy| copy.step(-1)).map_err(failed)?;
///         after.execute_batch(&format!("CREATE TABLE t{} (x)", migration.number)).map_err(failed)?;
///         Ok(after)
///     }
/// }
/// ```
pub trait Program: fmt::Debug {
    /// The database after one way of one migration, with all its statements and steps and nothing else: no hook, no
    /// repeatable, no history. `before` stays as it is.
    ///
    /// # Errors
    ///
    /// What stopped it, with the file of the migration.
    fn run(&self, migration: &SourceMigration, way: Step, before: &Connection) -> Result<Connection, Diagnostic>;
}
