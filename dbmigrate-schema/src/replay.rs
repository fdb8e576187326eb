//! Replays a set on an empty database in memory.

use std::time::Duration;

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, Script, SourceMigration, Step};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::inverse::Inverse;
use crate::lint::Options;
use crate::watch::{Nobody, Watch};
use crate::{execute, repeatable, views};

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// What SQLite refused.
    pub diagnostics: Vec<Diagnostic>,
    /// How many ways up ran.
    pub ups: usize,
    /// How many ways back ran.
    pub downs: usize,
    /// The migrations whose way up did not run, because one that can't be replayed or a failure comes first; then the
    /// files of hooks and repeatables.
    pub unchecked: Vec<String>,
    /// The first migration or hook that can't be replayed, where that ended the replay.
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

/// Runs every way up in order, with the hooks before and after them and the repeatables; and beside, each way back, and
/// the way up again. What a way back leaves otherwise than before is a warning.
///
/// Rust code belongs to the program, and other database files to somebody: the replay ends before such a migration and
/// names what was not checked.
/// After a way up that SQLite refuses, nothing later can be judged either.
#[must_use]
pub fn replay(set: &MigrationSet) -> Replay {
    let (mut replay, elsewhere) = watched(set, &mut Nobody);
    replay.diagnostics.extend(elsewhere.into_iter().map(|(_, finding)| finding));
    replay
}

/// A way back that does not lead back: the number of the migration, and what differs.
pub(crate) type Elsewhere = (u64, Diagnostic);

/// As [`replay`], with somebody who looks on. Ways back that lead elsewhere are apart.
pub(crate) fn watched(set: &MigrationSet, watch: &mut dyn Watch) -> (Replay, Vec<Elsewhere>) {
    let mut replay = Replay::default();
    let elsewhere = ups_and_downs(set, &mut replay, watch).unwrap_or_else(|error| {
        let message = format!("could not use a database in memory: {error}");
        replay.diagnostics.push(Diagnostic::error("replay", message));
        Vec::new()
    });
    (replay, elsewhere)
}

fn ups_and_downs(set: &MigrationSet, replay: &mut Replay, watch: &mut dyn Watch) -> rusqlite::Result<Vec<Elsewhere>> {
    let mut connection = Connection::open_in_memory()?;
    let (deferring, nothing) = (deferring(set), Options::default());
    let mut inverse = Inverse::new(set, deferring, &nothing, watch)?;
    inverse.opened(&mut connection)?;
    let connection = connection;
    replay_ups(set, &connection, deferring, replay, &mut inverse);
    replay_rest(set, &connection, deferring, replay)?;
    replay.downs = inverse.downs;
    replay.diagnostics.extend(inverse.refused);
    Ok(inverse.elsewhere)
}

/// Runs what stands before the migrations, and every way up.
pub(crate) fn replay_ups(
    set: &MigrationSet,
    connection: &Connection,
    deferring: bool,
    replay: &mut Replay,
    watch: &mut dyn Watch,
) {
    let run =
        |script: &Script, watch: &mut dyn Watch| run(connection, set.config.foreign_keys, script, deferring, watch);
    let mut migrations = set.migrations.iter().enumerate();
    let before = |hook: &Script| replay.attempt(path(hook), replayable(hook), |hook| run(hook, watch));
    if set.before_all.as_ref().is_none_or(before) {
        for (at, migration) in migrations.by_ref() {
            let ran = replay.attempt(migration.name(), way_up(migration), |up| {
                run(up, watch)?;
                watch.migrated(connection, at).map_err(|error| execute::unexpected(up, &error))
            });
            if !ran {
                break;
            }
            replay.ups += 1;
        }
    }
    replay.unchecked.extend(migrations.map(|(_, migration)| migration.name()));
}

/// Runs what stands after the migrations, and asks every view.
fn replay_rest(
    set: &MigrationSet,
    connection: &Connection,
    deferring: bool,
    replay: &mut Replay,
) -> rusqlite::Result<()> {
    if !replay.diagnostics.is_empty() || replay.stopped.is_some() {
        let scripts = set.repeatables.iter().map(|it| &it.script).chain(&set.after_all);
        replay.unchecked.extend(scripts.map(path));
        return Ok(());
    }
    replay_after(set, connection, deferring, replay);
    if replay.diagnostics.is_empty() {
        replay.diagnostics = views::ask(connection, &set.repeatables)?;
    }
    Ok(())
}

/// Runs the repeatables and what stands after them.
pub(crate) fn replay_after(set: &MigrationSet, connection: &Connection, deferring: bool, replay: &mut Replay) {
    let run = |script: &Script| run(connection, set.config.foreign_keys, script, deferring, &mut Nobody);
    for repeatable in &set.repeatables {
        let made = repeatable::take_away(connection, repeatable).and_then(|()| run(&repeatable.script));
        replay.diagnostics.extend(made.err());
    }
    if !replay.diagnostics.is_empty() {
        // What is not there would be missed by the others.
        replay.unchecked.extend(set.after_all.iter().map(path));
        return;
    }
    if let Some(hook) = &set.after_all {
        replay.attempt(path(hook), replayable(hook), run);
    }
}

impl Replay {
    /// Runs a script that can be replayed, and says whether the replay can go on after it.
    fn attempt(
        &mut self,
        name: String,
        script: Result<&Script, Stopped>,
        run: impl FnOnce(&Script) -> Result<(), Diagnostic>,
    ) -> bool {
        match script.map(run) {
            Ok(Ok(())) => return true,
            Ok(Err(diagnostic)) => self.diagnostics.push(diagnostic),
            Err(why) => {
                self.unchecked.push(name.clone());
                self.stopped = Some((name, why));
            }
        }
        false
    }
}

fn path(script: &Script) -> String {
    script.source.path().to_owned()
}

/// Whether any script may put the check of a foreign key off until its commit.
pub(crate) fn deferring(set: &MigrationSet) -> bool {
    let scripts =
        set.migrations.iter().flat_map(|migration| way_up(migration).ok().into_iter().chain(way_back(migration)));
    scripts.chain(set.hooks()).any(execute::mentions_deferring)
}

/// Runs a script from its beginning to the end of its transaction.
pub(crate) fn run(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    deferring: bool,
    watch: &mut dyn Watch,
) -> Result<(), Diagnostic> {
    let unexpected = |error: rusqlite::Error| execute::unexpected(script, &error);
    if !script.transaction {
        return execute::script(connection, rule, script, deferring, watch);
    }
    let result = execute::script(connection, rule, script, deferring, watch);
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
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

/// Another database in memory, with the same contents.
pub(crate) fn copy(connection: &Connection) -> rusqlite::Result<Connection> {
    let mut copy = Connection::open_in_memory()?;
    Backup::new(connection, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(copy)
}

pub(crate) fn way_up(migration: &SourceMigration) -> Result<&Script, Stopped> {
    match &migration.body {
        Body::Sql { up, .. } => replayable(up),
        Body::Rust(_) => Err(Stopped::Code),
    }
}

pub(crate) fn way_back(migration: &SourceMigration) -> Option<&Script> {
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
