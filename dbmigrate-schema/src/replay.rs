//! Replays a set on an empty database in memory.

use std::time::Duration;

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, Script, SourceMigration, Step};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::execute;

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// What SQLite refused.
    pub diagnostics: Vec<Diagnostic>,
    /// How many ways up ran.
    pub ups: usize,
    /// How many ways back ran.
    pub downs: usize,
    /// The migrations whose way up did not run, because one that can't be replayed or a failure comes first.
    pub unchecked: Vec<String>,
    /// The first migration that can't be replayed, where that ended the replay.
    pub stopped: Option<(String, Stopped)>,
}

/// Why a migration can't be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It runs Rust code of the program.
    Code,
    /// It attaches another database: a replay opens no file.
    OtherFiles,
}

/// Runs every way up in order, and every way back.
///
/// Rust code belongs to the program, and other database files to somebody: the replay ends before such a migration and
/// names what was not checked.
/// After a way up that SQLite refuses, nothing later can be judged either.
#[must_use]
pub fn replay(set: &MigrationSet) -> Replay {
    let mut replay = Replay::default();
    if let Err(error) = ups_and_downs(set, &mut replay) {
        let message = format!("could not use a database in memory: {error}");
        replay.diagnostics.push(Diagnostic::error("replay", message));
    }
    replay
}

fn ups_and_downs(set: &MigrationSet, replay: &mut Replay) -> rusqlite::Result<()> {
    let connection = Connection::open_in_memory()?;
    let deferring = deferring(set);
    replay_ups(set, &connection, deferring, replay);
    // Backwards from the newest as far as it goes: linear, where undoing each at once makes SQLite read the schema
    // again every time.
    let rule = set.config.foreign_keys;
    let mut left = &set.migrations[..replay.ups];
    while let Some((newest, earlier)) = left.split_last() {
        let Some(down) = way_back(newest) else { break };
        if run(&connection, rule, down, deferring, Outcome::Keep).is_err() {
            break;
        }
        replay.downs += 1;
        left = earlier;
    }
    // What is left is judged each from where its own way up has led, so that one does not hide the next.
    let Some(last) = left.iter().rposition(|migration| way_back(migration).is_some()) else { return Ok(()) };
    let connection = Connection::open_in_memory()?;
    for migration in &left[..=last] {
        // It ran before.
        let Ok(up) = way_up(migration) else { break };
        if run(&connection, rule, up, deferring, Outcome::Keep).is_err() {
            break;
        }
        let Some(down) = way_back(migration) else { continue };
        match run(&connection, rule, down, deferring, Outcome::Discard) {
            Ok(()) => replay.downs += 1,
            Err(diagnostic) => replay.diagnostics.push(diagnostic),
        }
    }
    Ok(())
}

pub(crate) fn replay_ups(set: &MigrationSet, connection: &Connection, deferring: bool, replay: &mut Replay) {
    for (at, migration) in set.migrations.iter().enumerate() {
        let up = match way_up(migration) {
            Ok(up) => up,
            Err(why) => {
                replay.stopped = Some((migration.name(), why));
                replay.unchecked = set.migrations[at..].iter().map(SourceMigration::name).collect();
                break;
            }
        };
        if let Err(diagnostic) = run(connection, set.config.foreign_keys, up, deferring, Outcome::Keep) {
            replay.diagnostics.push(diagnostic);
            replay.unchecked = set.migrations[at + 1..].iter().map(SourceMigration::name).collect();
            break;
        }
        replay.ups += 1;
    }
}

/// Whether any script may put the check of a foreign key off until its commit.
pub(crate) fn deferring(set: &MigrationSet) -> bool {
    let scripts =
        set.migrations.iter().flat_map(|migration| way_up(migration).ok().into_iter().chain(way_back(migration)));
    scripts.into_iter().any(execute::mentions_deferring)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Keep,
    Discard,
}

fn run(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    deferring: bool,
    outcome: Outcome,
) -> Result<(), Diagnostic> {
    let unexpected = |error: rusqlite::Error| execute::unexpected(script, &error);
    if !script.transaction {
        return match outcome {
            Outcome::Keep => execute::script(connection, rule, script, deferring),
            Outcome::Discard => execute::script(&copy(connection).map_err(unexpected)?, rule, script, deferring),
        };
    }
    let result = execute::script(connection, rule, script, deferring);
    let end = if result.is_ok() && outcome == Outcome::Keep { "COMMIT" } else { "ROLLBACK" };
    if connection.is_autocommit() {
        // `INSERT OR ROLLBACK` and the like end it before its time.
        return result.and_then(|()| {
            let message = format!("a statement of `{}` ends the transaction that it runs in", script.source.path());
            Err(Diagnostic::error("transaction-ended", message).in_file(script.source.path()))
        });
    }
    connection.execute_batch(end).map_err(unexpected)?;
    result
}

fn copy(connection: &Connection) -> rusqlite::Result<Connection> {
    let mut copy = Connection::open_in_memory()?;
    Backup::new(connection, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(copy)
}

fn way_up(migration: &SourceMigration) -> Result<&Script, Stopped> {
    match &migration.body {
        Body::Sql { up, .. } => replayable(up),
        Body::Rust(_) => Err(Stopped::Code),
    }
}

fn way_back(migration: &SourceMigration) -> Option<&Script> {
    match &migration.body {
        Body::Sql { down: Down::Script(down), .. } => replayable(down).ok(),
        _ => None,
    }
}

fn replayable(script: &Script) -> Result<&Script, Stopped> {
    let reason = script.steps.iter().find_map(|step| match step {
        Step::Call { .. } => Some(Stopped::Code),
        Step::Sql(statement) => execute::starts_with(script, statement, "ATTACH").then_some(Stopped::OtherFiles),
    });
    reason.map_or(Ok(script), Err)
}
