//! The options of a migrator.

use std::time::Duration;

use crate::backup::{Backup, BackupWhen};
use crate::copy::FreeSpace;
use crate::journal;

/// A journal mode, to which a database is switched before its first migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalMode {
    /// Write-ahead log: readers and a writer do not block each other.
    Wal,
    /// A rollback journal that is deleted after each transaction.
    Delete,
    /// A rollback journal that is truncated after each transaction.
    Truncate,
    /// A rollback journal that is kept, with its header overwritten.
    Persist,
}

impl JournalMode {
    /// The name that SQLite uses.
    #[must_use]
    #[inline]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Persist => "persist",
        }
    }
}

/// Which part of bringing a set up a run is, where it alternates with other sets.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct RunPart {
    /// Whether it is the first: the hook before all belongs to it.
    pub(crate) first: bool,
    /// Whether it is the last: the repeatables and the hook after all belong to it.
    pub(crate) last: bool,
}

impl RunPart {
    /// All of it.
    pub(crate) const WHOLE: Self = Self { first: true, last: true };
}

/// The options of a migrator.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) busy_timeout: Duration,
    pub(crate) journal_mode: Option<(JournalMode, journal::SwitchFn)>,
    pub(crate) allow_existing_schema: bool,
    pub(crate) allow_mismatch: bool,
    pub(crate) replay_code: bool,
    pub(crate) backup: Option<Backup>,
    pub(crate) free_space: Option<FreeSpace>,
    pub(crate) tool: &'static str,
    pub(crate) part: RunPart,
    /// Whether the history keeps no times of scripts, as others will run them.
    pub(crate) untimed: bool,
}

impl Options {
    /// How copies are kept when one is made on request.
    #[inline]
    pub(crate) fn copies(&self) -> Backup {
        self.backup.clone().unwrap_or(Backup::new(BackupWhen::Always))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(30),
            journal_mode: None,
            allow_existing_schema: false,
            allow_mismatch: false,
            replay_code: false,
            backup: None,
            free_space: None,
            tool: concat!("dbmigrate-runtime ", env!("CARGO_PKG_VERSION")),
            part: RunPart::WHOLE,
            untimed: false,
        }
    }
}
