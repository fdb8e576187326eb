//! The schema that the migrations of a set lead to.

use dbmigrate_core::{Diagnostic, MigrationSet};
use rusqlite::Connection;

use crate::model::Schema;
use crate::read::{ReadOptions, read};
use crate::replay::{Replay, Stopped, deferring, replay_after, replay_ups};
use crate::watch::Nobody;

impl Schema {
    /// The schema that the ways up of a set and its repeatables lead to, on a database in memory.
    ///
    /// # Errors
    ///
    /// What SQLite refuses, or the first migration that can't be replayed: only the program can run its Rust.
    pub fn from_migrations(set: &MigrationSet) -> Result<Self, Vec<Diagnostic>> {
        read(&replayed(set)?, &ReadOptions::default()).map_err(|error| vec![unexpected(&error)])
    }
}

/// A database in memory that every way up of a set and its repeatables have made.
pub(crate) fn replayed(set: &MigrationSet) -> Result<Connection, Vec<Diagnostic>> {
    let connection = replayed_before_repeatables(set)?;
    let mut replay = Replay::default();
    replay_after(set, &connection, deferring(set), &mut replay);
    sound(connection, replay)
}

/// As [`replayed`], but for the repeatables and what comes after them.
pub(crate) fn replayed_before_repeatables(set: &MigrationSet) -> Result<Connection, Vec<Diagnostic>> {
    let connection = Connection::open_in_memory().map_err(|error| vec![unexpected(&error)])?;
    let mut replay = Replay::default();
    replay_ups(set, &connection, deferring(set), &mut replay, &mut Nobody);
    sound(connection, replay)
}

fn sound(connection: Connection, mut replay: Replay) -> Result<Connection, Vec<Diagnostic>> {
    if let Some((name, why)) = replay.stopped {
        replay.diagnostics.push(not_replayable(&name, why));
    }
    if replay.diagnostics.is_empty() { Ok(connection) } else { Err(replay.diagnostics) }
}

fn unexpected(error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("replay", format!("could not use a database in memory: {error}"))
}

fn not_replayable(name: &str, why: Stopped) -> Diagnostic {
    let why = match why {
        Stopped::Code => "holds Rust, which only the program can run",
        Stopped::OtherFiles => "attaches another database, and a replay opens no file",
    };
    Diagnostic::error("replay", format!("`{name}` {why}: the schema after it is not known"))
        .help("compare two databases: `cargo dbmigrate schema --from FILE --to FILE`")
}
