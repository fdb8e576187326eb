//! One script that leads an empty database to what several migrations lead it to: schema and rows, proved by comparison.

use std::sync::Arc;

use dbmigrate_core::script::{self, Halves};
use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Body, Diagnostic, Location, MigrationSet, Script, SourceMigration, SourceText, Step};
use rusqlite::Connection;

use crate::chance::{self, Chance};
use crate::migrated::not_replayable;
use crate::replay::{Halt, Replay, Replayer};
use crate::snapshot::{Refusal, Snapshot, differences, snapshot};
use crate::watch::{Nobody, Watch};
use crate::{execute, replay, scratch};

/// A script that stands for migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Squash {
    /// The text of its file.
    pub text: String,
    /// How many migrations it stands for.
    pub replaced: usize,
    /// How many tables, indexes, views and triggers it makes.
    pub objects: usize,
    /// How many rows it writes.
    pub rows: usize,
    /// The migrations that assert something: in an empty database there is nothing to ask.
    pub asserts: Vec<String>,
}

/// Writes one script for the first `count` migrations of a set, and proves that it leads to the same. `path` is that of
/// the file that is to hold it, `first` the number of the first migration that there ever was.
///
/// # Errors
///
/// Everything for which it can't be written or not be proved: Rust, other database files, values that depend on the
/// moment or on chance, settings that a database in memory does not keep.
pub fn squash(set: &MigrationSet, count: usize, path: &str, first: &str) -> Result<Squash, Vec<Diagnostic>> {
    let (originals, last) = match set.migrations.get(..count) {
        Some(originals @ [.., last]) => (originals, last),
        _ => return Err(vec![Diagnostic::error("squash", "there is nothing to squash")]),
    };
    refuse(originals)?;
    if set.base.is_some() {
        let message = "the migrations begin on what `replay.base` makes, and a squash has to begin on nothing";
        return Err(vec![Diagnostic::error("squash", message)]);
    }
    let part = MigrationSet { migrations: originals.to_vec(), before_all: None, ..set.clone() };
    let original = steady(&part)?;
    let Snapshot { sql, objects, rows, refers } = snapshot(&original).map_err(|refusal| vec![refused(refusal)])?;
    let mut text = format!("-- Migration: {first} to {} in one\n", last.digits);
    text.push_str(&format!("-- dbmigrate: replaces {first}..{}\n", last.digits));
    for required in elsewhere(originals) {
        text.push_str(&format!("-- dbmigrate: requires {required}\n"));
    }
    if refers {
        text.push_str("-- dbmigrate: foreign-keys off\n");
    }
    text.push_str(&format!("-- dbmigrate: irreversible it stands for {first} to {}\n\n{sql}", last.digits));
    let source = Arc::new(SourceText::new(path, &text));
    let mut diagnostics = Vec::new();
    let Halves { up, .. } = script::parse(&source, &mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    prove(&part, &original, &up)?;
    with_hook(set, &part, &up)?;
    let asserts = originals.iter().filter(|migration| ups(migration).is_some_and(|up| !up.asserts.is_empty()));
    Ok(Squash { text, replaced: count, objects, rows, asserts: asserts.map(SourceMigration::name).collect() })
}

/// Whether the squash of a set leads to what those lead to that it replaces. Where their files were pruned, or there is
/// none, nothing is compared.
#[must_use]
pub fn check_squash(set: &MigrationSet) -> Vec<Diagnostic> {
    let (Some(replaced), Some(squash)) = (&set.replaced, set.migrations.first()) else { return Vec::new() };
    let Some(up) = ups(squash) else { return Vec::new() };
    if replaced.lock.pruned.is_some() {
        return Vec::new();
    }
    let part = MigrationSet { migrations: replaced.migrations.clone(), before_all: None, ..set.clone() };
    let original = match run(&part, &mut Nobody) {
        Ok(original) => original,
        Err(problems) => return problems,
    };
    prove(&part, &original, up).and_then(|()| with_hook(set, &part, up)).err().unwrap_or_default()
}

fn ups(migration: &SourceMigration) -> Option<&Script> {
    match &migration.body {
        Body::Sql { up, .. } => Some(up),
        Body::Rust(_) => None,
    }
}

/// What the migrations need of other sets.
fn elsewhere(migrations: &[SourceMigration]) -> Vec<&str> {
    let names = migrations.iter().flat_map(|migration| &migration.requires).map(|required| required.name.as_str());
    let mut names: Vec<&str> = names.filter(|name| name.contains('/')).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What no script can stand for, all of it.
fn refuse(migrations: &[SourceMigration]) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    for migration in migrations {
        let name = migration.name();
        let Some(up) = ups(migration) else {
            let message = format!("`{name}` is written in Rust: nobody can tell what it does to a database");
            problems.push(Diagnostic::error("squash-code", message).in_file(&migration.file));
            continue;
        };
        for step in &up.steps {
            match step {
                Step::Call { name, span, .. } => {
                    let message =
                        format!("the step `{name}` is written in Rust: nobody can tell what it does to a database");
                    problems.push(Diagnostic::error("squash-code", message).at(Location::new(&up.source, *span)));
                }
                Step::Sql(statement) => problems.extend(setting(up, statement)),
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What a statement sets in the file that can't be read back from a database in memory.
fn setting(script: &Script, statement: &Statement) -> Option<Diagnostic> {
    if !matches!(statement.effect, Effect::Bare { idempotent: true } | Effect::Session) {
        return None;
    }
    let text = script.source.slice(statement.span);
    let words: Vec<_> = tokens(text).filter(|token| !token.is_blank()).collect();
    let at = if words.get(2).is_some_and(|dot| dot.text(text) == ".") { 3 } else { 1 };
    let is_it = |name: &str| words.get(at).is_some_and(|token| is_word(text, *token, name));
    let name = ["journal_mode", "page_size", "auto_vacuum", "encoding"].into_iter().find(|name| is_it(name))?;
    if !is_word(text, *words.first()?, "PRAGMA") {
        return None;
    }
    let message = format!("`PRAGMA {name}` sets how the file is written, which one script in a transaction can't");
    let fault = Diagnostic::error("squash-setting", message)
        .at(Location::new(&script.source, script.source.first_line(statement.span)));
    Some(match name {
        "journal_mode" => {
            fault.note("a new database would not have it; `journal_mode` of the migrator sets it for all")
        }
        _ => fault,
    })
}

/// What the migrations lead an empty database to, once it is known that they always do.
fn steady(part: &MigrationSet) -> Result<Connection, Vec<Diagnostic>> {
    let mut chance = Chance::default();
    let mut watched = run(part, &mut chance);
    if watched.as_ref().is_err_and(|problems| problems.iter().any(|it| it.message.contains(chance::PROHIBITED))) {
        chance = Chance { pure: true, ..Chance::default() };
        watched = run(part, &mut chance);
    }
    if !chance.found.is_empty() {
        return Err(chance.found);
    }
    // What was stood in for is not used any further.
    let original = run(part, &mut Nobody)?;
    let watched = watched?;
    let found = differences(&original, &watched).map_err(|error| vec![unusable(&error)])?;
    if found.is_empty() {
        return Ok(original);
    }
    let problem = Diagnostic::error("squash-chance", "the migrations do not lead to the same when they run twice");
    Err(vec![found.into_iter().fold(problem, Diagnostic::note)])
}

/// Runs them on an empty database.
fn run(part: &MigrationSet, watch: &mut dyn Watch) -> Result<Connection, Vec<Diagnostic>> {
    let mut connection = scratch::open(&part.config.replay.stubs).map_err(|error| vec![unusable(&error)])?;
    onto(part, &mut connection, watch)?;
    Ok(connection)
}

fn onto(part: &MigrationSet, connection: &mut Connection, watch: &mut dyn Watch) -> Result<(), Vec<Diagnostic>> {
    let mut replay = Replay::default();
    Replayer::new(part, None).ups(connection, &mut replay, watch);
    if let Some((name, why)) = replay.stopped {
        replay.diagnostics.push(not_replayable(&name, why));
    }
    if replay.diagnostics.is_empty() { Ok(()) } else { Err(replay.diagnostics) }
}

/// Runs the script as the runner would, and compares.
fn prove(part: &MigrationSet, original: &Connection, up: &Script) -> Result<(), Vec<Diagnostic>> {
    let connection = scratch::open(&part.config.replay.stubs).map_err(|error| vec![unusable(&error)])?;
    lead(part, &connection, original, up)
}

/// The same from what the hook before all migrations makes, which may be something.
fn with_hook(set: &MigrationSet, part: &MigrationSet, up: &Script) -> Result<(), Vec<Diagnostic>> {
    let Some(hook) = &set.before_all else { return Ok(()) };
    let failed = |error: rusqlite::Error| vec![unusable(&error)];
    let connection = scratch::open(&part.config.replay.stubs).map_err(failed)?;
    Replayer::new(part, None).hook(&connection, hook, &mut Nobody).map_err(|halt| match halt {
        Halt::Refused(problem) => vec![*problem],
        Halt::Stopped(why) => vec![not_replayable(hook.source.path(), why)],
    })?;
    let mut original = scratch::copy(&connection, &part.config.replay.stubs).map_err(failed)?;
    onto(part, &mut original, &mut Nobody)?;
    lead(part, &connection, &original, up).map_err(|problems| {
        let note = format!("this is so after `{}` has run", hook.source.path());
        problems.into_iter().map(|problem| problem.note(&note)).collect()
    })
}

fn lead(
    part: &MigrationSet,
    connection: &Connection,
    original: &Connection,
    up: &Script,
) -> Result<(), Vec<Diagnostic>> {
    let deferring = execute::mentions_deferring(up);
    replay::run(connection, part.config.foreign_keys, up, deferring, &mut Nobody).map_err(|problem| vec![problem])?;
    let found = differences(original, connection).map_err(|error| vec![unusable(&error)])?;
    if found.is_empty() {
        return Ok(());
    }
    let path = up.source.path();
    let message = format!("`{path}` does not lead to what the migrations lead to that it stands for");
    let problem = Diagnostic::error("squash-differs", message).in_file(path);
    Err(vec![found.into_iter().fold(problem, Diagnostic::note)])
}

fn refused(refusal: Refusal) -> Diagnostic {
    match refusal {
        Refusal::Sqlite(error) => unusable(&error),
        Refusal::Because(why) => Diagnostic::error("squash", format!("the rows can't be written: {why}")),
    }
}

fn unusable(error: &rusqlite::Error) -> Diagnostic {
    Diagnostic::error("replay", format!("could not use a database in memory: {error}"))
}
