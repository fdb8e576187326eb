//! Proves a migration before it is written: on a database in memory that the migrations before it have made, and on the
//! same database filled with generated rows.
//!
//! The scripts run as the runner would run them. SQLite judges the statements, and [`compare`](crate::compare()) the
//! schemas. Rows that fit both schemas have to exist afterwards with their values. Rows that fit only one of them may
//! make a script fail, but if it runs, they have to exist as well. What could not be tried is reported in the
//! [`Proof`]. Nothing is written to any file.

mod contents;
mod loss;
mod rows;
mod state;
mod target;
mod texts;
mod walk;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use dbmigrate_core::{Diagnostic, MigrationSet, Script, SourceText, script};
use rusqlite::Connection;

use crate::fill::Filled;
use crate::migrated::{replayed_rest, replayed_ups};
use crate::model::{Name, Schema};
use crate::plan::Decisions;
use crate::program::Program;
use crate::read::ReadOptions;
use crate::scratch::copy;
pub(crate) use contents::{Contents, Pair, pairs};
pub use loss::{Loss, LossKind};
use rows::Rows;
pub(crate) use state::{asserts, faults};
use walk::Walk;

/// A claim: that `up` leads from the end of `set` to `target`, and `down` back, and that no row is lost.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The migrations that come before.
    pub set: &'a MigrationSet,
    /// What runs their Rust, if there is any.
    pub program: Option<&'a dyn Program>,
    /// The file of the up script.
    pub up: SourceText,
    /// The file of the down script, if there is one.
    pub down: Option<SourceText>,
    /// The schema afterwards.
    pub target: &'a Schema,
    /// The decisions with which the up script was planned: what was renamed is still the same.
    pub decisions: &'a Decisions,
}

/// What was proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// How many tables had rows.
    pub tables: usize,
    /// How many rows they had.
    pub rows: u32,
    /// The tables that change and for which no row was found, or no row that refers to another by one of their foreign
    /// keys, and why. What happens to such rows was not seen.
    pub unfilled: Vec<(Name, String)>,
}

/// Why a claim does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The direction that was tried.
    pub step: Step,
    /// Whether it was tried with generated rows.
    pub filled: bool,
    /// All problems.
    pub problems: Vec<Diagnostic>,
}

/// The direction of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From the state before a migration to the state after it.
    Up,
    /// Back to the state before.
    Down,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "the up script",
            Self::Down => "the down script",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = if self.filled { "on a database with generated rows" } else { "on a database without further rows" };
        write!(f, "{} fails its proof {on}", self.step)
    }
}

impl std::error::Error for Failure {}

/// Proves a claim. The generated rows are the same for the same `seed`.
///
/// # Errors
///
/// The first step that does not do what is claimed, with everything that is wrong there.
pub fn prove(claim: &Claim<'_>, seed: u64) -> Result<Proof, Failure> {
    let before = |problems| Failure { step: Step::Up, filled: false, problems };
    prove_on(replayed_ups(claim.set, claim.program).map_err(before)?, claim, seed)
}

/// As [`prove`], on a database that all migrations before have made already.
pub(crate) fn prove_on(connection: Connection, claim: &Claim<'_>, seed: u64) -> Result<Proof, Failure> {
    let (up, down) = (Arc::new(claim.up.clone()), claim.down.clone().map(Arc::new));
    let up = parsed(Step::Up, |problems| script::parse(&up, problems).up)?;
    let down = down.map(|down| parsed(Step::Down, |problems| script::parse_down(&down, problems))).transpose()?;
    let before = |problems| Failure { step: Step::Up, filled: false, problems };
    let failed = |error: rusqlite::Error| before(vec![unexpected(&error)]);
    let stubs = &claim.set.config.replay.stubs;
    if !claim.set.repeatables.is_empty() || claim.set.after_all.is_some() {
        // A new database has none of these when it comes to the migration.
        walk::fresh(claim, &up, &copy(&connection, stubs).map_err(failed)?)?;
    }
    replayed_rest(claim.set, &connection).map_err(before)?;
    let empty = copy(&connection, stubs).map_err(failed)?;
    let schema = read(&connection).map_err(|problem| before(vec![problem]))?;
    let walk = Walk { claim, before: &schema, up: &up, down: down.as_ref(), filled: false };
    walk.there_and_back(&connection)?;
    let Rows { connection, filled, misfits } = rows::filled(&walk, &empty, seed).map_err(failed)?;
    let touched = rows::touched(&walk);
    let idle = rows::idle_references(&connection, &schema, &touched);
    Walk { filled: true, ..walk }.there_and_back(&connection)?;
    misfits.iter().try_for_each(|misfit| walk.up_refuses_or_keeps(misfit))?;
    if let Some(down) = walk.down {
        let later = rows::later(&walk, down, &empty, seed).map_err(failed)?;
        walk.down_refuses_or_keeps(down, &later)?;
    }
    let mut proof = Proof::new(filled, &touched);
    proof.unfilled.extend(idle);
    Ok(proof)
}

impl Proof {
    fn new(filled: Filled, touched: &HashSet<Name>) -> Self {
        let mut proof = Self::default();
        for table in filled.tables {
            proof.rows += table.rows;
            match table.why {
                None => proof.tables += 1,
                Some(why) if touched.contains(&table.table) => proof.unfilled.push((table.table, why)),
                Some(_) => {}
            }
        }
        proof
    }
}

fn parsed(step: Step, parse: impl FnOnce(&mut Vec<Diagnostic>) -> Script) -> Result<Script, Failure> {
    let mut problems = Vec::new();
    let script = parse(&mut problems);
    if problems.iter().any(Diagnostic::is_error) { Err(Failure { step, filled: false, problems }) } else { Ok(script) }
}

fn read(connection: &Connection) -> Result<Schema, Diagnostic> {
    Schema::read(connection, &ReadOptions::default()).map_err(|error| unexpected(&error))
}

/// A fault of the proof itself.
fn unexpected(error: &dyn std::error::Error) -> Diagnostic {
    // What SQLite says is in its own error, whatever that one's source is.
    let sqlite = error.source().and_then(|source| source.downcast_ref::<rusqlite::Error>());
    let why = sqlite.map_or_else(|| error.to_string(), ToString::to_string);
    Diagnostic::error("proof", format!("could not use a database in memory: {why}"))
}
