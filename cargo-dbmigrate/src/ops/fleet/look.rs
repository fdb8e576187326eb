//! The look at one database before anything is changed: whether it can be opened, how far it is, what there is to do, and
//! whether anything stands against it.
//!
//! A file that is to be changed later is opened as it will be then: that shows what a reader does not see, and lets
//! SQLite take back what a writer that died had not finished. No page is written but for that.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use dbmigrate_runtime::cli::{belongs_to_another, open_existing};
use dbmigrate_runtime::{Entry, Migrator, NewerDatabase, Planned, State, Status};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::{Crew, Fault, Seen, Task};
use crate::ops::driver::Rusqlite;
use crate::ops::open;

/// Opens a database as the task needs it.
pub(super) fn connect(path: &Path, crew: &Crew<'_>, task: Task) -> Result<Connection, Fault> {
    if belongs_to_another(path) {
        return Err(Fault::new("this is no database of its own: by its name it belongs to one"));
    }
    match open_existing::<Rusqlite>(path, crew.request) {
        Ok(connection) => Ok(connection),
        // In a folder where nothing can be written.
        Err(fault) if task.writes() => Err(fault.into()),
        Err(fault) => open::immutable(path).ok_or_else(|| fault.into()),
    }
}

/// Looks at a database: what is seen, and what stands against the work on it.
pub(super) fn look(path: &Path, crew: &Crew<'_>, task: Task) -> (Option<Seen>, Result<(), Fault>) {
    let mut seen = None;
    let result = see(path, crew, task, &mut seen);
    (seen, result)
}

fn see(path: &Path, crew: &Crew<'_>, task: Task, found: &mut Option<Seen>) -> Result<(), Fault> {
    let mut connection = connect(path, crew, task)?;
    if task.writes() && bytes(&log(path)) > 0 {
        // What others have left in the log stays there.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(by_sqlite)?;
    }
    let mut seen = Seen { bytes: bytes(path) + bytes(&log(path)), ..Seen::default() };
    let mut versions = Vec::new();
    let mut reached = true;
    for migrator in crew.each() {
        let status = migrator.status(&mut connection)?;
        let newest = newest(&status);
        if let Some(newest) = newest {
            versions.push(match crew.sets.len() {
                1 => newest.name.clone(),
                _ => format!("{}/{}", migrator.set().name, newest.name),
            });
        }
        if let Task::Down { to, .. } = task {
            reached = newest.is_none_or(|newest| to.is_some_and(|to| newest.number <= to));
        }
        match task {
            Task::Status | Task::Verify | Task::Drift => {
                seen.todo += status.pending() + pending_repeatables(&status);
                if task == Task::Verify || !is_fine(&status, &migrator) {
                    let problems = migrator.verify(&mut connection)?.problems;
                    seen.differs.extend(problems.into_iter().map(Fault::from));
                }
            }
            Task::Backup => seen.todo = 1,
            Task::Up { .. } | Task::Down { .. } => {}
        }
    }
    seen.version = Some(versions.join(", ")).filter(|version| !version.is_empty());
    let seen = found.insert(seen);
    let planned = match (task, crew.one()) {
        (Task::Up { to, .. }, Some(migrator)) => migrator.up_plan(&mut connection, to)?,
        (Task::Up { .. }, None) => crew.together().up_plan(&mut connection)?,
        (Task::Down { to, .. }, Some(migrator)) if !reached => migrator.down_plan(&mut connection, to)?,
        _ => Planned::default(),
    };
    if !planned.is_empty() {
        seen.todo = (planned.migrations + planned.repeatables).max(1);
        seen.copies = planned.copies;
        if let Some(migrator) = crew.any().filter(|_| task.writes()) {
            migrator.can_write(&mut connection)?;
        }
    }
    Ok(())
}

/// The newest applied migration: that of the highest number.
fn newest(status: &Status) -> Option<&Entry> {
    status.entries.iter().rev().find(|entry| entry.state.is_applied())
}

/// The same as a version, of all sets that are meant.
pub(super) fn version(crew: &Crew<'_>, connection: &mut Connection) -> Result<Option<String>, Fault> {
    let mut versions = Vec::new();
    for migrator in crew.each() {
        let status = migrator.status(connection)?;
        versions.extend(newest(&status).map(|newest| match crew.sets.len() {
            1 => newest.name.clone(),
            _ => format!("{}/{}", migrator.set().name, newest.name),
        }));
    }
    Ok(Some(versions.join(", ")).filter(|version| !version.is_empty()))
}

/// How many repeatables `up` would run: none of a program that is older than the database.
fn pending_repeatables(status: &Status) -> usize {
    if status.entries.iter().any(|entry| entry.state == State::Newer) {
        return 0;
    }
    status.repeatables.iter().filter(|entry| entry.state.is_pending()).count()
}

/// Whether the history says nothing that the files do not.
fn is_fine(status: &Status, migrator: &Migrator<'_, Rusqlite>) -> bool {
    let allows_newer = migrator.set().rules.newer_database == NewerDatabase::Allow;
    status.entries.iter().all(|entry| match entry.state {
        State::Applied | State::Pending => true,
        State::Newer => allows_newer,
        _ => false,
    })
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn log(path: &Path) -> PathBuf {
    let mut log = OsString::from(path);
    log.push("-wal");
    log.into()
}

fn by_sqlite(error: rusqlite::Error) -> Fault {
    Fault::new(error.to_string())
}
