//! A copy of the database that is kept before work that takes something away.

use std::path::PathBuf;

/// How many copies are kept if nothing else is said.
pub(crate) const KEEP: usize = 3;

/// When a copy of the database is kept before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupWhen {
    /// Before a run that takes something away: it drops a table or a column, changes or deletes rows, or has Rust in
    /// it.
    Destructive,
    /// Before every run that has something to do.
    Always,
}

/// When a copy of the database is kept before a run, where, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub(crate) when: BackupWhen,
    pub(crate) keep: usize,
    pub(crate) dir: Option<PathBuf>,
}

impl Backup {
    /// Keeps three copies, beside the database.
    #[must_use]
    pub fn new(when: BackupWhen) -> Self {
        Self { when, keep: KEEP, dir: None }
    }

    /// How many copies are kept, one at least. Older ones go when a run has succeeded.
    #[must_use]
    pub fn keep(mut self, count: usize) -> Self {
        self.keep = count.max(1);
        self
    }

    /// The folder to keep them in, instead of that of the database. It is created if it is missing.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }
}
