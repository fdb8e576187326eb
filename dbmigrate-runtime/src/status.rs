//! Where a database stands: one entry for each migration.

use std::time::Duration;

use crate::adoption::OldHistory;
use crate::repeatable::RepeatableEntry;
use crate::set::{NewerDatabase, OutOfOrder, Rules};

/// The state of every migration that the program or the history knows, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The entries, by ascending number.
    pub entries: Vec<Entry>,
    /// The repeatables, by name. They count in none of the totals.
    pub repeatables: Vec<RepeatableEntry>,
    /// The history of another tool that all of this is read from, where that was not taken over yet: the next
    /// [`Migrator::up`](crate::Migrator::up) does it.
    pub old: Option<OldHistory>,
}

impl Status {
    /// How many migrations there are, with those that only the history knows.
    #[must_use]
    #[inline]
    pub fn total(&self) -> usize {
        self.entries.len()
    }

    /// How many the history holds as applied, edited, renamed and missing ones included.
    #[must_use]
    #[inline]
    pub fn applied(&self) -> usize {
        self.entries.iter().filter(|entry| entry.state.is_applied()).count()
    }

    /// How many `up` would still run: pending and late ones, and those that were interrupted.
    #[must_use]
    #[inline]
    pub fn pending(&self) -> usize {
        self.entries.iter().filter(|entry| !entry.state.is_applied()).count()
    }

    /// How many repeatables `up` would run: none of a program that is older than the database.
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
    /// Its number.
    pub number: u64,
    /// Its full name: the program's, or the history's where the program has none.
    pub name: String,
    /// The file of the way up; `None` where the program has none.
    pub file: Option<String>,
    /// How it stands.
    pub state: State,
    /// When it was applied, as the history has it: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: Option<String>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How long each of its steps took, in order; empty where that is not known.
    pub steps: Vec<Duration>,
    /// `-- Migration:`
    pub title: Option<String>,
    /// `-- Date:`
    pub date: Option<String>,
    /// `-- Description:`
    pub description: Option<String>,
    /// `-- Version:`
    pub version: Option<String>,
    /// Whether `down` has a script for it: the file's or the stored one.
    pub reversible: bool,
    /// Whether it is sealed: then it may not change any more.
    pub sealed: bool,
    /// What is worth knowing and no difference: that only its comments were edited, or its way back.
    pub notes: Vec<String>,
}

/// How a migration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Applied, and the program has the same.
    Applied,
    /// Not applied.
    Pending,
    /// Not applied, with a number below the newest applied one.
    Late,
    /// Applied from another text than the program's.
    Edited,
    /// Its number was applied under another name.
    Renamed {
        /// The name in the history.
        recorded: String,
    },
    /// Applied, but the program has no such migration.
    Missing,
    /// Applied by a newer program: its number is above all that this program has.
    Newer,
    /// It runs without a transaction and was stopped on its way.
    Interrupted {
        /// The steps that are done.
        done: u64,
        /// The steps that there are; 0 where the program does not know the migration.
        of: u64,
        /// Whether what has run was edited since, so that `up` does not go on.
        edited: bool,
    },
}

impl State {
    /// Whether the history holds it as applied.
    #[must_use]
    #[inline]
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied | Self::Edited | Self::Renamed { .. } | Self::Missing | Self::Newer)
    }

    /// Whether `up` has nothing against it, by these rules.
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
