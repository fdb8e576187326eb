//! One walk up and back, with a look at everything after each step.

use std::collections::BTreeSet;

use dbmigrate_core::{Diagnostic, Script};
use rusqlite::Connection;

use super::contents::{Contents, Pair, pairs};
use super::state::{self, asserts};
use super::texts::Quoted;
use super::{Claim, Failure, Step, read, unexpected};
use crate::compare::compare;
use crate::declared::old_name;
use crate::execute;
use crate::migrated::replayed_rest;
use crate::model::Schema;
use crate::observer::NoObserver;
use crate::plan::Rename;

/// The two schemas and the two ways between them.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) claim: &'a Claim<'a>,
    pub(super) before: &'a Schema,
    pub(super) up: &'a Script,
    pub(super) down: Option<&'a Script>,
    /// Whether the database holds generated rows.
    pub(super) filled: bool,
}

impl Walk<'_> {
    /// Goes up and, where there is a way, back.
    pub(super) fn there_and_back(&self, connection: &Connection) -> Result<(), Failure> {
        let there = pairs(self.before, self.claim.target, self.claim.decisions);
        // What was wrong at first may be so again.
        let known = state::faults(connection, self.before);
        let schemas = (self.before, self.claim.target);
        let faults = self.step(Step::Up, self.up, schemas, &there, (&known, &known), connection)?;
        if let Some(down) = self.down {
            let back: Vec<_> = there.into_iter().map(Pair::flipped).collect();
            let schemas = (self.claim.target, self.before);
            self.step(Step::Down, down, schemas, &back, (&faults, &known), connection)?;
        }
        Ok(())
    }

    /// Goes up where that was seen to work.
    pub(super) fn goes_up(&self, connection: &Connection) -> Result<(), Diagnostic> {
        run_one(self.claim, self.up, connection)
    }

    /// The way up over rows that the schema afterwards does not take: it may refuse them, and do no more.
    pub(super) fn up_refuses_or_keeps(&self, connection: &Connection) -> Result<(), Failure> {
        let pairs = pairs(self.before, self.claim.target, self.claim.decisions);
        self.refuses_or_keeps(Step::Up, self.up, (self.before, self.claim.target), &pairs, connection)
    }

    /// The down script over rows that were written after the up script.
    pub(super) fn down_refuses_or_keeps(&self, down: &Script, connection: &Connection) -> Result<(), Failure> {
        let there = pairs(self.before, self.claim.target, self.claim.decisions);
        let back: Vec<_> = there.into_iter().map(Pair::flipped).collect();
        self.refuses_or_keeps(Step::Down, down, (self.claim.target, self.before), &back, connection)
    }

    fn refuses_or_keeps(
        &self,
        step: Step,
        script: &Script,
        (from, to): (&Schema, &Schema),
        pairs: &[Pair],
        connection: &Connection,
    ) -> Result<(), Failure> {
        let failure = |problems| Failure { step, filled: true, problems };
        let failed = |error: rusqlite::Error| failure(vec![unexpected(&error)]);
        let contents = Contents::read(connection, pairs, from, to).map_err(failed)?;
        if asserts(connection, script).is_err() || run_one(self.claim, script, connection).is_err() {
            return Ok(());
        }
        let lost = contents.lost(connection).map_err(failed)?;
        if lost.is_empty() {
            return Ok(());
        }
        let path = script.source.path();
        let why = "rows that no longer fit have to be rejected, not left out or changed";
        Err(failure(lost.into_iter().map(|problem| problem.note(why).in_file(path)).collect()))
    }

    /// Takes one step, and says what can't be used after it. `faults` is what can't be before it; each view and trigger
    /// is asked once for both.
    fn step(
        &self,
        step: Step,
        script: &Script,
        (from, to): (&Schema, &Schema),
        pairs: &[Pair],
        (faults, known): (&BTreeSet<String>, &BTreeSet<String>),
        connection: &Connection,
    ) -> Result<BTreeSet<String>, Failure> {
        let failure = |problems: Vec<Diagnostic>| {
            // All of them are about one file.
            let named = |problem: Diagnostic| match problem.location {
                Some(_) => problem,
                None => problem.in_file(script.source.path()),
            };
            Failure { step, filled: self.filled, problems: problems.into_iter().map(named).collect() }
        };
        let failed = |error: rusqlite::Error| failure(vec![unexpected(&error)]);
        let contents = Contents::read(connection, pairs, from, to).map_err(failed)?;
        let quoted = Quoted::read(connection, from).map_err(failed)?;
        asserts(connection, script).map_err(|problem| failure(vec![problem]))?;
        run_one(self.claim, script, connection).map_err(|problem| failure(vec![problem]))?;
        let mut problems = differences(step, connection, to).map_err(|problem| failure(vec![problem]))?;
        problems.extend(contents.lost(connection).map_err(failed)?);
        problems.extend(quoted.turned(connection, pairs, (from, to)).map_err(failed)?);
        if step == Step::Up {
            problems.extend(orphaned(from, to, &self.claim.decisions.renames));
        }
        let now = state::faults(connection, to);
        let new = now.iter().filter(|fault| !faults.contains(*fault) && !known.contains(*fault));
        problems.extend(new.map(|fault| Diagnostic::error("proof", fault.clone())));
        if problems.is_empty() { Ok(now) } else { Err(failure(problems)) }
    }
}

/// The way up on a new database, which comes to it before there is any repeatable.
pub(super) fn fresh(claim: &Claim<'_>, up: &Script, connection: &Connection) -> Result<(), Failure> {
    let failure = |problems| Failure { step: Step::Up, filled: false, problems };
    asserts(connection, up).and_then(|()| run_one(claim, up, connection)).map_err(|problem| {
        failure(vec![problem.note("this is about a new database, which runs it before the repeatables")])
    })?;
    replayed_rest(claim.set, connection).map_err(failure)?;
    let differences = differences(Step::Up, connection, claim.target).map_err(|problem| failure(vec![problem]))?;
    if differences.is_empty() { Ok(()) } else { Err(failure(differences)) }
}

/// What refers to a table that goes, whether or not any row does: an empty table today is a full one tomorrow.
fn orphaned(from: &Schema, to: &Schema, renames: &[Rename]) -> Vec<Diagnostic> {
    let mut orphaned = Vec::new();
    for child in to.tables() {
        let Some(before) = from.table(old_name(renames, &child.name)) else { continue };
        let gone = child.foreign_keys().map(|key| &key.parent).filter(|parent| {
            let referred = before.foreign_keys().any(|key| key.parent == **parent);
            referred && from.table(parent).is_some() && to.table(parent).is_none()
        });
        let problem = |parent| format!("table `{}` refers to `{parent}`, which no longer exists", child.name);
        orphaned.extend(gone.map(|parent| Diagnostic::error("proof", problem(parent))));
    }
    orphaned
}

fn run_one(claim: &Claim<'_>, script: &Script, connection: &Connection) -> Result<(), Diagnostic> {
    // Rows make it worth while to look for orphans in any case.
    execute::script(connection, claim.set.config.foreign_keys, script, true, &mut NoObserver)
}

/// In what the schema differs from the one that was to come.
fn differences(step: Step, connection: &Connection, expected: &Schema) -> Result<Vec<Diagnostic>, Diagnostic> {
    let found = read(connection)?;
    let differences = compare(&found, expected);
    let problem = |difference: &dyn std::fmt::Display| {
        Diagnostic::error("proof", format!("{step} makes a different schema: it does not yet do that {difference}"))
    };
    Ok(differences.iter().map(|difference| problem(difference)).collect())
}
