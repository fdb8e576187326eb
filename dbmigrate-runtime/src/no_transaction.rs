//! Runs a script without a transaction around it, statement by statement, so that it can go on where it was stopped.
//!
//! A statement that can run in a transaction shares one with its progress. One that can't is marked before and after;
//! if the process dies between, only an idempotent one is run again. Nothing here rolls back what is done.

use std::time::{Duration, Instant};

use crate::assertion;
use crate::code;
use crate::compare::{self, Found};
use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys::{self, Choice};
use crate::guard::Settings;
use crate::history::Took;
use crate::hooks::Progress;
use crate::job::Job;
use crate::report::Done;
use crate::runner::Context;
use crate::script::{self, Stop, Trace};
use crate::set::{Code, Effect, Script, Statement, Step};
use crate::stored;
use crate::violations::Violations;

/// The states of a direction.
#[derive(Clone, Copy)]
struct States {
    /// Between two steps.
    running: &'static str,
    /// Inside a step that has no transaction.
    started: &'static str,
}

const UP: States = States { running: "running", started: "started" };
const DOWN: States = States { running: "reverting", started: "reverting-started" };

/// Records that a script is about to run, if what it asserts holds. The caller holds the lock, and commits.
pub(crate) fn enter(db: &mut Db<'_>, context: &Context<'_, '_>, job: &Job<'_>) -> Result<(), Error> {
    let history = &context.history;
    job.announce(db)?;
    match (job.records(), history.row(db, job.number)?) {
        (Some(migration), None) => {
            assertion::check(db, job, &migration.up)?;
            history.insert(db, context.options, migration, UP.running, None)
        }
        (None, Some((state, _))) if state == "applied" => {
            let mut steps = Vec::new();
            let script = job.script(&mut steps);
            assertion::check(db, job, &script)?;
            if let Some(text) = stored::encode(&script) {
                history.keep_down(db, job.number, text)?;
            }
            history.progress(db, job.number, DOWN.running, 0)
        }
        _ => Ok(()),
    }
}

/// Runs what is left of a script that was entered.
pub(crate) fn run(db: &mut Db<'_>, context: &Context<'_, '_>, job: &Job<'_>) -> Result<Done, Error> {
    let mut steps = Vec::new();
    let script = job.script(&mut steps);
    let start = Instant::now();
    let choice = foreign_keys::choose(db, context.settings, context.set.rules.foreign_keys, &script, false)?;
    Settings::enforce(db, choice.enforced)?;
    let before = if choice.enforced { None } else { Some(Violations::read(db)?) };
    let states = if job.records().is_some() { UP } else { DOWN };
    let mut walk = Walk { db, context, job, script, states, choice, before, replayed: 0, trace: Trace::default() };
    walk.run(start)?;
    let Trace { notes, steps } = walk.trace;
    context.settings.restore_inside(db)?;
    job.ran(db)?;
    Ok(Done { number: job.number, name: job.name.clone(), duration: start.elapsed(), steps, notes })
}

struct Walk<'w, 'c, 's> {
    db: &'w mut Db<'c>,
    context: &'w Context<'w, 's>,
    job: &'w Job<'w>,
    script: Script<'w>,
    states: States,
    choice: Choice,
    /// The violations before, where foreign keys are not enforced.
    before: Option<Violations>,
    /// How many steps have had their effect on this connection.
    replayed: usize,
    trace: Trace,
}

impl Walk<'_, '_, '_> {
    fn run(&mut self, start: Instant) -> Result<(), Error> {
        let mut waited = Instant::now();
        loop {
            // Another process may be at it too: the row says where the two of them are.
            let Some((state, done)) = self.context.history.row(self.db, self.job.number)? else { return Ok(()) };
            if state == "applied" {
                return Ok(());
            }
            let done = usize::try_from(done).unwrap_or(usize::MAX).min(self.script.steps.len());
            self.replay(done)?;
            let Some(step) = self.script.steps.get(done) else { return self.finish(start) };
            if state == self.states.started && !is_idempotent(step) {
                if waited.elapsed() >= self.db.timeout() {
                    return Err(self.unsettled(step, done));
                }
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
            let (upcoming, of) = (self.job.upcoming(), self.script.steps.len());
            let progress = Progress {
                name: upcoming.name,
                direction: upcoming.direction,
                step: done + 1,
                of,
                elapsed: start.elapsed(),
            };
            self.db.session().progress(&progress);
            let begun = Instant::now();
            self.step(step, done).map_err(|error| self.explain(error, done))?;
            waited = Instant::now();
            self.trace.steps.push(waited - begun);
        }
    }

    /// Gives this connection the state that the finished steps gave to theirs.
    fn replay(&mut self, done: usize) -> Result<(), Error> {
        for step in self.script.steps.get(self.replayed..done).unwrap_or_default() {
            if let Step::Sql(statement) = step {
                if statement.effect == Effect::Session {
                    script::execute(self.db, &self.job.name, &self.script, statement)?;
                    self.look_at_enforcement()?;
                }
            }
        }
        self.replayed = self.replayed.max(done);
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>, done: usize) -> Result<(), Error> {
        match step {
            Step::Code(code) => {
                // What a cascade takes could not be brought back: code is never let near one here.
                let enforced = self.enforce(false)?;
                let result = self.bare(step, done, |walk| walk.code(code));
                self.enforce(enforced)?;
                result
            }
            Step::Sql(statement) => match statement.effect {
                Effect::None | Effect::DropTable(_) | Effect::DropColumn(_) | Effect::Write(_) => {
                    self.in_transaction(done, done..done + 1, done + 1)
                }
                Effect::Begin => match together(self.script.steps, done) {
                    Some(count) => self.in_transaction(done, done + 1..done + count - 1, done + count),
                    None => Err(Error::new(ErrorKind::Set, "a BEGIN has no COMMIT")),
                },
                Effect::Commit => Err(Error::new(ErrorKind::Set, "a COMMIT has no BEGIN")),
                Effect::Session => {
                    self.trace.notes.extend(script::execute(self.db, &self.job.name, &self.script, statement)?);
                    self.refuse_open()?;
                    self.look_at_enforcement()?;
                    self.replayed = done + 1;
                    self.mark(done, &[self.states.running], self.states.running, done + 1).map(drop)
                }
                Effect::Bare { .. } => self.bare(step, done, |walk| walk.statement(statement)),
            },
        }
    }

    /// Steps that share a transaction with their progress.
    fn in_transaction(&mut self, done: usize, steps: std::ops::Range<usize>, next: usize) -> Result<(), Error> {
        self.db.begin()?;
        let result = self.inside(done, steps, next).and_then(|moved| match moved {
            true => self.db.commit().map_err(|error| failed("could not commit", error).into()),
            false => Ok(()),
        });
        self.db.rollback()?;
        match result {
            Ok(()) => Ok(()),
            // From here on: a child of this table was made after the choice.
            Err(Stop::NeedsOff) => self.enforce(false).map(drop),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// False if another process was faster.
    fn inside(&mut self, done: usize, steps: std::ops::Range<usize>, next: usize) -> Result<bool, Stop> {
        let history = &self.context.history;
        if history.row(self.db, self.job.number)? != Some((self.states.running.to_owned(), done as u64)) {
            return Ok(false);
        }
        for step in self.script.steps.get(steps).unwrap_or_default() {
            self.trace.notes.extend(script::run_step(self.db, &self.job.name, &self.script, step, self.choice)?);
        }
        history.progress(self.db, self.job.number, self.states.running, next as u64)?;
        self.replayed = next;
        Ok(true)
    }

    /// A step without a transaction, between its two marks. Only who makes the first mark runs it.
    fn bare(
        &mut self,
        step: &Step<'_>,
        done: usize,
        work: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let States { running, started } = self.states;
        let from = if is_idempotent(step) { &[running, started][..] } else { &[running] };
        if !self.mark(done, from, started, done)? {
            return Ok(());
        }
        let result = work(self).and_then(|()| self.refuse_open());
        self.db.rollback()?;
        self.look_at_enforcement()?;
        let next = if result.is_ok() { done + 1 } else { done };
        self.mark(done, &[started], running, next)?;
        self.replayed = next;
        result
    }

    /// Switches enforcement for the steps that follow; whether it was on.
    fn enforce(&mut self, on: bool) -> Result<bool, Error> {
        let was = self.choice.enforced;
        Settings::enforce(self.db, on)?;
        self.look_at_enforcement()?;
        Ok(was)
    }

    /// A step may have switched enforcement itself: from then on that is what holds, and what a drop has to look at.
    fn look_at_enforcement(&mut self) -> Result<(), Error> {
        self.choice.enforced = Settings::is_enforced(self.db)?;
        if !self.choice.enforced && self.before.is_none() {
            self.before = Some(Violations::read(self.db)?);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Result<(), Error> {
        let sql = script::sql_of(&self.job.name, &self.script, statement)?;
        let result = self.db.patiently(|session| session.execute(sql));
        result.map_err(|error| script::failed(self.db, &self.job.name, &self.script, statement, error))
    }

    fn code(&mut self, code: &Code<'_>) -> Result<(), Error> {
        let result = self.db.session().run_code(code.id);
        result.map_err(|cause| code::failed(&self.job.name, &self.script, code, cause))
    }

    fn refuse_open(&mut self) -> Result<(), Error> {
        if !self.db.in_transaction() {
            return Ok(());
        }
        self.db.rollback()?;
        Err(Error::new(ErrorKind::TransactionEnded, format!("`{}` left a transaction open", self.job.name))
            .note("it was rolled back"))
    }

    /// Moves the row on from one of these states. False if another process was faster.
    fn mark(&mut self, done: usize, from: &[&str], state: &str, next: usize) -> Result<bool, Error> {
        let (history, number) = (&self.context.history, self.job.number);
        self.db.transaction(|db| match history.row(db, number)? {
            Some((was, now)) if now == done as u64 && from.contains(&was.as_str()) => {
                history.progress(db, number, state, next as u64)?;
                Ok(true)
            }
            _ => Ok(false),
        })
    }

    /// All steps are done: the row and the head say so.
    fn finish(&mut self, start: Instant) -> Result<(), Error> {
        let (context, job, before, steps) = (self.context, self.job, &self.before, &self.trace.steps);
        self.db.transaction(|db| {
            if let Some(before) = before {
                Violations::read(db)?.refuse_growth(before, db).map_err(|error| {
                    error
                        .prefixed(&format!("`{}`: ", job.name))
                        .note("it runs without a transaction: its statements stay, and running it again accepts them")
                })?;
            }
            match job.records() {
                Some(_) => context.history.applied(db, job.number, Took { duration: start.elapsed(), steps })?,
                None => context.history.delete(db, job.number)?,
            }
            match compare::look(db, context.set)? {
                Found::History(known) => context.history.write_head(db, known.chain()),
                Found::Fresh | Found::Objects => Ok(()),
            }
        })
    }

    fn explain(&self, error: Error, done: usize) -> Error {
        let command = if self.job.records().is_some() { "up" } else { "down" };
        let before = match done {
            0 => "it is its first step".to_owned(),
            1 => "the step before this one stays".to_owned(),
            many => format!("the {many} steps before this one stay"),
        };
        error
            .note(format!("`{}` runs without a transaction: {before}", self.job.name))
            .hint(format!("remove the cause, then `cargo dbmigrate {command}` goes on with this step"))
            .hint(format!(
                "if you did by hand what it does, to go on after it: `cargo dbmigrate repair {} --done`",
                self.job.name
            ))
    }

    /// The error for a step of which nobody knows whether it ran.
    fn unsettled(&self, step: &Step<'_>, done: usize) -> Error {
        let name = &self.job.name;
        let message = format!("`{name}` was stopped in its step {}, and nobody knows whether that step ran", done + 1);
        let error = settle_help(name).into_iter().fold(Error::new(ErrorKind::Interrupted, message), Error::hint);
        match step {
            Step::Sql(statement) => error
                .at(Place::of(self.script.file, self.script.text, statement.start as usize))
                .in_statement(script::sql_of(&self.job.name, &self.script, statement).unwrap_or_default()),
            Step::Code(code) => error.at(Place::line(self.script.file, code.line)),
        }
    }
}

/// How to settle a step of which nobody knows whether it ran.
pub(crate) fn settle_help(name: &str) -> [String; 3] {
    let repair = |flag, stopped| {
        format!("`cargo dbmigrate repair {name} --{flag}` (`repair` of the migrator with `Stopped::{stopped}`)")
    };
    [
        format!("look at the database; if the step has not run: {}", repair("retry", "Retry")),
        format!("if it has: {}", repair("done", "Done")),
        "then start again: it goes on from there".to_owned(),
    ]
}

/// How many steps are done at once with the one at `at`: the file's own group from its BEGIN to its COMMIT is one.
/// `None` where there is no such step.
pub(crate) fn together(steps: &[Step<'_>], at: usize) -> Option<usize> {
    let is = |step: &Step<'_>, effect| matches!(step, Step::Sql(statement) if statement.effect == effect);
    let rest = steps.get(at..)?;
    if is(rest.first()?, Effect::Begin) {
        rest.iter().position(|step| is(step, Effect::Commit)).map(|last| last + 1)
    } else {
        Some(1)
    }
}

pub(crate) fn is_idempotent(step: &Step<'_>) -> bool {
    matches!(step, Step::Sql(Statement { effect: Effect::Bare { idempotent: true }, .. }))
}
