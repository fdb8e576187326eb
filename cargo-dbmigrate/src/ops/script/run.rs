//! One run of the real runner on a database in memory, from one version of a set to another, and what it did.

use dbmigrate_core::{Diagnostic, Location, MigrationSet};
use dbmigrate_runtime::{Migrator, NoBackend, Set, quote_identifier};
use dbmigrate_schema::stand_in;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::tape::{Event, Recorder, Tape};
use crate::error::CliError;
use crate::ops::driver::{Rusqlite, run_base};
use crate::ops::runtime_set;

/// What the history records for migrations that a script applied.
const TOOL: &str = concat!("cargo-dbmigrate ", env!("CARGO_PKG_VERSION"), " (script)");

/// On how many versions at most a script that can be run again is tried.
const TRIED: usize = 16;

/// From which version to which: how many of the set's first migrations a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Range {
    /// The versions after the first one on which a script that can be run again is tried: all of them or, as each costs a
    /// whole run, some that are spread over them, the last one included.
    pub(super) fn spread(self) -> Vec<usize> {
        let count = self.from.abs_diff(self.to);
        let tried = count.min(TRIED);
        let steps = (1..=tried).map(|at| at * count / tried);
        steps.map(|step| if self.is_up() { self.from + step } else { self.from - step }).collect()
    }

    /// Whether it leads to a newer version.
    pub(super) fn is_up(self) -> bool {
        self.to > self.from
    }
}

/// A set, as it was read and as the runner sees it, and databases in memory to run it on.
#[derive(Clone, Copy)]
pub(super) struct Bench<'b> {
    pub(super) source: &'b MigrationSet,
    pub(super) set: &'b Set<'b>,
    /// The other sets that it requires something of, each after those that it requires.
    pub(super) others: &'b [MigrationSet],
    /// Whether no other set is in its database.
    pub(super) is_alone: bool,
}

impl Bench<'_> {
    /// A database as the first migration finds it. What the program registers is stood in for.
    pub(super) fn nothing(self) -> Result<Connection, CliError> {
        let mut connection = self.open()?;
        if let Some(base) = &self.source.base {
            run_base(&connection, base).map_err(|(span, error)| {
                Diagnostic::error("replay", format!("`{}` failed: {error}", base.source.path()))
                    .at(Location::new(&base.source, span))
            })?;
        }
        for other in self.others {
            let mut run = |set: &Set<'_>| {
                let set = Set { snapshot: None, ..*set };
                let migrator = Migrator::<Rusqlite>::new(&set).untimed().allow_existing_schema();
                migrator.up(&mut connection).map(drop).map_err(refused)
            };
            runtime_set::with_set(other, &mut run)?;
        }
        Ok(connection)
    }

    /// A database that has the first migrations of the set, with nobody's rows but theirs.
    pub(super) fn at(self, count: usize) -> Result<Connection, CliError> {
        let mut connection = self.nothing()?;
        if let Some(last) = count.checked_sub(1).and_then(|last| self.set.migrations.get(last)) {
            let migrator = Migrator::<Rusqlite>::new(self.set).untimed().allow_existing_schema();
            migrator.up_to(&mut connection, last.number).map_err(refused)?;
        }
        Ok(connection)
    }

    /// A copy of a database.
    pub(super) fn copy(self, from: &Connection) -> Result<Connection, CliError> {
        let mut to = self.open()?;
        let copied = Backup::new(from, &mut to).and_then(|copy| copy.step(-1).map(drop));
        copied.map_err(CliError::in_memory)?;
        Ok(to)
    }

    fn open(self) -> Result<Connection, CliError> {
        let open = || {
            let connection = Connection::open_in_memory()?;
            connection.execute_batch("PRAGMA foreign_keys = ON")?;
            stand_in(&connection, &self.source.config.replay.stubs)?;
            Ok(connection)
        };
        open().map_err(CliError::in_memory)
    }

    /// Takes a database from one version of the set to the other, as the runner does.
    pub(super) fn go(self, range: Range, connection: &mut Connection) -> Result<(), dbmigrate_runtime::Error> {
        self.recorded(range, connection).map(drop)
    }

    /// As [`Bench::go`], and what happened.
    pub(super) fn recorded(
        self,
        range: Range,
        connection: &mut Connection,
    ) -> Result<Vec<Event>, dbmigrate_runtime::Error> {
        let set = self.set;
        let tape = Tape::default();
        let (each, steps) = (tape.clone(), tape.clone());
        let migrator = Migrator::<NoBackend>::new(set)
            .untimed()
            .allow_existing_schema()
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
    pub(super) fn creates(self) -> Result<Vec<String>, CliError> {
        let mut scratch = self.nothing()?;
        let events = self.recorded(Range { from: 0, to: 1 }, &mut scratch).map_err(refused)?;
        let head = quote_identifier(&format!("{}_head", self.source.config.table));
        let last = format!("UPDATE main.{head} SET chain = ''");
        let mut creates = Vec::new();
        for event in events.into_iter().skip_while(|event| !matches!(event, Event::Begun(_))).skip(1) {
            let Event::Executed(sql) = event else { break };
            let is_last = sql == last;
            creates.push(sql);
            if is_last {
                return Ok(creates);
            }
        }
        Err(CliError::failure("the runner writes its history in a way that this command does not know"))
    }
}

/// What stopped the runner on a database in memory.
pub(super) fn refused(error: dbmigrate_runtime::Error) -> CliError {
    CliError::from(error).found_by("on a database in memory, ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_tried_on_a_few_versions_however_many_there_are() {
        assert_eq!(Range { from: 0, to: 3 }.spread(), [1, 2, 3]);
        assert_eq!(Range { from: 5, to: 2 }.spread(), [4, 3, 2]);
        for count in 1..500 {
            for range in [Range { from: 7, to: 7 + count }, Range { from: count, to: 0 }] {
                let spread = range.spread();
                let distinct: std::collections::BTreeSet<_> = spread.iter().collect();
                assert_eq!((spread.len(), distinct.len()), (count.min(TRIED), count.min(TRIED)));
                assert_eq!(spread.last(), Some(&range.to));
                assert!(!spread.contains(&range.from));
            }
        }
    }
}
