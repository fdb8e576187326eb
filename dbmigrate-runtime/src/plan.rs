//! What a run would do, and whether anything forbids it: for who wants to know before the first of many databases is
//! changed. Nothing is changed here, and no lock is taken, so a run looks again.

use crate::driver::Backend;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::up;

/// What a run would do to a database as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Planned {
    /// The applied migration with the highest number; `None` where there is none, and where the plan of a way up needed no
    /// look at the history, or not at one alone.
    pub newest: Option<String>,
    /// How many migrations it would apply or roll back.
    pub migrations: usize,
    /// How many repeatables it would run.
    pub repeatables: usize,
    /// Whether it would take over the history of another tool first.
    pub takes_over: bool,
    /// Whether it would keep a copy of the database first, by [`Migrator::backup`]. Of several sets it is enough that
    /// one of them may.
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
    /// What [`Migrator::up`] would do, or [`Migrator::up_to`] this number. It changes nothing.
    ///
    /// # Errors
    ///
    /// All that keeps `up` from its first migration. What stops a migration only shows when it runs: that is for
    /// [`Migrator::rehearse`].
    #[inline]
    pub fn up_plan(&self, connection: &mut B::Connection, to: Option<u64>) -> Result<Planned, Error> {
        up::plan_up(&mut self.session(connection), self.set()?, &self.options, to)
    }

    /// Whether the database could be changed now: takes the lock that a run takes, lets it go, and writes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::is_busy`] where another connection has it for longer than the busy timeout, and what the database says
    /// where it can't be written.
    #[inline]
    pub fn can_write(&self, connection: &mut B::Connection) -> Result<(), Error> {
        self.on(connection, |db| db.begin().and_then(|()| db.rollback()))
    }
}
