//! What is done to the databases of a fleet, and what becomes of each, as data: `ops::fleet` works it out, and
//! `report::fleet` shows it.

mod fault;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use fault::Fault;

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
    /// Whether it only looks.
    pub(crate) fn reads_only(self) -> bool {
        matches!(self, Self::Status | Self::Verify | Self::Drift)
    }

    /// Whether it compares what is applied.
    pub(crate) fn compares(self) -> bool {
        matches!(self, Self::Verify | Self::Drift)
    }

    /// Whether it works on copies.
    pub(crate) fn rehearses(self) -> bool {
        matches!(self, Self::Up { dry_run: true, .. } | Self::Down { dry_run: true, .. })
    }

    /// Whether it changes databases.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Up { dry_run: false, .. } | Self::Down { dry_run: false, .. })
    }
}

/// A database of the fleet, and what became of it.
#[derive(Debug)]
pub(crate) struct File {
    /// The file.
    pub(crate) path: PathBuf,
    /// What the look at it found, where it could be looked at.
    pub(crate) inspection: Option<Inspection>,
    /// The version afterwards, where it was worked on.
    pub(crate) after: Option<Option<String>>,
    /// How it stands now.
    pub(crate) outcome: Outcome,
    /// How long the work on it took.
    pub(crate) took: Duration,
}

/// What the look at a database found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// The newest applied migration; of several sets that of each, with its set before it.
    pub(crate) version: Option<String>,
    /// How many migrations and repeatables there are to apply; for `down`, to roll back.
    pub(crate) todo: usize,
    /// Whether a copy is kept first.
    pub(crate) copies: bool,
    /// The size, with the log.
    pub(crate) bytes: u64,
    /// How many applied migrations were compared: with the files, or by what they make.
    pub(crate) checked: usize,
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
    Done(Changes),
    /// It is not what the files say.
    Differs,
    /// It can't be worked on: that was found before anything was changed.
    Refused(Fault),
    /// The work on it failed.
    Failed(Fault, Changes),
}

/// What was done to a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// How many migrations and repeatables were applied; on a copy, where that was asked for.
    pub(crate) applied: usize,
    /// How many migrations were rolled back.
    pub(crate) rolled_back: usize,
    /// The migration that was applied last.
    pub(crate) newest: Option<String>,
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
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, inspection: None, after: None, outcome: Outcome::Left, took: Duration::ZERO }
    }

    /// What was done to it, as far as anything was.
    pub(crate) fn changes(&self) -> Option<&Changes> {
        match &self.outcome {
            Outcome::Done(changes) | Outcome::Failed(_, changes) => Some(changes),
            _ => None,
        }
    }

    /// What is worth knowing of it.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        let noted = self.inspection.iter().filter_map(|inspection| inspection.note);
        noted.chain(self.changes().into_iter().flat_map(|changes| &changes.notes).map(String::as_str))
    }

    /// The version that it had before.
    pub(crate) fn version_before(&self) -> Option<&str> {
        self.inspection.as_ref()?.version.as_deref()
    }

    /// The version that it has now, as far as that is known.
    pub(crate) fn version(&self) -> Option<&str> {
        match &self.after {
            Some(after) => after.as_deref(),
            None => self.version_before(),
        }
    }
}

/// Who is told of each step.
pub(crate) trait Observer {
    /// A walk over this many files begins.
    fn phase_begins(&mut self, phase: Phase, files: usize);
    /// One of them was looked at, or worked on.
    fn file_done(&mut self, file: &File);
    /// The walk is over.
    fn phase_ends(&mut self);
    /// The first ones are done, and this many are left: whether to go on.
    fn confirm_rest(&mut self, files: &[File], done: &[usize], left: usize) -> bool;
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

/// What became of a fleet that was worked on.
#[derive(Debug, Default)]
pub(crate) struct RolloutResult {
    pub(crate) files: Vec<File>,
    /// What stands against the work as a whole.
    pub(crate) faults: Vec<Fault>,
    /// Whether it stopped behind the first ones to let somebody look.
    pub(crate) paused: bool,
    /// Whether somebody wanted it to end.
    pub(crate) interrupted: bool,
    /// Whether the work was begun.
    pub(crate) worked: bool,
}

impl RolloutResult {
    /// Whether something was refused, or ended the work as a whole: a fault, or somebody.
    pub(crate) fn is_cut_short(&self) -> bool {
        let is_refused = |file: &File| matches!(file.outcome, Outcome::Refused(_));
        self.interrupted || !self.faults.is_empty() || self.files.iter().any(is_refused)
    }

    /// Whether all that was asked for is done.
    pub(crate) fn is_complete(&self) -> bool {
        !self.paused && !self.is_cut_short() && self.failures() == 0
    }

    /// How many files have a fault.
    pub(crate) fn failures(&self) -> usize {
        self.files.iter().filter(|file| file.outcome.fault().is_some()).count()
    }
}

/// The files of a fleet.
#[derive(Debug, Default)]
pub(crate) struct FleetFiles {
    /// The files, in the order in which they were named; those of one pattern by name.
    pub(crate) files: Vec<PathBuf>,
    /// How many files a pattern met that belong to a database and are none.
    pub(crate) companions: usize,
    /// How many were named again, perhaps under another name.
    pub(crate) duplicates: usize,
    /// The other name of a file that has two, neither of them a link to the other: by the place of its first name.
    pub(crate) hard_links: HashMap<usize, PathBuf>,
}
