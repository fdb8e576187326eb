//! One command on many databases: first every file is looked at, then those with something to do are worked on.
//!
//! Nothing is remembered between two runs: the databases tell what is left. A file is open only while a thread works on
//! it, so neither memory nor file descriptors grow with their number. Nothing is printed here.

mod access;
mod crew;
mod drift;
mod fault;
mod files;
mod look;
mod pool;
mod remote;
mod rollout;
mod room;
mod work;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use crew::Crew;
pub(crate) use drift::Drifts;
pub(crate) use fault::Fault;
pub(crate) use files::{Found, Named, find};
pub(crate) use pool::jobs;
pub(crate) use remote::Remote;
pub(crate) use rollout::{Rolled, Rollout, survey};

/// What is done to each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Says how far it is.
    Status,
    /// Compares the history with the files.
    Verify,
    /// Compares the schema with what the applied migrations make.
    Drift,
    /// Keeps a copy.
    Backup,
    /// Applies what is pending, up to and including this number.
    Up { to: Option<u64>, dry_run: bool },
    /// Rolls back everything after this number, or everything.
    Down { to: Option<u64>, dry_run: bool },
}

impl Task {
    /// Whether it changes databases.
    fn writes(self) -> bool {
        matches!(self, Self::Up { dry_run: false, .. } | Self::Down { dry_run: false, .. })
    }
}

/// A database of the fleet, and what became of it.
#[derive(Debug)]
pub(crate) struct File {
    /// The file.
    pub(crate) path: PathBuf,
    /// What the look at it found, where it could be looked at.
    pub(crate) seen: Option<Seen>,
    /// The version afterwards, where it was worked on.
    pub(crate) after: Option<Option<String>>,
    /// How it stands now.
    pub(crate) outcome: Outcome,
    /// How long the work on it took.
    pub(crate) took: Duration,
}

/// What the look at a database found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The newest applied migration; of several sets that of each, with its set before it.
    pub(crate) version: Option<String>,
    /// How many migrations and repeatables there are to apply; for a way back, to roll back.
    pub(crate) todo: usize,
    /// Whether a copy is kept first.
    pub(crate) copies: bool,
    /// The size, with the log.
    pub(crate) bytes: u64,
    /// What is worth knowing.
    pub(crate) note: Option<&'static str>,
    /// What differs from the files: no reason not to look, but none to be glad.
    pub(crate) differs: Vec<Fault>,
}

/// How a database stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was done to it: what there was to do was not reached.
    Left,
    /// There is nothing to do.
    Current,
    /// There is something to do, which was not asked for.
    Pending,
    /// What was to do is done.
    Done(Done),
    /// It is not what the files say.
    Differs,
    /// It can't be worked on: that was found before anything was changed.
    Refused(Fault),
    /// The work on it failed.
    Failed(Fault, Done),
}

/// What was done to a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many migrations and repeatables were applied; on a copy, where that was asked for.
    pub(crate) applied: usize,
    /// How many migrations were rolled back.
    pub(crate) rolled_back: usize,
    /// The migration that was applied last.
    newest: Option<String>,
    /// The copy that was kept.
    pub(crate) backup: Option<PathBuf>,
    /// What is worth knowing.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    /// What stopped the work on it.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused(fault) | Self::Failed(fault, _) => Some(fault),
            _ => None,
        }
    }

    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Done(_) => "done",
            Self::Differs => "differs",
            Self::Refused(_) => "refused",
            Self::Failed(..) => "failed",
        }
    }
}

impl File {
    fn new(path: PathBuf) -> Self {
        Self { path, seen: None, after: None, outcome: Outcome::Left, took: Duration::ZERO }
    }

    /// The version that it has now, as far as that is known.
    pub(crate) fn version(&self) -> Option<&str> {
        match &self.after {
            Some(after) => after.as_deref(),
            None => self.seen.as_ref()?.version.as_deref(),
        }
    }
}

/// Who follows what is done.
pub(crate) trait Watch {
    /// A walk over this many files begins.
    fn begin(&mut self, phase: Phase, files: usize);
    /// One of them is through.
    fn through(&mut self, file: &File);
    /// The walk is over.
    fn end(&mut self);
    /// The first ones are done, and this many are left: whether to go on.
    fn go_on(&mut self, files: &[File], done: &[usize], left: usize) -> bool;
}

/// What a walk over the files is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Every file is looked at.
    Look,
    /// The first ones are worked on.
    Canary,
    /// The others are.
    Work,
}
