//! One script that makes the same of an empty database as several migrations: schema and rows, proved by comparison.

use std::sync::Arc;

use dbmigrate_core::script::{self, Halves};
use dbmigrate_core::{Diagnostic, MigrationSet, Script, SourceMigration, SourceText};
use rusqlite::Connection;

use crate::chance::Chance;
use crate::migrated::not_replayable;
use crate::model::Name;
use crate::observer::NoObserver;
use crate::replay::{Halt, Replayer};
use crate::scratch;
use crate::snapshot::{Snapshot, differences, history, snapshot};
use crate::steady::{Codes, lead, onto, refuse, refused, run, steady, unusable, ups};

const CODES: Codes = Codes {
    code: "squash-code",
    setting: "squash-setting",
    chance: "squash-chance",
    differs: "squash-differs",
    history: "squash-history",
    any: "squash",
};

/// A script that replaces migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Squash {
    /// The text of its file.
    pub text: String,
    /// How many migrations it replaces.
    pub replaced: usize,
    /// How many tables, indexes, views and triggers it creates.
    pub objects: usize,
    /// How many rows it writes.
    pub rows: usize,
    /// The migrations with assertions, which have nothing to check in an empty database.
    pub asserts: Vec<String>,
}

/// Writes one script for the first `count` migrations of a set, and proves that the result is the same. `path` is that
/// of the future file, `first` the number of the very first migration.
///
/// # Errors
///
/// Everything because of which it cannot be written or proved: Rust, other database files, values that depend on the
/// time or on random numbers, and settings that a database in memory does not keep.
pub fn squash(set: &MigrationSet, count: usize, path: &str, first: &str) -> Result<Squash, Vec<Diagnostic>> {
    let (originals, last) = match set.migrations.get(..count) {
        Some(originals @ [.., last]) => (originals, last),
        _ => return Err(vec![Diagnostic::error("squash", "there is nothing to squash")]),
    };
    refuse(originals, CODES)?;
    if set.base.is_some() {
        let message = "the migrations start from `replay.base`, and a squash has to start from nothing";
        return Err(vec![Diagnostic::error("squash", message)]);
    }
    let part = MigrationSet { migrations: originals.to_vec(), before_all: None, ..set.clone() };
    let original = steady(&part, CODES, |pure| Chance::new(CODES.chance, pure))?;
    if let Some(problem) = history(&part, &original, CODES).map_err(|error| vec![unusable(&error)])? {
        return Err(vec![problem]);
    }
    let stubs = &part.config.replay.stubs;
    let Snapshot { sql, objects, rows, refers } =
        snapshot(&original, stubs).map_err(|refusal| vec![refused(refusal, CODES)])?;
    let mut text = format!("-- Migration: {first} to {} in one\n", last.digits);
    text.push_str(&format!("-- dbmigrate: replaces {first}..{}\n", last.digits));
    for required in elsewhere(originals) {
        text.push_str(&format!("-- dbmigrate: requires {required}\n"));
    }
    if refers {
        text.push_str("-- dbmigrate: foreign-keys off\n");
    }
    text.push_str(&format!("-- dbmigrate: irreversible it replaces {first} to {}\n\n{sql}", last.digits));
    let source = Arc::new(SourceText::new(path, &text));
    let mut diagnostics = Vec::new();
    let Halves { up, .. } = script::parse(&source, &mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    prove(&part, &original, &up)?;
    with_hook(set, &part, &up)?;
    beside_the_history(&part, &original)?;
    let asserts = originals.iter().filter(|migration| ups(migration).is_some_and(|up| !up.asserts.is_empty()));
    Ok(Squash { text, replaced: count, objects, rows, asserts: asserts.map(SourceMigration::name).collect() })
}

/// Whether the migrations lead to the same in the presence of the tables that a runner has made before.
fn beside_the_history(part: &MigrationSet, original: &Connection) -> Result<(), Vec<Diagnostic>> {
    let failed = |error: rusqlite::Error| vec![unusable(&error)];
    let mut beside = scratch::open(&part.config.replay.stubs).map_err(failed)?;
    let history = ["", "_head"].map(|end| Name::new(format!("{}{end}", part.config.table)).to_sql());
    let make = history.iter().map(|table| format!("CREATE TABLE main.{table} (id INTEGER PRIMARY KEY, name TEXT);"));
    beside.execute_batch(&make.collect::<String>()).map_err(failed)?;
    // Where they can't run so, no database has what they lead to.
    if onto(part, &mut beside, &mut NoObserver).is_err() {
        return Ok(());
    }
    let drop = history.iter().map(|table| format!("DROP TABLE IF EXISTS main.{table};"));
    beside.execute_batch(&drop.collect::<String>()).map_err(failed)?;
    let found = differences(original, &beside).map_err(failed)?;
    if found.is_empty() {
        return Ok(());
    }
    let message = "the migrations make something else if the tables of the history exist, as in every program";
    let problem = Diagnostic::error(CODES.chance, message);
    Err(vec![
        found.into_iter().fold(problem, Diagnostic::note).help("a statement that reads `sqlite_schema` may count them"),
    ])
}

/// Checks whether the squash of a set makes the same as the migrations that it replaces. If their files were pruned, or
/// there is no squash, nothing is compared.
#[must_use]
pub fn check_squash(set: &MigrationSet) -> Vec<Diagnostic> {
    let (Some(replaced), Some(squash)) = (&set.replaced, set.migrations.first()) else { return Vec::new() };
    let Some(up) = ups(squash) else { return Vec::new() };
    if replaced.lock.pruned.is_some() {
        return Vec::new();
    }
    let part = MigrationSet { migrations: replaced.migrations.clone(), before_all: None, ..set.clone() };
    let original = match run(&part, &mut NoObserver) {
        Ok(original) => original,
        Err(problems) => return problems,
    };
    prove(&part, &original, up).and_then(|()| with_hook(set, &part, up)).err().unwrap_or_default()
}

/// What the migrations need of other sets.
fn elsewhere(migrations: &[SourceMigration]) -> Vec<&str> {
    let names = migrations.iter().flat_map(|migration| &migration.requires).map(|required| required.name.as_str());
    let mut names: Vec<&str> = names.filter(|name| name.contains('/')).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Runs the script as the runner would, and compares.
fn prove(part: &MigrationSet, original: &Connection, up: &Script) -> Result<(), Vec<Diagnostic>> {
    let connection = scratch::open(&part.config.replay.stubs).map_err(|error| vec![unusable(&error)])?;
    lead(part, &connection, original, up, CODES)
}

/// The same from what the hook before all migrations makes, which may be something.
fn with_hook(set: &MigrationSet, part: &MigrationSet, up: &Script) -> Result<(), Vec<Diagnostic>> {
    let Some(hook) = &set.before_all else { return Ok(()) };
    let failed = |error: rusqlite::Error| vec![unusable(&error)];
    let connection = scratch::open(&part.config.replay.stubs).map_err(failed)?;
    Replayer::new(part, None).hook(&connection, hook, &mut NoObserver).map_err(|halt| match halt {
        Halt::Refused(problem) => vec![*problem],
        Halt::Stopped(why) => vec![not_replayable(hook.source.path(), why)],
    })?;
    let mut original = scratch::copy(&connection, &part.config.replay.stubs).map_err(failed)?;
    onto(part, &mut original, &mut NoObserver)?;
    lead(part, &connection, &original, up, CODES).map_err(|problems| {
        let note = format!("this is so after `{}` has run", hook.source.path());
        problems.into_iter().map(|problem| problem.note(&note)).collect()
    })
}
