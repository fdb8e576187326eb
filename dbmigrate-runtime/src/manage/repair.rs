//! Resolves differences between the history and the program, on request: it accepts the program's text or name as the
//! one that was applied, records how far an interrupted migration has come, and rewrites the head. It changes only the
//! history.

use super::down::{down_script, history_of, not_applied};
use super::in_force::settled;
use super::step_lock::sweep;
use crate::compare::{KnownHistory, Match, write_head};
use crate::db::Db;
use crate::driver::{Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::foreign_keys::Watch;
use crate::history::History;
use crate::history_row::HistoryRow;
use crate::hooks::Direction;
use crate::job::{Job, ScriptBuffer};
use crate::migrator::Migrator;
use crate::no_transaction::{is_alive, is_idempotent, settle_help, together};
use crate::options::Options;
use crate::row_state::RowState;
use crate::session::Session;
use crate::set::{Migration, Set};
use crate::squash;
use crate::status::State;
use crate::step_lock::{self, Owner};
use crate::verify::{Problem, head_problem};
use crate::violations::{Violations, kept};

/// What happened to the step in which a migration without a transaction was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It has not run: the next `up` or `down` runs it again.
    Retry,
    /// It has run: the next `up` or `down` continues after it. If all steps have run, and only foreign key violations
    /// prevent the migration from being recorded, these are accepted.
    Done,
}

/// A difference between the history and the program, and what a repair does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The number of the migration; `None` if it is about the head of the history.
    pub number: Option<u64>,
    /// What is wrong. Its `help` says what to do if a repair cannot resolve it.
    pub problem: Problem,
    /// What the repair does, as a sentence; `None` if it cannot resolve the difference.
    pub remedy: Option<String>,
}

/// The result of a repair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repairs {
    /// What was repaired.
    pub done: Vec<Repair>,
    /// What still differs, and cannot be repaired in this way.
    pub left: Vec<Repair>,
}

/// A repair with what it changes.
struct Fix<'s> {
    repair: Repair,
    /// The program's migration, to be taken for what was applied.
    accept: Option<&'s Migration<'s>>,
    /// The state and the number of steps that are done.
    progress: Option<(RowState, u64)>,
    /// The rows that refer to nothing and were refused, as text, which are accepted.
    rows: Option<String>,
}

impl<'s> Fix<'s> {
    /// Takes what the program has for what was applied.
    fn take(&mut self, matched: &Match<'s>, remedy: &str) {
        self.accept = matched.migration;
        self.repair.remedy = Some(remedy.to_owned());
    }
}

/// What [`repair`] would do about each difference. It changes nothing.
pub(crate) fn plan(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Vec<Repair>, Error> {
    squash::with(session, set, options, |session, set| planned(session, set, options))
}

fn planned(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Vec<Repair>, Error> {
    let set = &set.with_all_parts();
    let mut db = Db::new(session, options);
    let Some(known) = history_of(&mut db, set)? else { return Ok(Vec::new()) };
    let fixes = fixes(&mut db, set, &known, None, None)?;
    let head = head(set, &known).filter(|_| !known.is_head_empty());
    Ok(fixes.into_iter().map(|fix| fix.repair).chain(pruned(set, &known)).chain(head).collect())
}

/// Repairs one migration, or everything that can be. The head is written anew either way.
pub(crate) fn repair(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    only: Option<u64>,
    stopped: Option<Stopped>,
) -> Result<Repairs, Error> {
    settled(session, set, options, &[], |session, set, _| settle(session, set, options, only, stopped))
}

fn settle(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    only: Option<u64>,
    stopped: Option<Stopped>,
) -> Result<Repairs, Error> {
    let set = &set.with_all_parts();
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    if history_of(&mut db, set)?.is_none() {
        return only.map_or_else(|| Ok(Repairs::default()), |number| Err(not_applied(set, number)));
    }
    db.transaction(|db| {
        let history = History::new(set);
        let Some(known) = history_of(db, set)? else { return Ok(Repairs::default()) };
        if let Some(number) = only.filter(|number| !known.has(*number)) {
            return Err(not_applied(set, number));
        }
        let mut repairs = Repairs::default();
        let head = head(set, &known);
        if known.head.is_none() {
            history.create(db)?;
        }
        for fix in fixes(db, set, &known, only, stopped)? {
            if let Some(migration) = fix.accept {
                history.accept(db, migration)?;
            }
            if let (Some((state, done)), Some(number)) = (fix.progress, fix.repair.number) {
                let prefix = fix.accept.and_then(|migration| migration.up.prefix(usize::try_from(done).ok()?));
                history.progress(db, number, state, done, prefix, None)?;
                sweep(db, set)?;
            }
            if let (Some(rows), Some(number)) = (&fix.rows, fix.repair.number) {
                history.keep_violations(db, number, rows)?;
            }
            if fix.repair.remedy.is_some() { &mut repairs.done } else { &mut repairs.left }.push(fix.repair);
        }
        repairs.left.extend(pruned(set, &known).filter(|_| only.is_none()));
        write_head(db, set)?;
        repairs.done.extend(head);
        Ok(repairs)
    })
}

/// What nothing here can mend: another version of the program has to run first.
fn pruned(set: &Set<'_>, known: &KnownHistory<'_>) -> Option<Repair> {
    Some(Repair { number: None, problem: squash::pruned_problem(set, known)?, remedy: None })
}

/// What is to do about the head.
fn head(set: &Set<'_>, known: &KnownHistory<'_>) -> Option<Repair> {
    let problem = head_problem(set, known)?;
    Some(Repair { number: None, problem, remedy: Some("it is rewritten from the rows".to_owned()) })
}

/// What is to do about the migrations; all of them if not `only` one is asked for.
fn fixes<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    only: Option<u64>,
    stopped: Option<Stopped>,
) -> Result<Vec<Fix<'s>>, Error> {
    let mut fixes = Vec::new();
    let asked = known.matches.iter().filter(|matched| only.is_none_or(|number| matched.number == number));
    for matched in asked.filter(|matched| !matched.state.is_allowed(set.rules)) {
        let Some(problem) = known.problem(matched) else { continue };
        let repair = Repair { number: Some(matched.number), problem, remedy: None };
        let mut fix = Fix { repair, accept: None, progress: None, rows: None };
        match &matched.state {
            State::Edited => fix.take(matched, "its current text counts as the applied one"),
            State::Renamed { .. } if matched.has_same_text() => {
                fix.take(matched, "its new name is recorded in the history")
            }
            State::Interrupted { .. } => interrupted(db, set, known, matched, &mut fix, stopped, only.is_some())?,
            _ => {}
        }
        fixes.push(fix);
    }
    let is_settled = |fix: &Fix<'_>| fix.repair.problem.kind == ErrorKind::Interrupted;
    if let (Some(number), Some(_), false) = (only, stopped, fixes.iter().any(is_settled)) {
        let name = known.newest_first().find(|(_, row)| row.number == number).map_or("", |(_, row)| row.name.as_str());
        let message = format!("`{name}` was not interrupted in a step: there is nothing to retry or to count as done");
        return Err(Error::new(ErrorKind::Interrupted, message)
            .hint(format_args!("to repair other differences: `cargo dbmigrate repair {name}`")));
    }
    Ok(fixes)
}

/// What the next run does with one of which all steps have run.
const FINISHES: &str = "records it, or shows the rows that refer to nothing";

/// A migration without a transaction that was stopped on its way.
fn interrupted<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    matched: &Match<'s>,
    fix: &mut Fix<'s>,
    stopped: Option<Stopped>,
    is_named: bool,
) -> Result<(), Error> {
    let Some(row) = &matched.row else { return Ok(()) };
    let is_reverting = row.state.is_reverting();
    let direction = if is_reverting { Direction::Down } else { Direction::Up };
    let (running, command) = (RowState::between_steps(direction), direction.command());
    let is_edited = !is_reverting && !matched.can_resume();
    let is_renamed = matched.migration.is_none_or(|migration| migration.name != row.name);
    let is_other = is_renamed && !matched.has_same_text();
    if is_edited && (is_other || matched.migration.is_some_and(|migration| migration.up.transaction)) {
        return Ok(());
    }
    let done = usize::try_from(row.statements_done).unwrap_or(usize::MAX);
    let step = step(db, set, known, matched, row, done)?;
    let is_started = row.state.is_in_step();
    let is_open = is_started && (is_edited || !step.is_some_and(|step| step.is_idempotent));
    let mut remedies = Vec::new();
    let number = done.saturating_add(1);
    if is_open && step_lock::owner(db, set)? == Owner::Alive {
        fix.repair.problem.message = is_alive(&row.name, row.statements_done);
        fix.repair.problem.help = vec!["let it finish: then there may be nothing to repair".to_owned()];
        return Ok(());
    }
    match stopped.filter(|_| is_open || is_named) {
        None if is_open => {
            let text = format!(", in step {number}: it is unknown whether that step ran");
            fix.repair.problem.message.push_str(&text);
            fix.repair.problem.help = settle_help(&row.name).into();
            return Ok(());
        }
        None => {}
        Some(Stopped::Retry) if step.is_some_and(|step| step.together == 0) => {
            let help = format!("`cargo dbmigrate {command}` {FINISHES}");
            if is_named {
                let message = format!("all steps of `{}` have run: there is none to run again", row.name);
                return Err(Error::new(ErrorKind::Interrupted, message).hint(help));
            }
            fix.repair.problem.help = vec![help];
            return Ok(());
        }
        Some(Stopped::Retry) => {
            fix.progress = Some((running, row.statements_done));
            remedies.push(format!("`{command}` runs its step {number} again"));
        }
        Some(Stopped::Done) => {
            // What was begun outside of a transaction is one step.
            let count = if is_started { Some(1) } else { step.map(|step| step.together) };
            let Some(count) = count else {
                let message = format!("`{}` has no step {number} that could count as done", row.name);
                return Err(Error::new(ErrorKind::Interrupted, message)
                    .hint(format_args!("to continue: `cargo dbmigrate {command}`")));
            };
            fix.progress = Some((running, row.statements_done.saturating_add(count as u64)));
            if count == 0 {
                fix.rows = Some(refused_rows(db, set, row, command)?);
            }
            remedies.push(match count {
                0 => format!("the rows that refer to nothing are accepted, and `{command}` records it"),
                1 => format!("its step {number} counts as done"),
                _ => format!("its step {number} and the rest of its transaction count as done"),
            });
        }
    }
    if is_edited {
        let (_, after) = *fix.progress.get_or_insert((running, row.statements_done));
        let what = if is_renamed { "its new name is recorded in the history" } else { "its current text counts" };
        let trusted = match after {
            0 => "none of its steps counts as run, and `up` starts it again".to_owned(),
            1 => "its first step counts as run, and `up` continues after it".to_owned(),
            many => format!("its first {many} steps count as run, and `up` continues after them"),
        };
        remedies.push(format!("{what}: {trusted}"));
    }
    if !is_reverting && fix.progress.is_some() {
        fix.accept = matched.migration;
    }
    if !remedies.is_empty() {
        fix.repair.remedy = Some(remedies.join("; "));
    }
    Ok(())
}

/// The rows that refer to nothing, for which a migration was refused at its end: what nobody was shown is not let be.
fn refused_rows(db: &mut Db<'_>, set: &Set<'_>, row: &HistoryRow, command: &str) -> Result<String, Error> {
    let text = History::new(set).stored(db, row.number, "violations")?.unwrap_or_default();
    let (before, refused) = kept(&text);
    let stop = |message: &str, and: &str| {
        Err(Error::new(ErrorKind::Interrupted, format_args!("all steps of `{}` have run, and {message}", row.name))
            .hint(format_args!("`cargo dbmigrate {command}` {and}")))
    };
    let (Some(text), Some(refused)) = (refused, refused.and_then(Violations::decode)) else {
        return stop("no rows were rejected that could be accepted", FINISHES);
    };
    let before = Violations::decode(before).unwrap_or_default();
    if before.refuse_growth(db, true).is_ok() {
        return stop("none of the rejected rows are left", "records it");
    }
    refused.refuse_growth(db, true).map(|()| text.to_owned()).map_err(|error| {
        error
            .of(&format_args!("there are more rows than those for which `{}` was rejected", row.name))
            .hint(format_args!("to see all of them: `cargo dbmigrate {command}`"))
    })
}

/// The step at which a migration was stopped.
#[derive(Clone, Copy)]
struct StoppedStep {
    is_idempotent: bool,
    /// How many steps are done at once with it; none behind the last one, where only the end was refused.
    together: usize,
}

fn step<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    matched: &Match<'s>,
    row: &HistoryRow,
    done: usize,
) -> Result<Option<StoppedStep>, Error> {
    let mut buffer = ScriptBuffer::default();
    let job;
    let steps = if row.state.is_reverting() {
        let Ok(way) = down_script(db, set, known, matched, row)? else { return Ok(None) };
        job = Job { number: row.number, way };
        job.script(&mut buffer).steps
    } else {
        matched.migration.map_or(&[][..], |migration| migration.up.steps)
    };
    if !steps.is_empty() && done == steps.len() {
        return Ok(Some(StoppedStep { is_idempotent: true, together: 0 }));
    }
    Ok(steps
        .get(done)
        .zip(together(steps, done))
        .map(|(step, together)| StoppedStep { is_idempotent: is_idempotent(step), together }))
}

impl<B: Backend> Migrator<'_, B> {
    /// Returns the differences between the history and the program, and what [`Migrator::repair`] would do about each.
    /// It changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Migrator::status`].
    pub fn repair_plan(&self, connection: &mut B::Connection) -> Result<Vec<Repair>, Error> {
        plan(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Resolves the differences between the history and the program that are about this migration. Its current text and
    /// name count as those that were applied. For a step of which nobody knows whether it ran, `stopped` says so. It
    /// changes only the history, and runs nothing.
    ///
    /// # Errors
    ///
    /// If the history does not have the migration, if `stopped` is given for a migration that was not interrupted, or
    /// an error of the database. What cannot be repaired is not an error, but part of the result.
    pub fn repair(
        &self,
        connection: &mut B::Connection,
        number: impl Into<u64>,
        stopped: Option<Stopped>,
    ) -> Result<Repairs, Error> {
        repair(&mut self.session(connection), self.set()?, &self.options, Some(number.into()), stopped)
    }

    /// Like [`Migrator::repair`], for everything that differs.
    ///
    /// # Errors
    ///
    /// An error of the database.
    pub fn repair_all(&self, connection: &mut B::Connection, stopped: Option<Stopped>) -> Result<Repairs, Error> {
        repair(&mut self.session(connection), self.set()?, &self.options, None, stopped)
    }

    /// As [`Migrator::repair_plan`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn repair_plan_with(&self, driver: &mut impl Driver) -> Result<Vec<Repair>, Error> {
        plan(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::repair`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn repair_with(
        &self,
        driver: &mut impl Driver,
        number: impl Into<u64>,
        stopped: Option<Stopped>,
    ) -> Result<Repairs, Error> {
        repair(&mut self.plain(driver), self.set()?, &self.options, Some(number.into()), stopped)
    }
}
