//! The state of a database: one entry for each migration.

use std::time::Duration;

use crate::adoption::OldHistory;
use crate::repeatable::RepeatableEntry;
use crate::set::{NewerDatabase, OutOfOrder, Rules};

/// The state of every migration that the program or the history knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The entries, by ascending number.
    pub entries: Vec<Entry>,
    /// The repeatables, by name. None of the totals counts them.
    pub repeatables: Vec<RepeatableEntry>,
    /// The history of another tool from which all of this was read, if it has not been taken over yet. The next
    /// [`Migrator::up`](crate::Migrator::up) takes it over.
    pub old: Option<OldHistory>,
}

impl Status {
    /// The number of migrations, including those that only the history knows.
    #[must_use]
    #[inline]
    pub fn total(&self) -> usize {
        self.entries.len()
    }

    /// The number of migrations that the history records as applied, including edited, renamed and missing ones.
    #[must_use]
    #[inline]
    pub fn applied(&self) -> usize {
        self.entries.iter().filter(|entry| entry.state.is_applied()).count()
    }

    /// The number of migrations that `up` would run: pending, late and interrupted ones.
    #[must_use]
    #[inline]
    pub fn pending(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.state.is_applied()).count()
    }

    /// The number of repeatables that `up` would run. A program that is older than the database runs none.
    #[must_use]
    #[inline]
    pub fn pending_repeatables(&self) -> usize {
        if self.entries.iter().any(|entry| entry.state == State::Newer) {
            return 0;
        }
        self.repeatables.iter().filter(|entry| entry.state.is_pending()).count()
    }

    /// The entries that [`Status::pending`] counts.
    #[inline]
    pub(crate) fn into_pending(self) -> Vec<Entry> {
        self.entries.into_iter().filter(|entry| !entry.state.is_applied()).collect()
    }
}

/// One migration, as the program and the history have it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The number.
    pub number: u64,
    /// The full name: that of the program, or that of the history if the program does not have the migration.
    pub name: String,
    /// The file of the up script; `None` if the program does not have the migration.
    pub file: Option<String>,
    /// The state.
    pub state: State,
    /// When it was applied, as recorded in the history: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: Option<String>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How long each of its steps took, in order; empty if unknown.
    pub steps: Vec<Duration>,
    /// `-- Migration:`
    pub title: Option<String>,
    /// `-- Date:`
    pub date: Option<String>,
    /// `-- Description:`
    pub description: Option<String>,
    /// `-- Version:`
    pub version: Option<String>,
    /// Whether there is a down script, in the program or stored in the history.
    pub reversible: bool,
    /// Whether it is sealed and may no longer change.
    pub sealed: bool,
    /// Remarks that are not differences, such as an edited comment or down script.
    pub notes: Vec<String>,
}

/// The state of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Applied, and the same in the program.
    Applied,
    /// Not applied.
    Pending,
    /// Not applied, with a number below the newest applied one.
    Late,
    /// Applied with a different text than that of the program.
    Edited,
    /// Applied under another name.
    Renamed {
        /// The name in the history.
        recorded: String,
    },
    /// Applied, but missing from the program.
    Missing,
    /// Applied by a newer program: its number is above all those of this program.
    Newer,
    /// It runs without a transaction, and was interrupted.
    Interrupted {
        /// The number of completed steps.
        done: u64,
        /// The number of steps; 0 if the program does not have the migration.
        of: u64,
        /// Whether a completed step was edited since, so that `up` does not continue.
        edited: bool,
    },
}

impl State {
    /// Whether the history records it as applied.
    #[must_use]
    #[inline]
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied | Self::Edited | Self::Renamed { .. } | Self::Missing | Self::Newer)
    }

    /// Whether `up` accepts this state under these rules.
    #[must_use]
    #[inline]
    pub fn is_allowed(&self, rules: Rules) -> bool {
        match self {
            Self::Applied | Self::Pending => true,
            Self::Late => rules.out_of_order != OutOfOrder::Error,
            Self::Newer => rules.newer_database == NewerDatabase::Allow,
            Self::Edited | Self::Renamed { .. } | Self::Missing | Self::Interrupted { .. } => false,
        }
    }
}
