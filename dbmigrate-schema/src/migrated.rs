//! The schema that the migrations of a set make.

use std::fmt;

use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration};
use rusqlite::Connection;

use crate::model::Schema;
use crate::observer::NoObserver;
use crate::program::Program;
use crate::proof::{Claim, Failure, Proof, prove_on};
use crate::read::{ReadOptions, read};
use crate::replay::{Replay, Replayer, Stopped};
use crate::scratch;

impl Schema {
    /// The schema that the up scripts of a set and its repeatables make, on a database in memory.
    ///
    /// # Errors
    ///
    /// What SQLite or the program rejects, or the first migration that cannot be replayed: only the program can run its
    /// Rust.
    pub fn from_migrations(set: &MigrationSet, program: Option<&dyn Program>) -> Result<Self, Vec<Diagnostic>> {
        read(&migrated(set, program)?, &ReadOptions::default()).map_err(|error| vec![unexpected(&error)])
    }
}

/// A database in memory, made by the up scripts of a set and its repeatables, without a history.
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
    replayer.ups(&mut connection, &mut replay, &mut NoObserver);
    sound(replay).map(|()| connection)
}

/// A database in memory that grows by one migration of a set after the other, for callers that need the state after
/// each. Starting again for every migration would be quadratic.
pub struct IncrementalReplay<'a> {
    /// Without migrations, and what comes after them.
    set: MigrationSet,
    program: Option<&'a dyn Program>,
    connection: Connection,
}

impl fmt::Debug for IncrementalReplay<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IncrementalReplay").finish_non_exhaustive()
    }
}

impl<'a> IncrementalReplay<'a> {
    /// The state before the first migration.
    ///
    /// # Errors
    ///
    /// As [`Schema::from_migrations`].
    pub fn new(set: &MigrationSet, program: Option<&'a dyn Program>) -> Result<Self, Vec<Diagnostic>> {
        let set = MigrationSet {
            migrations: Vec::new(),
            repeatables: Vec::new(),
            after_all: None,
            snapshot: None,
            ..set.clone()
        };
        let connection = replayed_ups(&set, program)?;
        Ok(Self { set, program, connection })
    }

    /// Runs the next migration, and returns the schema after it.
    ///
    /// # Errors
    ///
    /// As [`Schema::from_migrations`].
    pub fn next(&mut self, migration: &SourceMigration) -> Result<Schema, Vec<Diagnostic>> {
        let one = MigrationSet { migrations: vec![migration.clone()], before_all: None, ..self.set.clone() };
        let mut replay = Replay::default();
        Replayer::new(&one, self.program).ups(&mut self.connection, &mut replay, &mut NoObserver);
        sound(replay)?;
        read(&self.connection, &ReadOptions::default()).map_err(|error| vec![unexpected(&error)])
    }

    /// Another database with the same content, which does not grow with this one.
    ///
    /// # Errors
    ///
    /// If SQLite has no memory for it.
    pub fn copy(&self) -> Result<Self, Vec<Diagnostic>> {
        let stubs = &self.set.config.replay.stubs;
        let connection = scratch::copy(&self.connection, stubs).map_err(|error| vec![unexpected(&error)])?;
        Ok(Self { set: self.set.clone(), program: self.program, connection })
    }

    /// Proves a claim about the migration that comes next here; see [`prove`](crate::prove). The set of the claim is
    /// not replayed.
    ///
    /// # Errors
    ///
    /// As [`prove`](crate::prove).
    pub fn prove(self, claim: &Claim<'_>, seed: u64) -> Result<Proof, Failure> {
        prove_on(self.connection, claim, seed)
    }

    /// The set without its migrations, for a claim about the next one.
    #[must_use]
    pub fn set(&self) -> &MigrationSet {
        &self.set
    }
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
    let stopped = Diagnostic::error("replay", format!("`{name}` {why}: the schema after it is unknown"));
    let stopped = why.help().into_iter().fold(stopped, Diagnostic::help);
    stopped.help("compare two databases: `cargo dbmigrate schema --from FILE --to FILE`")
}
