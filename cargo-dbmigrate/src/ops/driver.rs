//! The adapter between the runtime and this crate's rusqlite, as every program gets it; but a database in memory begins as
//! `replay` of the manifest says: with what the program registers stood in for, and on the base of the history.

use std::cell::RefCell;
use std::path::Path;

use dbmigrate_core::{MigrationSet, Script, Span, Step};
use dbmigrate_runtime::{Access, Backend, BoxError};
use dbmigrate_schema::stand_in;
use rusqlite::Connection;

/// What the macro writes for programs.
mod program {
    // It writes for libraries; of its helpers for code migrations a command line needs none.
    #![allow(dead_code, unreachable_pub)]

    dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);
}

thread_local! {
    /// The sets that are at work, the outermost first: the runtime opens its databases in memory by a function that is told
    /// nothing else.
    static AT_WORK: RefCell<Vec<Beginning>> = const { RefCell::new(Vec::new()) };
}

/// What a database in memory has before the first migration of a set.
#[derive(Clone)]
struct Beginning {
    stubs: dbmigrate_core::config::Stubs,
    base: Option<Script>,
}

/// Does something with a set: databases in memory are those of its program meanwhile.
pub(crate) fn at_work<R>(set: &MigrationSet, work: impl FnOnce() -> R) -> R {
    /// Takes it off again, also where the work panics.
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            AT_WORK.with_borrow_mut(|sets| drop(sets.pop()));
        }
    }
    let beginning = Beginning { stubs: set.config.replay.stubs.clone(), base: set.base.clone() };
    AT_WORK.with_borrow_mut(|sets| sets.push(beginning));
    let _done = Done;
    work()
}

/// The backend of the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rusqlite;

impl Backend for Rusqlite {
    type Connection = Connection;
    type Driver<'c> = program::RusqliteDriver<'c>;

    fn driver(connection: &mut Connection) -> Self::Driver<'_> {
        program::Rusqlite::driver(connection)
    }

    fn connection<'d>(driver: &'d Self::Driver<'_>) -> &'d Connection {
        program::Rusqlite::connection(driver)
    }

    fn open(path: &Path, access: Access) -> Result<Connection, BoxError> {
        let connection = program::Rusqlite::open(path, access)?;
        if path == Path::new(":memory:") {
            AT_WORK.with_borrow(|sets| sets.iter().try_for_each(|set| begin(&connection, set)))?;
        }
        Ok(connection)
    }

    fn copy_pages(
        from: &Path,
        to: &mut Connection,
        locked: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Option<Result<bool, BoxError>> {
        program::Rusqlite::copy_pages(from, to, locked)
    }

    fn clone_pages(from: &Connection, to: &mut Connection) -> Option<Result<(), BoxError>> {
        program::Rusqlite::clone_pages(from, to)
    }

    fn open_shared(name: &str) -> Option<Result<Connection, BoxError>> {
        program::Rusqlite::open_shared(name)
    }

    fn execute_batch(connection: &mut Connection, sql: &str) -> Result<(), BoxError> {
        program::Rusqlite::execute_batch(connection, sql)
    }
}

fn begin(connection: &Connection, Beginning { stubs, base }: &Beginning) -> Result<(), BoxError> {
    stand_in(connection, stubs)?;
    match base {
        Some(base) => run_base(connection, base).map_err(|(_, error)| {
            format!("`{}`, which `replay.base` names, failed: {error}", base.source.path()).into()
        }),
        None => Ok(()),
    }
}

/// Runs what a history without a beginning builds on; an error comes with the statement that failed.
pub(crate) fn run_base(connection: &Connection, base: &Script) -> Result<(), (Span, rusqlite::Error)> {
    base.steps.iter().try_for_each(|step| match step {
        Step::Sql(statement) => {
            connection.execute_batch(base.source.slice(statement.span)).map_err(|error| (statement.span, error))
        }
        Step::Call { .. } => Ok(()),
    })
}
