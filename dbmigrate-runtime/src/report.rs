//! The report of a run.

use std::path::PathBuf;
use std::time::Duration;

use crate::adoption::TakenOver;
use crate::snapshot::Started;

/// What was applied and rolled back, in the order in which it happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The migrations that were applied.
    pub applied: Vec<Done>,
    /// The migrations that were rolled back.
    pub rolled_back: Vec<Done>,
    /// The repeatables that were run.
    pub repeated: Vec<Repeated>,
    /// Remarks about hooks: statements that were skipped, and where.
    pub notes: Vec<String>,
    /// The copy of the database that was made before the run.
    pub backup: Option<PathBuf>,
    /// The snapshot from which a new database started. The migrations that it stands for are in `applied`, but did not
    /// run.
    pub snapshot: Option<Started>,
    /// The history of another tool that was taken over, before anything else.
    pub adopted: Option<TakenOver>,
}

/// A repeatable that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repeated {
    /// The name of its file without the extension.
    pub name: String,
    /// How long it took, without the commit.
    pub duration: Duration,
}

impl Report {
    /// That of nothing.
    pub(crate) const NONE: &'static Self = &Self {
        applied: Vec::new(),
        rolled_back: Vec::new(),
        repeated: Vec::new(),
        notes: Vec::new(),
        backup: None,
        snapshot: None,
        adopted: None,
    };

    /// Whether there was nothing to do.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.applied.is_empty() && self.rolled_back.is_empty() && self.repeated.is_empty() && self.adopted.is_none()
    }
}

/// A migration that ran, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// The number.
    pub number: u64,
    /// The full name.
    pub name: String,
    /// How long it took, without the commit; zero if it came from a [snapshot](Report::snapshot).
    pub duration: Duration,
    /// How long each of its steps took, in order. Empty if an interrupted run had completed some of them before, or if
    /// the migration came from a snapshot.
    pub steps: Vec<Duration>,
    /// Remarks: statements that were skipped, and where.
    pub notes: Vec<String>,
}
