//! What a database command is asked to do, as data. Nothing is parsed or run here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::options::Options;
use crate::{Backup, BackupWhen, Stopped};

/// One database command with everything that shapes its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What people type to get here, for the commands in messages: `cargo dbmigrate`, or the program's own name.
    pub program: String,
    /// The flag by which the database was named, for the same messages: ` --database app.db`. Empty where it was not. Cargo
    /// puts ` -p club` before it, where the package was named.
    pub named: String,
    /// What to do.
    pub verb: Verb,
    /// The set to work on; all that there are without it, or the only one.
    pub set: Option<String>,
    /// Who reads the output.
    pub format: Format,
    /// Whether to say more: metadata and durations.
    pub verbose: bool,
    /// Whether to keep progress to itself; answers and errors remain.
    pub quiet: bool,
    /// How long to wait for another connection that is in the way; the migrator's own patience without it.
    pub busy_timeout: Option<Duration>,
    /// The copy that is kept before a run; none without it.
    pub backup: Option<Backup>,
}

impl Request {
    /// A command as it is without flags.
    #[must_use]
    pub fn new(program: impl Into<String>, verb: Verb) -> Self {
        Self {
            program: program.into(),
            named: String::new(),
            verb,
            set: None,
            format: Format::Human,
            verbose: false,
            quiet: false,
            busy_timeout: None,
            backup: Some(Self::default_backup()),
        }
    }

    /// How long another connection that is in the way is waited for.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.busy_timeout.unwrap_or(Options::default().busy_timeout)
    }

    /// The copies that are kept when nobody says otherwise.
    #[must_use]
    pub fn default_backup() -> Backup {
        Backup::new(BackupWhen::Destructive)
    }

    /// The copy that is kept before a run, its folder as a path from the current one.
    #[must_use]
    pub fn backup_here(&self) -> Option<Backup> {
        self.backup.clone().map(Backup::here)
    }

    /// The flags that say the same of copies to a program's own binary, for a verb that makes some.
    #[must_use]
    pub fn backup_arguments(&self) -> Vec<OsString> {
        let is_reset = matches!(self.verb, Verb::Reset { .. });
        if !self.verb.executes() {
            return Vec::new();
        }
        let mut arguments = Vec::new();
        let Some(backup) = &self.backup else {
            // `reset` makes one in any case.
            arguments.extend((!is_reset).then(|| "--no-backup".into()));
            return arguments;
        };
        if backup.when == BackupWhen::Always && !is_reset {
            arguments.push("--backup".into());
        }
        arguments.push(format!("--backup-keep={}", backup.keep).into());
        if let Some(dir) = &backup.dir {
            arguments.extend(["--backup-dir".into(), dir.into()]);
        }
        arguments
    }
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
        /// Whether what a writer that crashed had not finished is taken back first, which writes the file.
        recover: bool,
    },
    /// Applies what is pending.
    Up {
        /// The last migration to apply; all without it.
        to: Option<String>,
        /// Whether a database that has tables but no history starts at the first migration.
        existing: bool,
        /// Whether to run on a copy, and say what happened there.
        dry_run: bool,
    },
    /// Rolls back.
    Down {
        /// How far.
        what: RollbackTarget,
        /// Whether to run on a copy, and say what happened there.
        dry_run: bool,
    },
    /// Rolls the newest applied migration back and applies its file as it is now.
    Redo,
    /// Takes the database back to nothing, and keeps a copy.
    Reset {
        /// Whether nobody needs to be asked.
        yes: bool,
    },
    /// Records migrations as applied without running them.
    Mark {
        /// Which.
        what: Baseline,
        /// Whether a database that does not have what they make is fine.
        force: bool,
    },
    /// Takes the history of another tool over, and applies nothing.
    Adopt {
        /// Whether nobody needs to be asked.
        yes: bool,
        /// Whether a database that does not have what its history says is fine.
        force: bool,
    },
    /// Takes a migration out of the history, so that it runs again.
    Forget {
        /// Which.
        target: String,
    },
    /// Settles what differs between the history and the migrations.
    Repair {
        /// What of it.
        what: RepairTarget,
        /// What became of the step in which a migration was stopped, if that is known.
        stopped: Option<Stopped>,
    },
    /// Keeps a copy of the database.
    Backup {
        /// The file to make; one with a name of its own without it.
        to: Option<PathBuf>,
    },
    /// Puts a copy back.
    Restore {
        /// The copy; without it the answer is which there are.
        from: Option<PathBuf>,
        /// Whether nobody needs to be asked.
        yes: bool,
        /// Whether a file that is no database any more is replaced.
        force: bool,
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
            Self::Mark { .. } => "mark",
            Self::Adopt { .. } => "adopt",
            Self::Forget { .. } => "forget",
            Self::Repair { .. } => "repair",
            Self::Backup { .. } => "backup",
            Self::Restore { .. } => "restore",
            Self::Verify => "verify",
            Self::History => "history",
        }
    }

    /// Whether it only reads: the database is opened read-only and nothing is created.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        match self {
            Self::Status { .. } | Self::Verify | Self::History | Self::Repair { what: RepairTarget::Explain, .. } => {
                true
            }
            Self::Backup { .. } | Self::Restore { from: None, .. } => true,
            _ => self.rehearses(),
        }
    }

    /// Whether it runs on a copy.
    #[must_use]
    pub fn rehearses(&self) -> bool {
        matches!(self, Self::Up { dry_run: true, .. } | Self::Down { dry_run: true, .. })
    }

    /// Whether it executes migrations, which a set with Rust in it leaves to its own program.
    #[must_use]
    pub fn executes(&self) -> bool {
        matches!(self, Self::Up { .. } | Self::Down { .. } | Self::Redo | Self::Reset { .. })
    }
}

/// Which migrations to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// All that are pending.
    Latest,
    /// All that are pending, up to and including this one.
    To(String),
    /// These.
    Only(Vec<String>),
}

/// What to repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairTarget {
    /// Nothing: say what would be repaired, and how.
    Explain,
    /// This migration.
    One(String),
    /// Everything that can be.
    All,
}

/// How far to roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
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
