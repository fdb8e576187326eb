//! The work on one database, in this process.

use std::path::Path;

use dbmigrate_runtime::{Direction, Error, NewerDatabase, Rehearsal, Rehearse, Report};
use rusqlite::Connection;

use super::Migrators;
use super::look::{self, connect};
use crate::fleet::{Changes, Fault, Task};

/// What became of a database: its version afterwards, and what was changes; with what stopped it.
pub(super) struct WorkResult {
    pub(super) version: Option<Option<String>>,
    pub(super) changes: Changes,
    pub(super) fault: Option<Fault>,
}

/// Works on a database.
pub(super) fn work(path: &Path, migrators: &Migrators<'_>, task: Task) -> WorkResult {
    let mut connection = match connect(path, migrators, task) {
        Ok((connection, _)) => connection,
        Err(fault) => return WorkResult { version: None, changes: Changes::default(), fault: Some(fault) },
    };
    let (changes, fault) = match run(&mut connection, migrators, task) {
        Ok(changes) => (changes, None),
        Err((changes, fault)) => (changes, Some(fault)),
    };
    let version = match changes.newest.as_deref() {
        _ if !task.writes() => None,
        Some(newest) if is_last(newest, migrators) => {
            Some(migrators.one().map(|migrator| migrators.label(&migrator, newest)))
        }
        _ => look::version(migrators, &mut connection).ok(),
    };
    WorkResult { version, changes, fault }
}

/// Whether nothing that is applied can be newer.
fn is_last(name: &str, migrators: &Migrators<'_>) -> bool {
    migrators.one().is_some_and(|migrator| {
        let Ok(set) = migrator.set() else { return false };
        set.rules.newer_database == NewerDatabase::Refuse && set.migrations.last().is_some_and(|it| it.name == name)
    })
}

fn run(connection: &mut Connection, migrators: &Migrators<'_>, task: Task) -> Result<Changes, (Changes, Fault)> {
    match (task, migrators.one()) {
        (Task::Up { to, dry_run: false }, Some(migrator)) => reported(match to {
            Some(to) => migrator.up_to(connection, to),
            None => migrator.up(connection),
        }),
        (Task::Down { to, dry_run: false }, Some(migrator)) => reported(match to {
            Some(to) => migrator.down_to(connection, to),
            None => migrator.down_all(connection),
        }),
        (Task::Up { dry_run: false, .. }, None) => match migrators.together().up(connection) {
            Ok(reports) => Ok(reports.into_iter().fold(Changes::default(), |changes, it| changes.and(it.report))),
            Err(error) => reported(Err(error)),
        },
        (Task::Up { to, .. }, Some(migrator)) => {
            rehearsed(migrator.rehearse(connection, to.map_or(Rehearse::Up, Rehearse::UpTo)).map(|it| vec![it]))
        }
        (Task::Down { to, .. }, Some(migrator)) => {
            rehearsed(migrator.rehearse(connection, to.map_or(Rehearse::DownAll, Rehearse::DownTo)).map(|it| vec![it]))
        }
        (Task::Up { .. }, None) => {
            let rehearsals = migrators.together().rehearse(connection);
            rehearsed(rehearsals.map(|all| all.into_iter().map(|it| it.rehearsal).collect()))
        }
        (Task::Backup, _) => match migrators.any().map(|migrator| migrator.back_up(connection)) {
            Some(made) => {
                let backup = made.map_err(|error| (Changes::default(), error.into()))?;
                Ok(Changes { backup: Some(backup), ..Changes::default() })
            }
            None => Ok(Changes::default()),
        },
        (Task::Status | Task::Verify | Task::Drift | Task::Down { .. }, _) => Ok(Changes::default()),
    }
}

fn reported(result: Result<Report, Error>) -> Result<Changes, (Changes, Fault)> {
    match result {
        Ok(report) => Ok(Changes::default().and(report)),
        Err(error) => Err((Changes::default().and(error.report().clone()), error.into())),
    }
}

fn rehearsed(result: Result<Vec<Rehearsal>, Error>) -> Result<Changes, (Changes, Fault)> {
    let rehearsals = result.map_err(|error| (Changes::default(), error.into()))?;
    let mut changes = Changes::default();
    for rehearsal in rehearsals {
        let up = rehearsal.migrations.iter().filter(|it| it.direction == Direction::Up).count();
        changes.applied += up + rehearsal.repeated.len();
        changes.rolled_back += rehearsal.migrations.len() - up;
        if let Some(error) = rehearsal.error {
            return Err((changes, error.into()));
        }
    }
    Ok(changes)
}

impl Changes {
    /// The same with what another run did.
    fn and(mut self, report: Report) -> Self {
        self.applied += report.applied.len() + report.repeated.len();
        self.rolled_back += report.rolled_back.len();
        self.backup = self.backup.take().or(report.backup);
        self.newest = report.applied.last().map(|newest| newest.name.clone()).or(self.newest);
        let named = report.applied.into_iter().chain(report.rolled_back);
        let notes = named.flat_map(|it| it.notes.into_iter().map(move |note| format!("`{}`: {note}", it.name)));
        self.notes.extend(notes.chain(report.notes));
        if let Some(adopted) = report.adopted {
            self.notes.push(format!("the history of {} was taken over", adopted.from));
        }
        self
    }
}
