//! One run of the real runner on a database in memory, from one version of a set to another, and what it did.

use dbmigrate_core::config::Config;
use dbmigrate_runtime::{Migrator, NoBackend, Set};
use rusqlite::Connection;

use super::tape::{Event, Recorder, Tape};
use crate::error::CliError;
use crate::ops::driver::Rusqlite;

/// What the history records for migrations that a script applied.
const TOOL: &str = concat!("cargo-dbmigrate ", env!("CARGO_PKG_VERSION"), " (script)");

/// From which version to which: how many of the set's first migrations a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Range {
    /// Whether it leads to a newer version.
    pub(super) fn is_up(self) -> bool {
        self.to > self.from
    }
}

/// An empty database in memory, as a program has it.
pub(super) fn memory() -> Result<Connection, CliError> {
    let open = || {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA foreign_keys = ON")?;
        Ok(connection)
    };
    open().map_err(unusable)
}

/// A database in memory that has the first migrations of a set, with nobody's rows but theirs.
pub(super) fn at(set: &Set<'_>, count: usize) -> Result<Connection, CliError> {
    let mut connection = memory()?;
    if let Some(last) = count.checked_sub(1).and_then(|last| set.migrations.get(last)) {
        let migrator = Migrator::<Rusqlite>::new(set).untimed();
        migrator.up_to(&mut connection, last.number).map_err(|error| refused(&error))?;
    }
    Ok(connection)
}

/// A copy of a database, in memory.
pub(super) fn copy(from: &Connection) -> Result<Connection, CliError> {
    let mut to = memory()?;
    let copied = rusqlite::backup::Backup::new(from, &mut to).and_then(|copy| copy.step(-1).map(drop));
    copied.map_err(unusable)?;
    Ok(to)
}

/// Takes a database from one version of a set to the other, as the runner does.
pub(super) fn go(set: &Set<'_>, range: Range, connection: &mut Connection) -> Result<(), dbmigrate_runtime::Error> {
    recorded(set, range, connection).map(drop)
}

/// As [`go`], and what happened.
pub(super) fn recorded(
    set: &Set<'_>,
    range: Range,
    connection: &mut Connection,
) -> Result<Vec<Event>, dbmigrate_runtime::Error> {
    let tape = Tape::default();
    let (each, steps) = (tape.clone(), tape.clone());
    let migrator = Migrator::<NoBackend>::new(set)
        .untimed()
        .tool(TOOL)
        .before_each(move |upcoming| {
            each.add(Event::Migration(upcoming.name.to_owned()));
            Ok(())
        })
        .on_progress(move |progress| {
            if progress.step == 1 {
                steps.add(Event::Script(progress.name.to_owned()));
            }
        });
    let mut driver = Recorder::new(connection, &tape, set);
    let goal = range.to.checked_sub(1).and_then(|last| set.migrations.get(last));
    match goal {
        _ if range.is_up() && range.to == set.migrations.len() => migrator.up_with(&mut driver)?,
        Some(goal) if range.is_up() => migrator.up_to_with(&mut driver, goal.number)?,
        Some(goal) => migrator.down_to_with(&mut driver, goal.number)?,
        None => migrator.down_all_with(&mut driver)?,
    };
    Ok(tape.take())
}

/// The statements by which the runner makes its tables where they are missing. Each can be run twice.
pub(super) fn creates(set: &Set<'_>, config: &Config) -> Result<Vec<String>, CliError> {
    let mut scratch = memory()?;
    let first = Range { from: 0, to: 1 };
    let events = recorded(set, first, &mut scratch).map_err(|error| refused(&error))?;
    let head = format!(
        "UPDATE main.{} SET chain = ''",
        dbmigrate_runtime::quote_identifier(&format!("{}_head", config.table))
    );
    let mut creates = Vec::new();
    for event in events.into_iter().skip_while(|event| !matches!(event, Event::Begun(_))).skip(1) {
        match event {
            Event::Executed(sql) => {
                let is_last = sql == head;
                creates.push(sql);
                if is_last {
                    return Ok(creates);
                }
            }
            _ => break,
        }
    }
    Err(CliError::failure("the runner makes its history in a way that this command does not know"))
}

/// What the runner said on a database in memory.
pub(super) fn refused(error: &dbmigrate_runtime::Error) -> CliError {
    let failure = CliError::failure(format!("on a database in memory, {}", error.message()));
    error.help().iter().fold(failure, |failure, help| failure.help(help))
}

pub(super) fn unusable(error: rusqlite::Error) -> CliError {
    CliError::failure(format!("could not use a database in memory: {error}"))
}
