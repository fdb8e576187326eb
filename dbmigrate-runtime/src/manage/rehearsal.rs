//! Runs migrations on a copy of a database, and reports what they did there.
//!
//! It is the real run, by the real engine, with the program's own code and callbacks, on another file: what it reports
//! is what would happen. The database itself is only read. No backup of the copy is made.

mod changes;
mod copy;
mod folder;
mod watch;

use std::time::Duration;

pub(crate) use self::copy::Copied;
use self::copy::Copy;
use self::watch::Watch;
use super::down::{self, Goal};
use crate::adoption::TakenOver;
use crate::db::Db;
use crate::difference::SchemaDifference;
use crate::driver::Backend;
use crate::error::Error;
use crate::hooks::Direction;
use crate::migrator::Migrator;
use crate::options::Options;
use crate::report::{Repeated, Report};
use crate::session::Session;
use crate::set::Set;
use crate::up;

/// What to rehearse, named after the methods of [`Migrator`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearse {
    /// [`Migrator::up`].
    Up,
    /// [`Migrator::up_to`].
    UpTo(u64),
    /// [`Migrator::down`].
    Down,
    /// [`Migrator::down_to`].
    DownTo(u64),
    /// [`Migrator::down_all`].
    DownAll,
    /// [`Migrator::roll_back`].
    RollBack(u64),
}

/// What a run did to a copy of a database.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The migrations that completed, in order.
    pub migrations: Vec<Rehearsed>,
    /// The repeatables that were run.
    pub repeated: Vec<Repeated>,
    /// Remarks about hooks: statements that were skipped, and where.
    pub notes: Vec<String>,
    /// The history of another tool that was taken over, before anything else.
    pub adopted: Option<TakenOver>,
    /// The error that ended it. What it says about a database refers to the copy.
    pub error: Option<Error>,
}

impl Rehearsal {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty() && self.repeated.is_empty() && self.adopted.is_none() && self.error.is_none()
    }
}

/// What a migration did to a copy of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehearsed {
    /// The number.
    pub number: u64,
    /// The full name.
    pub name: String,
    /// The direction.
    pub direction: Direction,
    /// The number of rows inserted, changed and deleted, as SQLite's `total_changes()` counts them: including those of
    /// triggers and of virtual tables, and without those of `CREATE TABLE … AS` and `DROP TABLE`.
    pub rows_changed: u64,
    /// How long it took, without the commit.
    pub duration: Duration,
    /// The size of the copy before. When the rehearsal begins, the copy has no free pages.
    pub bytes_before: u64,
    /// The size of the copy after.
    pub bytes_after: u64,
    /// The changes of the schema.
    pub differences: Vec<SchemaDifference>,
    /// Remarks: statements that were skipped, and where.
    pub notes: Vec<String>,
}

/// Rehearses on a copy, which is gone afterwards.
pub(crate) fn rehearse<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    what: Rehearse,
) -> Result<Rehearsal, Error> {
    // What each migration would do is to be seen.
    let set = &Set { snapshot: None, ..*migrator.set()? };
    let options = Options { backup: None, ..migrator.options.clone() };
    let mut session = migrator.session(connection);
    let mut db = Db::new(&mut session, &options);
    db.refuse_open_transaction()?;
    let target = match what {
        Rehearse::Up => Some(None),
        Rehearse::UpTo(number) => Some(Some(number)),
        _ => None,
    };
    if let Some(target) = target {
        // What the database has may be what a squash replaces.
        let goal = match up::goal(set, target) {
            Err(error) if set.squash.is_none() => return Err(error),
            goal => goal.ok(),
        };
        if goal.is_some_and(|goal| up::is_current(&mut db, set, goal).unwrap_or(false)) {
            return Ok(Rehearsal::default());
        }
    }
    let mut copy = Copy::<B>::of(&mut db, &options)?;
    let mut session = migrator.session(&mut copy.connection);
    let mut watch = Watch::new(&mut session, set, &options);
    let others = migrator.others()?;
    let back = |session: &mut dyn Session, goal| down::down(session, set, &options, &others, goal);
    let result = match what {
        Rehearse::Up => up::up(&mut watch, set, &options, None),
        Rehearse::UpTo(number) => up::up(&mut watch, set, &options, Some(number)),
        Rehearse::Down => back(&mut watch, Goal::Newest),
        Rehearse::DownTo(number) => back(&mut watch, Goal::After(number)),
        Rehearse::DownAll => back(&mut watch, Goal::All),
        Rehearse::RollBack(number) => back(&mut watch, Goal::Exactly(number)),
    };
    Ok(outcome(watch, result))
}

/// Copies a database, for rehearsals of several sets.
pub(crate) fn copied<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
) -> Result<Box<dyn Copied<B::Connection>>, Error> {
    let mut session = migrator.session(connection);
    let mut db = Db::new(&mut session, &migrator.options);
    Ok(Box::new(Copy::<B>::of(&mut db, &migrator.options)?))
}

/// Rehearses one run of a set, on a copy that is there.
pub(crate) fn on_copy(session: &mut dyn Session, set: &Set<'_>, options: &Options, to: Option<u64>) -> Rehearsal {
    let set = &Set { snapshot: None, ..*set };
    let mut watch = Watch::new(session, set, options);
    let result = up::up(&mut watch, set, options, to);
    outcome(watch, result)
}

/// What a run came to.
fn outcome(watch: Watch<'_>, result: Result<Report, Error>) -> Rehearsal {
    let migrations = watch.committed();
    let (report, error) = match result {
        Ok(report) => (report, None),
        Err(error) => (error.report().clone(), Some(error)),
    };
    let Report { repeated, notes, adopted, .. } = report;
    Rehearsal { migrations, repeated, notes, adopted, error }
}

impl<B: Backend> Migrator<'_, B> {
    /// Runs `what` on a copy of the database, and reports what it did there. The database itself is only read.
    ///
    /// The program's code and callbacks run as usual, with the connection of the copy; code that works on more than its
    /// connection does so here, too. The connection does not have what the program registers on its own, such as
    /// functions. A statement that opens another database file ends the rehearsal. The copy is in a folder of its own,
    /// beside the database or, if that is not writable, in the system's temporary folder. It is deleted afterwards;
    /// what a killed process left is deleted by the next rehearsal of that database.
    ///
    /// # Errors
    ///
    /// If the copy cannot be made, or if no migration has the number. A migration that fails is not an error here, but
    /// reported in [`Rehearsal::error`].
    pub fn rehearse(&self, connection: &mut B::Connection, what: Rehearse) -> Result<Rehearsal, Error> {
        rehearse(self, connection, what)
    }
}
