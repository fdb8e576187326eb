//! The schema that the migrations of a set lead to.

use dbmigrate_core::{Diagnostic, MigrationSet};
use rusqlite::Connection;

use crate::model::Schema;
use crate::program::Program;
use crate::read::{ReadOptions, read};
use crate::replay::{Replay, Replayer, Stopped};
use crate::watch::Nobody;

impl Schema {
    /// The schema that the ways up of a set and its repeatables lead to, on a database in memory.
    ///
    /// # Errors
    ///
    /// What SQLite or the program refuses, or the first migration that can't be replayed: only the program can run its
    /// Rust.
    pub fn from_migrations(set: &MigrationSet, program: Option<&dyn Program>) -> Result<Self, Vec<Diagnostic>> {
        read(&migrated(set, program)?, &ReadOptions::default()).map_err(|error| vec![unexpected(&error)])
    }
}

/// A database in memory that the ways up of a set and its repeatables have made, without a history.
///
/// # Errors
///
/// As [`Schema::from_migrations`].
pub fn migrated(set: &MigrationSet, program: Option<&dyn Program>) -> Result<Connection, Vec<Diagnostic>> {
    let connection = replayed_ups(set, program)?;
    replayed_rest(set, &connection)?;
    Ok(connection)
}

/// A database in memory that every way up of a set has made.
pub(crate) fn replayed_ups(set: &MigrationSet, program: Option<&dyn Program>) -> Result<Connection, Vec<Diagnostic>> {
    let (replayer, mut replay) = (Replayer::new(set, program), Replay::default());
    let mut connection = replayer.begin(&mut replay).map_err(|error| vec![unexpected(&error)])?;
    replayer.ups(&mut connection, &mut replay, &mut Nobody);
    sound(replay).map(|()| connection)
}

/// Runs what comes after them: the repeatables, and the hook.
pub(crate) fn replayed_rest(set: &MigrationSet, connection: &Connection) -> Result<(), Vec<Diagnostic>> {
    let mut replay = Replay::default();
    Replayer::new(set, None).after(connection, &mut replay);
    sound(replay)
}

fn sound(mut replay: Replay) -> Result<(), Vec<Diagnostic>> {
    if let Some((name, why)) = replay.stopped {
        replay.diagnostics.push(not_replayable(&name, why));
    }
    if replay.diagnostics.is_empty() { Ok(()) } else { Err(replay.diagnostics) }
}

fn unexpected(error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("replay", format!("could not use a database in memory: {error}"))
}

pub(crate) fn not_replayable(name: &str, why: Stopped) -> Diagnostic {
    let stopped = Diagnostic::error("replay", format!("`{name}` {why}: the schema after it is not known"));
    let stopped = why.help().into_iter().fold(stopped, Diagnostic::help);
    stopped.help("compare two databases: `cargo dbmigrate schema --from FILE --to FILE`")
}
