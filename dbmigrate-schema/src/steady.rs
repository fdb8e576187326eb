//! What migrations always lead an empty database to, and whether one script leads there too: what a squash and a snapshot
//! rest on.

use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Body, Diagnostic, Location, MigrationSet, Script, SourceMigration, Step};
use rusqlite::Connection;

use crate::chance::PROHIBITED;
use crate::migrated::not_replayable;
use crate::observer::{NoObserver, ReplayObserver};
use crate::replay::{Replay, Replayer};
use crate::snapshot::{Refusal, differences};
use crate::{execute, scratch};

/// What the refusals are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes {
    /// Rust.
    pub(crate) code: &'static str,
    /// A setting of the file.
    pub(crate) setting: &'static str,
    /// The moment, or chance.
    pub(crate) chance: &'static str,
    /// The script leads elsewhere.
    pub(crate) differs: &'static str,
    /// A table by the name of one of the history's.
    pub(crate) history: &'static str,
    /// Anything else.
    pub(crate) any: &'static str,
}

/// Looks on, and says at the end what it holds against the migrations.
pub(crate) trait Judge: ReplayObserver {
    fn found(self) -> Vec<Diagnostic>;
}

pub(crate) fn ups(migration: &SourceMigration) -> Option<&Script> {
    match &migration.body {
        Body::Sql { up, .. } => Some(up),
        Body::Rust(_) => None,
    }
}

/// What no script can stand for, all of it.
pub(crate) fn refuse(migrations: &[SourceMigration], codes: Codes) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    for migration in migrations {
        let name = migration.name();
        let Some(up) = ups(migration) else {
            let message = format!("`{name}` is written in Rust: its effect on a database is unknown");
            problems.push(Diagnostic::error(codes.code, message).in_file(&migration.file));
            continue;
        };
        for step in &up.steps {
            match step {
                Step::Call { name, span, .. } => {
                    let message = format!("the step `{name}` is written in Rust: its effect on a database is unknown");
                    problems.push(Diagnostic::error(codes.code, message).at(Location::new(&up.source, *span)));
                }
                Step::Sql(statement) => problems.extend(setting(up, statement, codes)),
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The settings of a file that a database in memory does not keep, or that no script can set.
const SETTINGS: [&str; 6] =
    ["journal_mode", "page_size", "auto_vacuum", "encoding", "default_cache_size", "schema_version"];

/// What a statement sets in the file that can't be read back from a database in memory.
fn setting(script: &Script, statement: &Statement, codes: Codes) -> Option<Diagnostic> {
    if !matches!(statement.effect, Effect::Bare { idempotent: true } | Effect::Session) {
        return None;
    }
    let text = script.source.slice(statement.span);
    let words: Vec<_> = tokens(text).filter(|token| !token.is_blank()).collect();
    let at = if words.get(2).is_some_and(|dot| dot.text(text) == ".") { 3 } else { 1 };
    let is_it = |name: &str| words.get(at).is_some_and(|token| is_word(text, *token, name));
    let name = SETTINGS.into_iter().find(|name| is_it(name))?;
    if !is_word(text, *words.first()?, "PRAGMA") {
        return None;
    }
    let message = format!("`PRAGMA {name}` sets how the file is written, which one script in a transaction can't");
    let fault = Diagnostic::error(codes.setting, message)
        .at(Location::new(&script.source, script.source.first_line(statement.span)));
    Some(match name {
        "journal_mode" => {
            fault.note("a new database would not have it; set it for all with `journal_mode` of the migrator")
        }
        _ => fault,
    })
}

/// What the migrations lead an empty database to, once it is known that they always do. `judge` is made for the run that
/// is looked at; once more where functions of times have to be taken for pure.
pub(crate) fn steady<J: Judge>(
    part: &MigrationSet,
    codes: Codes,
    judge: impl Fn(bool) -> J,
) -> Result<Connection, Vec<Diagnostic>> {
    let mut looking = judge(false);
    let mut watched = run(part, &mut looking);
    if watched.as_ref().is_err_and(|problems| problems.iter().any(|it| it.message.contains(PROHIBITED))) {
        looking = judge(true);
        watched = run(part, &mut looking);
    }
    let found = looking.found();
    if !found.is_empty() {
        return Err(found);
    }
    // What was stood in for is not used any further.
    let original = run(part, &mut NoObserver)?;
    let watched = watched?;
    let found = differences(&original, &watched).map_err(|error| vec![unusable(&error)])?;
    if found.is_empty() {
        return Ok(original);
    }
    let problem = Diagnostic::error(codes.chance, "the migrations do not make the same when they run twice");
    Err(vec![found.into_iter().fold(problem, Diagnostic::note)])
}

/// Runs them on an empty database.
pub(crate) fn run(part: &MigrationSet, observer: &mut dyn ReplayObserver) -> Result<Connection, Vec<Diagnostic>> {
    let mut connection = scratch::open(&part.config.replay.stubs).map_err(|error| vec![unusable(&error)])?;
    observer.connection_opened(&mut connection).map_err(|error| vec![unusable(&error)])?;
    onto(part, &mut connection, observer)?;
    Ok(connection)
}

pub(crate) fn onto(
    part: &MigrationSet,
    connection: &mut Connection,
    observer: &mut dyn ReplayObserver,
) -> Result<(), Vec<Diagnostic>> {
    let mut replay = Replay::default();
    Replayer::new(part, None).ups(connection, &mut replay, observer);
    if let Some((name, why)) = replay.stopped {
        replay.diagnostics.push(not_replayable(&name, why));
    }
    if replay.diagnostics.is_empty() { Ok(()) } else { Err(replay.diagnostics) }
}

/// Runs the script as the runner would, and compares.
pub(crate) fn lead(
    part: &MigrationSet,
    connection: &Connection,
    original: &Connection,
    up: &Script,
    codes: Codes,
) -> Result<(), Vec<Diagnostic>> {
    let deferring = execute::mentions_deferring(up);
    execute::script(connection, part.config.foreign_keys, up, deferring, &mut NoObserver)
        .map_err(|problem| vec![problem])?;
    let found = differences(original, connection).map_err(|error| vec![unusable(&error)])?;
    if found.is_empty() {
        return Ok(());
    }
    let path = up.source.path();
    let message = format!("`{path}` does not make the same as the migrations that it replaces");
    let problem = Diagnostic::error(codes.differs, message).in_file(path);
    Err(vec![found.into_iter().fold(problem, Diagnostic::note)])
}

pub(crate) fn refused(refusal: Refusal, codes: Codes) -> Diagnostic {
    match refusal {
        Refusal::Sqlite(error) => unusable(&error),
        Refusal::Because(why) => Diagnostic::error(codes.any, format!("the rows can't be written: {why}")),
    }
}

pub(crate) fn unusable(error: &rusqlite::Error) -> Diagnostic {
    Diagnostic::error("replay", format!("could not use a database in memory: {error}"))
}
