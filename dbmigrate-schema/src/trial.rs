//! Tries a set on a database in memory that holds rows: every migration up, down and up again, and older versions to
//! the newest.
//!
//! There is one pass, which carries its rows along: what a migration adds is filled, and goes on to the next. Each
//! migration is tried on a copy, and compared with the database itself. What SQLite reports about the statements tells
//! which tables to compare: those that the migration changes or that lose rows by a cascade, and in a small schema all
//! others as well. Rows that its own `INSERT`, `UPDATE` and `DELETE` name are its author's decision. Then a few of the
//! versions are filled and migrated to the newest in one go. No file is opened.

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
    /// The number of the last migration; the newest if `None`.
    pub to: Option<u64>,
    /// The rows.
    pub rows: Rows<'a>,
    /// The versions that are migrated to the last one in one go, with generated rows only.
    pub versions: Versions,
}

/// The rows with which a set is tried.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Generated rows that the tables accept, the same for every run.
    Generated,
    /// Rows from files: the number of a migration, and the script that runs after it.
    Files(&'a [(u64, Script)]),
}

/// Which versions to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// This many before the last one.
    Newest(usize),
    /// Those from this number on.
    From(u64),
}

/// The result.
#[derive(Debug, Default)]
pub struct TrialReport {
    /// The migrations that were tried, in order.
    pub migrations: Vec<MigrationTrial>,
    /// The versions that were migrated to the last one in one go.
    pub versions: Vec<VersionTrial>,
    /// The tables for which no row was found, and why.
    pub unfilled: Vec<(Name, String)>,
    /// The migrations that rejected generated rows, as a new check or key does, and why; they were tried with others.
    pub turned_away: Vec<(String, String)>,
    /// Those of them for which no others exist in some tables: what they do to such rows was not seen.
    pub emptied: Vec<Emptied>,
    /// The migrations that were not tried.
    pub unchecked: Vec<String>,
    /// The migrations whose down script cannot be tried here.
    pub unchecked_downs: Vec<String>,
    /// The migrations whose down script was refused by an assertion of its own, with these rows.
    pub refused_downs: Vec<String>,
    /// The first migration that cannot be tried here, if that ended it.
    pub stopped: Option<(String, Stopped)>,
}

/// A migration that was tried.
#[derive(Debug)]
pub struct MigrationTrial {
    /// The full name.
    pub name: String,
    /// How many rows the database had before it.
    pub rows: usize,
    /// How many rows were compared.
    pub compared: usize,
    /// Whether it went down and up again.
    pub went_back: bool,
    /// The tables of which a rebuild deliberately copied only some rows. That is not a fault.
    pub left_out: Vec<LeftOut>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// How long everything took.
    pub duration: Duration,
}

/// A migration that accepts no generated row of tables that it touches, and was tried while these were empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// The full name.
    pub name: String,
    /// The tables, by their names before the migration.
    pub tables: Vec<Name>,
    /// Why it rejected rows.
    pub why: String,
}

/// A table of which a rebuild copied only some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name after the migration.
    pub table: Name,
    /// How many rows were left out.
    pub rows: usize,
    /// How many rows it had.
    pub of: usize,
    /// Whether some of these may have been dropped silently because they were rejected, which the copy does not say.
    pub drops: bool,
}

/// A version that was migrated to the last one in one go.
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
    /// Where it stopped before the last one, at a migration that rejected generated rows or fails by itself: its name,
    /// and why.
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
/// If SQLite fails at anything but a script or a row.
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
