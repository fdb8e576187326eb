//! `snapshot.sql`: written, proved by the real runner, and sealed in `migrations.lock`.
//!
//! The schema crate says what speaks against it and writes the text. Here a database that went the whole way is compared
//! with one that starts from it, history included: what a program does is what was proved.

use std::fs;
use std::path::Path;

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::lock::{self, Lock, SealedSnapshot};
use dbmigrate_core::snapshot::{self, FILE, Snapshot};
use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration, SourceText};
use dbmigrate_runtime::Migrator;
use dbmigrate_schema::{SnapshotFile, differences_but, snapshot_file, stand_in};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::project::Project;
use crate::ops::{create, edit, other_tools, runtime_set};

#[cfg(test)]
mod tests;

/// From how many migrations after it on a snapshot is worth another one.
const BEHIND: usize = 50;

/// What was done, or would be.
pub(crate) struct Taken {
    /// The file, relative to the package.
    pub(crate) file: String,
    /// What it holds.
    pub(crate) snapshot: SnapshotFile,
    /// The name of the last migration that it stands for.
    pub(crate) last: String,
    /// Its number, as its file writes it.
    pub(crate) digits: String,
    /// How many it stands for.
    pub(crate) migrations: usize,
    /// The first of them that may still be edited: then the snapshot is of no use any more.
    pub(crate) unsealed: Option<String>,
    /// Whether all of it was there already.
    pub(crate) is_fresh: bool,
}

/// Writes and seals the snapshot of the migrations up to `to`. `dry_run` changes nothing.
pub(crate) fn take(project: &Project, to: Option<&str>, dry_run: bool) -> Result<Taken, CliError> {
    other_tools::refuse(project, "snapshot")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let set = load(project)?;
    let last = match to {
        Some(target) => set.find(target).map_err(|unknown| CliError::from(*unknown).into_usage())?,
        None => {
            set.migrations.last().ok_or_else(|| CliError::usage("there are no migrations to take a snapshot of"))?
        }
    };
    let count = set.migrations.iter().take_while(|migration| migration.number <= last.number).count();
    let file = format!("{}/{FILE}", project.config.dir);
    let made = proved(&set, count, &file).map_err(|problems| refused(problems, &set, count, &file))?;
    let seal = SealedSnapshot {
        number: last.number,
        chain: last.chain.clone(),
        checksum: snapshot::checksum(&made.source),
        source: snapshot::source(&set.config, set.migrations.get(..count).unwrap_or_default()),
    };
    let is_there = SourceText::read(&project.root, &file).is_ok_and(|there| there.text() == made.source.text());
    let is_fresh = is_there && set.lock.snapshot.as_ref() == Some(&seal);
    if !is_fresh && !dry_run {
        let lock = Lock { snapshot: Some(seal), ..set.lock.clone() };
        write(project, &file, &lock, Some(made.source.text()))?;
    }
    drop(guard);
    let unsealed = set.migrations.iter().take(count).find(|migration| !set.lock.seals(migration));
    Ok(Taken {
        file,
        snapshot: made,
        last: last.name(),
        digits: last.digits.clone(),
        migrations: count,
        unsealed: unsealed.map(SourceMigration::name),
        is_fresh,
    })
}

/// Deletes the file and its seal; the file, where there was one or the other. `dry_run` changes nothing.
pub(crate) fn remove(project: &Project, dry_run: bool) -> Result<Option<String>, CliError> {
    other_tools::refuse(project, "snapshot")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let file = format!("{}/{FILE}", project.config.dir);
    let set = load(project)?;
    if project.root.join(&file).symlink_metadata().is_err() && set.lock.snapshot.is_none() {
        return Ok(None);
    }
    if !dry_run {
        write(project, &file, &Lock { snapshot: None, ..set.lock }, None)?;
    }
    drop(guard);
    Ok(Some(file))
}

/// What `check` says of a snapshot that most of the work comes after.
pub(crate) fn behind(set: &MigrationSet) -> Option<Diagnostic> {
    let snapshot = set.snapshot.as_ref()?;
    let after = set.migrations.iter().filter(|migration| migration.number > snapshot.number).count();
    let file = snapshot.script.source.path();
    (after >= BEHIND).then(|| {
        Diagnostic::warning("snapshot-behind", format!("{after} migrations come after `{file}`, and run one by one"))
            .in_file(file)
            .help("take a new one of all of them: `cargo dbmigrate snapshot`")
    })
}

/// What is said of a snapshot that is of no use once migrations have other numbers. `planned` is the first number that
/// is still to change.
pub(crate) fn outdated(project: &Project, planned: Option<u64>) -> Option<Diagnostic> {
    let file = format!("{}/{FILE}", project.config.dir);
    project.root.join(&file).symlink_metadata().ok()?;
    if project.load().set.snapshot.is_some_and(|it| planned.is_none_or(|first| it.number < first)) {
        return None;
    }
    let message = format!("`{file}` does not match the new numbers of the migrations");
    Some(
        Diagnostic::warning("snapshot-renumbered", message)
            .in_file(&file)
            .help("take a new one, then seal: `cargo dbmigrate snapshot`, `cargo dbmigrate lock`"),
    )
}

/// The set, whatever is wrong with the snapshot that it has; but a folder by that name is not ours to delete.
fn load(project: &Project) -> Result<MigrationSet, CliError> {
    let loaded = project.load();
    let file = format!("{}/{FILE}", project.config.dir);
    let is_other = |it: &&Diagnostic| it.is_error() && (it.file.as_ref() != Some(&file) || it.code == snapshot::FOLDER);
    let errors: Vec<Diagnostic> = loaded.diagnostics.iter().filter(is_other).cloned().collect();
    if errors.is_empty() { Ok(loaded.set) } else { Err(CliError::diagnostics(errors)) }
}

/// Writes the lock and the file. A file without its seal stops the build and a seal without its file does not, so that
/// the old file goes first and the new one comes last.
fn write(project: &Project, file: &str, lock: &Lock, text: Option<&str>) -> Result<(), CliError> {
    let failed = |what: &str, path: &Path, error: std::io::Error| {
        CliError::failure(format!("could not {what} `{}`: {error}", path.display()))
    };
    let path = project.root.join(file);
    if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).map_err(|error| failed("delete", &path, error))?;
    }
    let locked = project.root.join(&project.config.dir).join(lock::FILE);
    if *lock != Lock::default() {
        edit::put(&locked, &lock.to_text()).map_err(|error| failed("write", &locked, error))?;
    } else if locked.exists() {
        fs::remove_file(&locked).map_err(|error| failed("delete", &locked, error))?;
    }
    match text {
        Some(text) => edit::create(&path, text).map_err(|error| failed("write", &path, error)),
        None => Ok(()),
    }
}

/// The snapshot of the first migrations, which the real runner was seen to start from.
fn proved(set: &MigrationSet, count: usize, file: &str) -> Result<SnapshotFile, Vec<Diagnostic>> {
    let made = snapshot_file(set, count, file)?;
    prove(set, count, &made).map_err(CliError::into_diagnostics)?;
    Ok(made)
}

/// Says what to do about what no snapshot can be taken of.
fn refused(problems: Vec<Diagnostic>, set: &MigrationSet, count: usize, file: &str) -> CliError {
    let of = |migration: &SourceMigration, problem: &Diagnostic| {
        let file = problem.location.as_ref().map(|place| place.path.as_str()).or(problem.file.as_deref());
        file == Some(migration.file.as_str())
    };
    let first = set.migrations.iter().position(|migration| problems.iter().any(|problem| of(migration, problem)));
    // Where no file is to blame, it shows by trying where it begins.
    let before = first.unwrap_or_else(|| leads(set, count, file));
    let before = before.checked_sub(1).and_then(|before| set.migrations.get(before));
    CliError::diagnostics(problems).help(match before {
        Some(before) => format!("take one of those before it: `cargo dbmigrate snapshot --to {}`", before.digits),
        None => "or do without: all migrations run one by one, as before".to_owned(),
    })
}

/// Of how many migrations, fewer than `count`, one can be taken where one more is too many; few are tried.
fn leads(set: &MigrationSet, count: usize, file: &str) -> usize {
    let (mut good, mut bad) = (0, count);
    while good + 1 < bad {
        let middle = good + (bad - good) / 2;
        match proved(set, middle, file) {
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    good
}

/// Lets the real runner go both ways, and compares: under settings of the connection that a program may have.
fn prove(set: &MigrationSet, count: usize, made: &SnapshotFile) -> Result<(), CliError> {
    let migrations: Vec<SourceMigration> = set.migrations.iter().take(count).cloned().collect();
    let number = migrations.last().map_or(0, |last| last.number);
    let walks = MigrationSet {
        migrations,
        repeatables: Vec::new(),
        after_all: None,
        replaced: None,
        snapshot: None,
        adoption: None,
        ..set.clone()
    };
    let snapshot = Snapshot { number, script: made.script.clone() };
    let starts = MigrationSet { snapshot: Some(snapshot), ..walks.clone() };
    let foreign_keys: &[&str] = match set.config.foreign_keys {
        // What is done to rows may depend on it.
        ForeignKeys::Connection => &["ON", "OFF"],
        ForeignKeys::On | ForeignKeys::Off => &["ON"],
    };
    for foreign_keys in foreign_keys {
        let settings = format!("PRAGMA foreign_keys = {foreign_keys}");
        let whole = fresh(&walks, &settings, false)?;
        let short = fresh(&starts, &settings, true)?;
        compare(set, &whole, &short, &settings)?;
    }
    Ok(())
}

/// A database in memory that the runner has brought up, from the snapshot if that is wanted.
fn fresh(set: &MigrationSet, settings: &str, starts: bool) -> Result<Connection, CliError> {
    let mut connection = Connection::open_in_memory().map_err(CliError::in_memory)?;
    stand_in(&connection, &set.config.replay.stubs).map_err(CliError::in_memory)?;
    connection.execute_batch(settings).map_err(CliError::in_memory)?;
    let report = runtime_set::with_set(set, |set| Migrator::<Rusqlite>::new(set).up(&mut connection));
    let found = "the migrations do not run on an empty database: ";
    let report = report.map_err(|error| CliError::from(error).found_by(found))?;
    if starts && report.snapshot.is_none() {
        let why = "a new database can't start from it, because a statement in it fails";
        return Err(CliError::failure(format!("these migrations can't have a snapshot: {why}")));
    }
    Ok(connection)
}

/// Both databases have to be the same, and the records of the migrations but for the times.
fn compare(set: &MigrationSet, whole: &Connection, short: &Connection, settings: &str) -> Result<(), CliError> {
    let table = set.config.table.as_str();
    let mut found = differences_but(whole, short, &[table]).map_err(CliError::in_memory)?;
    if records(whole, table).map_err(CliError::in_memory)? != records(short, table).map_err(CliError::in_memory)? {
        found.push("the history has other rows".to_owned());
    }
    if found.is_empty() {
        return Ok(());
    }
    let message = "these migrations can't have a snapshot: a database that starts from it would differ from one that \
        ran all migrations";
    let problem = Diagnostic::error("snapshot-differs", message);
    let problem = found.into_iter().fold(problem, Diagnostic::note);
    Err(CliError::diagnostics(vec![problem.note(format!("both were created with `{settings}`"))]))
}

/// The rows of a history, but for times.
fn records(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Vec<Value>>> {
    let sql = format!(
        "SELECT id, name, set_name, number, checksum, state, statements_done, up_sql, down_sql, tool, text_checksum, \
         prefix_checksum, violations FROM {} ORDER BY id",
        dbmigrate_runtime::quote_identifier(table)
    );
    let mut statement = connection.prepare(&sql)?;
    let count = statement.column_count();
    let rows = statement.query_map([], |row| (0..count).map(|at| row.get(at)).collect())?;
    rows.collect()
}
