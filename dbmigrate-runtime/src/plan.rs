//! What a run would do, and whether anything forbids it, for callers that want to know before they change the first of
//! many databases. Nothing is changed here and no lock is taken, so the run checks again.

use crate::driver::Backend;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::up;

/// What a run would do to a database in its current state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// The applied migration with the highest number. It is `None` if there is none, and if planning did not have to
    /// read the history, or had to read more than one.
    pub newest: Option<String>,
    /// The number of migrations that would be applied or rolled back.
    pub migrations: usize,
    /// The number of repeatables that would run.
    pub repeatables: usize,
    /// Whether the history of another tool would be taken over first.
    pub takes_over: bool,
    /// Whether a copy of the database would be made first, according to [`Migrator::backup`]. With several sets, it is
    /// enough that one of them may need it.
    pub copies: bool,
}

impl Planned {
    /// Whether there is nothing to do.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.migrations == 0 && self.repeatables == 0 && !self.takes_over
    }
}

impl<B: Backend> Migrator<'_, B> {
    /// Returns what [`Migrator::up`] would do, or [`Migrator::up_to`] with this number. It changes nothing.
    ///
    /// # Errors
    ///
    /// Everything that stops `up` before its first migration. Whether a migration itself fails shows only when it runs:
    /// use [`Migrator::rehearse`] for that.
    #[inline]
    pub fn up_plan(&self, connection: &mut B::Connection, to: Option<u64>) -> Result<Planned, Error> {
        up::plan_up(&mut self.session(connection), self.set()?, &self.options, to)
    }

    /// Checks whether the database could be written now: takes the lock that a run takes, releases it, and writes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::is_busy`] if another connection holds the lock for longer than the busy timeout, and the error of the
    /// database if it cannot be written.
    #[inline]
    pub fn can_write(&self, connection: &mut B::Connection) -> Result<(), Error> {
        self.on(connection, |db| db.begin().and_then(|()| db.rollback()))
    }
}
