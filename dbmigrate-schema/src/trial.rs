//! Tries a set on a database in memory that holds rows: every migration up, back and up again, and older versions to the
//! newest.
//!
//! There is one pass, which carries its rows along: what a migration adds is filled, and all of it goes on to the next.
//! Each migration is tried on a copy, so that the database itself is there to compare with. What SQLite says of the
//! statements tells which tables to compare: those that the migration changes or that lose rows by a cascade, and in a
//! small schema all others as well. Rows that its own `INSERT`, `UPDATE` and `DELETE` speak of are its author's affair.
//! A few of the versions are then filled anew and go to the newest in one go. No file is opened.

mod compared;
mod fault;
mod refusal;
mod rows;
mod versions;
mod walk;

use std::time::Duration;

use dbmigrate_core::{MigrationSet, Script};

pub use fault::{Fault, FaultKind, Leg};

use crate::lint::Options;
use crate::model::Name;
use crate::replay::Stopped;
use walk::Walk;

/// What to try.
#[derive(Debug, Clone, Copy)]
pub struct TrialOptions<'a> {
    /// The number of the last migration; the newest without.
    pub to: Option<u64>,
    /// Whose rows.
    pub rows: Rows<'a>,
    /// Which versions go to the last one in one go, with generated rows only.
    pub versions: Versions,
}

/// The rows that a set is tried with.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Such as the tables take, the same for every run.
    Generated,
    /// Those of files: the number of a migration, and what is run after it.
    Files(&'a [(u64, Script)]),
}

/// Which versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// As many as this before the last one.
    Newest(usize),
    /// Those from this number on.
    From(u64),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct TrialReport {
    /// The migrations that were tried, in order.
    pub migrations: Vec<MigrationTrial>,
    /// The versions that went to the last one in one go.
    pub versions: Vec<VersionTrial>,
    /// The tables for which no row was found, and why.
    pub unfilled: Vec<(Name, String)>,
    /// The migrations that turned generated rows away, as a new check or key does, and why: these went on with others.
    pub turned_away: Vec<(String, String)>,
    /// Those of them for which there are no others in some tables: what they do to such rows was not seen.
    pub emptied: Vec<Emptied>,
    /// The migrations that were not tried.
    pub unchecked: Vec<String>,
    /// The migrations whose way back can't be tried here.
    pub unchecked_downs: Vec<String>,
    /// The migrations whose way back an assertion of its own refused with these rows.
    pub refused_downs: Vec<String>,
    /// The first migration that can't be tried here, where that ended it.
    pub stopped: Option<(String, Stopped)>,
}

/// A migration that was tried.
#[derive(Debug)]
pub struct MigrationTrial {
    /// Its full name.
    pub name: String,
    /// How many rows the database had before it.
    pub rows: usize,
    /// How many rows were compared.
    pub compared: usize,
    /// Whether it went back and up again.
    pub went_back: bool,
    /// The tables of which a rebuild took some rows only, as its copy says. That is no fault.
    pub left_out: Vec<LeftOut>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// How long all of it took.
    pub duration: Duration,
}

/// A migration that takes no generated row of tables that it touches: it was tried while these were empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// Its full name.
    pub name: String,
    /// The tables, by their names before it.
    pub tables: Vec<Name>,
    /// Why it turned rows away.
    pub why: String,
}

/// A table that a rebuild took some rows of only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name afterwards.
    pub table: Name,
    /// How many rows it has fewer.
    pub rows: usize,
    /// How many it had.
    pub of: usize,
    /// Whether some may be ones that were refused and dropped without a word, which its copy does not say.
    pub drops: bool,
}

/// A version that went to the last one in one go.
#[derive(Debug)]
pub struct VersionTrial {
    /// The full name of its newest migration.
    pub name: String,
    /// How many rows it was filled with.
    pub rows: usize,
    /// How many rows were compared.
    pub compared: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Where it ended before the last one, at a migration that turned generated rows away or is wrong by itself: its
    /// name, and why.
    pub ended: Option<(String, String)>,
    /// How long it took.
    pub duration: Duration,
}

impl TrialReport {
    /// Whether anything is wrong.
    #[must_use]
    pub fn failed(&self) -> bool {
        let migrations = self.migrations.iter().any(|it| !it.faults.is_empty());
        migrations || self.versions.iter().any(|it| !it.faults.is_empty())
    }
}

/// Tries a set.
///
/// # Errors
///
/// When SQLite fails at anything but a script or a row.
pub fn try_out(set: &MigrationSet, tries: &TrialOptions<'_>) -> rusqlite::Result<TrialReport> {
    let nothing = Options::default();
    let mut walk = Walk::new(set, tries, &nothing)?;
    let affected = walk.all()?;
    let mut tried = walk.tried;
    if let (Rows::Generated, false) = (tries.rows, affected.is_empty()) {
        let wrong = tried.migrations.iter().filter(|it| !it.faults.is_empty()).map(|it| it.name.clone()).collect();
        tried.versions = versions::all(set, &affected, &wrong, tries.versions)?;
    }
    Ok(tried)
}
