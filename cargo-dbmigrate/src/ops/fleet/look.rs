//! The look at one database before anything is changed: whether it can be opened, how far it is, what there is to do, and
//! whether anything stands against it.
//!
//! A file that is to be changed later is opened as it will be then: that shows what a reader does not see, and lets
//! SQLite take back what a writer that died had not finished. No page is written but for that.

use std::fs;
use std::path::Path;

use dbmigrate_runtime::cli::{belongs_to_another, open_existing};
use dbmigrate_runtime::{Entry, Migrator, Planned, Status};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::drift::{LiveSchema, SchemaReader};
use super::{Migrators, access, room};
use crate::fleet::{Fault, Inspection, Task};
use crate::ops::driver::Rusqlite;
use crate::ops::immutable;

/// Opens a database as the task needs it; with what is worth knowing of that.
pub(super) fn connect(
    path: &Path,
    migrators: &Migrators<'_>,
    task: Task,
) -> Result<(Connection, Option<&'static str>), Fault> {
    if belongs_to_another(path) {
        return Err(Fault::new("this is not a database: by its name it belongs to one"));
    }
    // Nobody is to get a new database for one whose content is lost.
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0) {
        return Err(Fault::new("is empty: 0 bytes").help("to create a new database: `cargo dbmigrate up`"));
    }
    match open_existing::<Rusqlite>(path, migrators.request) {
        Ok(opened) => Ok(opened),
        // In a folder where nothing can be written.
        Err(fault) if task.writes() => Err(fault.into()),
        Err(fault) => immutable::open(path)
            .map(|connection| (connection, Some(immutable::AS_IT_LIES)))
            .ok_or_else(|| fault.into()),
    }
}

/// Looks at a database: what is seen, and what stands against the work on it. With a reader, also what it has.
pub(super) fn look(
    path: &Path,
    migrators: &Migrators<'_>,
    task: Task,
    reader: Option<SchemaReader<'_>>,
) -> (Option<Inspection>, Result<Option<LiveSchema>, Fault>) {
    let mut inspection = None;
    let result = see(path, migrators, task, &mut inspection)
        .and_then(|mut connection| reader.map(|reader| reader.read(&mut connection, migrators)).transpose());
    (inspection, result)
}

fn see(
    path: &Path,
    migrators: &Migrators<'_>,
    task: Task,
    found: &mut Option<Inspection>,
) -> Result<Connection, Fault> {
    let (mut connection, note) = connect(path, migrators, task)?;
    if task.writes() && bytes(&immutable::companion(path, "-wal")) > 0 {
        // What others have left in the log stays there.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(by_sqlite)?;
    }
    let mut inspection =
        Inspection { bytes: bytes(path) + bytes(&immutable::companion(path, "-wal")), note, ..Inspection::default() };
    // Of most files that are to come up the plan says how far they are, too.
    let plan = match (task, migrators.one()) {
        (Task::Up { to, .. }, Some(migrator)) => Some(migrator.up_plan(&mut connection, to)),
        (Task::Up { .. }, None) => Some(migrators.together().up_plan(&mut connection)),
        _ => None,
    };
    let plan = match plan {
        Some(Err(error)) if error.is_busy() || error.is_sql() => return Err(error.into()),
        plan => plan,
    };
    let newest = plan.as_ref().and_then(|plan| plan.as_ref().ok()?.newest.as_deref());
    let mut is_there = true;
    inspection.version = match (newest, migrators.one()) {
        (Some(newest), Some(migrator)) => Some(migrators.label(&migrator, newest)),
        _ => standing(&mut connection, migrators, task, &mut inspection, &mut is_there)?,
    };
    let inspection = found.insert(inspection);
    let planned = match (plan, task, migrators.one()) {
        (Some(plan), ..) => plan?,
        (None, Task::Down { to, .. }, Some(migrator)) if !is_there => migrator.down_plan(&mut connection, to)?,
        _ => Planned::default(),
    };
    if !planned.is_empty() {
        inspection.todo = (planned.migrations + planned.repeatables).max(1);
        inspection.copies = planned.copies;
        if let Some(migrator) = migrators.any().filter(|_| task.writes()) {
            access::refuse(path)?;
            migrator.can_write(&mut connection)?;
        }
    }
    if inspection.copies || task == Task::Backup {
        access::refuse_folder(&room::place(path, migrators))?;
    }
    Ok(connection)
}

/// How far the sets are, with what there is to do for a task that has no plan of its own; whether the target of a way
/// back is reached.
fn standing(
    connection: &mut Connection,
    migrators: &Migrators<'_>,
    task: Task,
    inspection: &mut Inspection,
    is_there: &mut bool,
) -> Result<Option<String>, Fault> {
    let mut versions = Versions::default();
    for migrator in migrators.each() {
        let status = migrator.status(connection)?;
        versions.add(migrators, &migrator, &status);
        match task {
            Task::Status | Task::Verify | Task::Drift => {
                inspection.todo += status.pending() + status.pending_repeatables();
                let rules = migrator.set()?.rules;
                if task == Task::Verify || !status.entries.iter().all(|entry| entry.state.is_allowed(rules)) {
                    let verified = migrator.verify(connection)?;
                    inspection.checked += verified.checked;
                    let faults = verified.problems.into_iter().map(|it| migrators.aimed(&migrator, it.into()));
                    inspection.differs.extend(faults);
                }
            }
            Task::Backup => inspection.todo = 1,
            Task::Down { to, .. } => {
                *is_there = newest(&status).is_none_or(|newest| to.is_some_and(|to| newest.number <= to));
            }
            Task::Up { .. } => {}
        }
    }
    Ok(versions.joined())
}

/// How far each set is.
#[derive(Default)]
struct Versions(Vec<String>);

impl Versions {
    fn add(&mut self, migrators: &Migrators<'_>, migrator: &Migrator<'_, Rusqlite>, status: &Status) {
        self.0.extend(newest(status).map(|newest| migrators.label(migrator, &newest.name)));
    }

    fn joined(self) -> Option<String> {
        Some(self.0.join(", ")).filter(|version| !version.is_empty())
    }
}

/// How far a database is.
pub(super) fn version(migrators: &Migrators<'_>, connection: &mut Connection) -> Result<Option<String>, Fault> {
    let mut versions = Versions::default();
    for migrator in migrators.each() {
        let status = migrator.status(connection)?;
        versions.add(migrators, &migrator, &status);
    }
    Ok(versions.joined())
}

/// The newest applied migration: that of the highest number.
fn newest(status: &Status) -> Option<&Entry> {
    status.entries.iter().rev().find(|entry| entry.state.is_applied())
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn by_sqlite(error: rusqlite::Error) -> Fault {
    Fault::new(error.to_string())
}
