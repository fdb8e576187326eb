//! What a run has done.

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
    /// The repeatables that were run again.
    pub repeated: Vec<Repeated>,
    /// What is worth knowing of hooks: statements that were skipped, with their place.
    pub notes: Vec<String>,
    /// The copy of the database that was kept first.
    pub backup: Option<PathBuf>,
    /// The snapshot that a fresh database started from: the first of what was applied did not run.
    pub snapshot: Option<Started>,
    /// The history of another tool that was taken over, before anything else.
    pub adopted: Option<TakenOver>,
}

/// A repeatable that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repeated {
    /// The name of its file without its ending.
    pub name: String,
    /// How long it took, without the commit.
    pub duration: Duration,
}

impl Report {
    /// Whether nothing was to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.applied.is_empty() && self.rolled_back.is_empty() && self.repeated.is_empty() && self.adopted.is_none()
    }
}

/// A migration that ran, in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// Its number.
    pub number: u64,
    /// Its full name.
    pub name: String,
    /// How long it took, without the commit; nothing where a [snapshot](Report::snapshot) stood for it.
    pub duration: Duration,
    /// How long each of its steps took, in order; empty where an interrupted run had done some before, or a snapshot
    /// stood for it.
    pub steps: Vec<Duration>,
    /// What is worth knowing: statements that were skipped, with their place.
    pub notes: Vec<String>,
}
