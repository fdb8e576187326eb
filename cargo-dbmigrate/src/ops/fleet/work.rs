//! The work on one database, in this process.

use std::path::Path;

use dbmigrate_runtime::{Direction, Error, NewerDatabase, Rehearsal, Rehearse, Report};
use rusqlite::Connection;

use super::look::{connect, version};
use super::{Crew, Done, Fault, Task};

/// What became of a database: its version afterwards, and what was done; with what stopped it.
pub(super) struct Worked {
    pub(super) after: Option<Option<String>>,
    pub(super) done: Done,
    pub(super) fault: Option<Fault>,
}

/// Works on a database.
pub(super) fn work(path: &Path, crew: &Crew<'_>, task: Task) -> Worked {
    let mut connection = match connect(path, crew, task) {
        Ok((connection, _)) => connection,
        Err(fault) => return Worked { after: None, done: Done::default(), fault: Some(fault) },
    };
    let (done, fault) = match run(&mut connection, crew, task) {
        Ok(done) => (done, None),
        Err((done, fault)) => (done, Some(fault)),
    };
    let after = match done.newest.as_deref() {
        _ if !task.writes() => None,
        Some(newest) if is_last(newest, crew) => Some(crew.one().map(|migrator| crew.label(&migrator, newest))),
        _ => version(crew, &mut connection).ok(),
    };
    Worked { after, done, fault }
}

/// Whether nothing that is applied can be newer.
fn is_last(name: &str, crew: &Crew<'_>) -> bool {
    crew.one().is_some_and(|migrator| {
        let Ok(set) = migrator.set() else { return false };
        set.rules.newer_database == NewerDatabase::Refuse && set.migrations.last().is_some_and(|it| it.name == name)
    })
}

fn run(connection: &mut Connection, crew: &Crew<'_>, task: Task) -> Result<Done, (Done, Fault)> {
    match (task, crew.one()) {
        (Task::Up { to, dry_run: false }, Some(migrator)) => reported(match to {
            Some(to) => migrator.up_to(connection, to),
            None => migrator.up(connection),
        }),
        (Task::Down { to, dry_run: false }, Some(migrator)) => reported(match to {
            Some(to) => migrator.down_to(connection, to),
            None => migrator.down_all(connection),
        }),
        (Task::Up { dry_run: false, .. }, None) => match crew.together().up(connection) {
            Ok(reports) => Ok(reports.into_iter().fold(Done::default(), |done, it| done.and(it.report))),
            Err(error) => reported(Err(error)),
        },
        (Task::Up { to, .. }, Some(migrator)) => {
            rehearsed(migrator.rehearse(connection, to.map_or(Rehearse::Up, Rehearse::UpTo)).map(|it| vec![it]))
        }
        (Task::Down { to, .. }, Some(migrator)) => {
            rehearsed(migrator.rehearse(connection, to.map_or(Rehearse::DownAll, Rehearse::DownTo)).map(|it| vec![it]))
        }
        (Task::Up { .. }, None) => {
            let rehearsals = crew.together().rehearse(connection);
            rehearsed(rehearsals.map(|all| all.into_iter().map(|it| it.rehearsal).collect()))
        }
        (Task::Backup, _) => match crew.any().map(|migrator| migrator.back_up(connection)) {
            Some(made) => {
                let backup = made.map_err(|error| (Done::default(), error.into()))?;
                Ok(Done { backup: Some(backup), ..Done::default() })
            }
            None => Ok(Done::default()),
        },
        (Task::Status | Task::Verify | Task::Drift | Task::Down { .. }, _) => Ok(Done::default()),
    }
}

fn reported(result: Result<Report, Error>) -> Result<Done, (Done, Fault)> {
    match result {
        Ok(report) => Ok(Done::default().and(report)),
        Err(error) => Err((Done::default().and(error.report().clone()), error.into())),
    }
}

fn rehearsed(result: Result<Vec<Rehearsal>, Error>) -> Result<Done, (Done, Fault)> {
    let rehearsals = result.map_err(|error| (Done::default(), error.into()))?;
    let mut done = Done::default();
    for rehearsal in rehearsals {
        let up = rehearsal.migrations.iter().filter(|it| it.direction == Direction::Up).count();
        done.applied += up + rehearsal.repeated.len();
        done.rolled_back += rehearsal.migrations.len() - up;
        if let Some(error) = rehearsal.error {
            return Err((done, error.into()));
        }
    }
    Ok(done)
}

impl Done {
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
