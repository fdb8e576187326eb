//! What a database command is asked to do, as data. Nothing is parsed or run here.

use std::time::Duration;

/// One database command with everything that shapes its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What people type to get here, for the commands in messages: `cargo dbmigrate`, or the program's own name.
    pub program: String,
    /// What to do.
    pub verb: Verb,
    /// Who reads the output.
    pub format: Format,
    /// Whether to say more: metadata and durations.
    pub verbose: bool,
    /// Whether to keep progress to itself; answers and errors remain.
    pub quiet: bool,
    /// How long to wait for another connection that is in the way; the migrator's own patience without it.
    pub busy_timeout: Option<Duration>,
}

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// People.
    Human,
    /// Programs: one JSON object on each line of stdout.
    Json,
}

/// A database command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Shows each migration and whether it is applied.
    Status {
        /// Whether the answer is no (exit code 1) unless everything is applied.
        check: bool,
    },
    /// Applies what is pending.
    Up {
        /// The last migration to apply; all without it.
        to: Option<String>,
        /// Whether a database that has tables but no history starts at the first migration.
        existing: bool,
    },
    /// Rolls back.
    Down {
        /// How far.
        what: Back,
    },
    /// Rolls the newest applied migration back and applies its file as it is now.
    Redo,
    /// Takes the database back to nothing, and keeps a copy.
    Reset {
        /// Whether nobody needs to be asked.
        yes: bool,
    },
    /// Compares every row of the history with the migrations.
    Verify,
    /// Shows the history as it is recorded.
    History,
}

impl Verb {
    /// The word on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Up { .. } => "up",
            Self::Down { .. } => "down",
            Self::Redo => "redo",
            Self::Reset { .. } => "reset",
            Self::Verify => "verify",
            Self::History => "history",
        }
    }

    /// Whether it only reads: the database is opened read-only and nothing is created.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Verify | Self::History)
    }
}

/// How far to roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// The newest applied migration.
    Newest,
    /// Exactly this one.
    One(String),
    /// Everything after this one, which stays.
    To(String),
    /// As many as this, the newest first.
    Count(u64),
    /// Everything.
    All,
}
