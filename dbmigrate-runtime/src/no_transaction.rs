//! Runs a script without a transaction around it, statement by statement, so that it can go on where it was stopped.
//!
//! A statement that can run in a transaction shares one with its progress. One that can't is marked before and after;
//! if the process dies between, only an idempotent one is run again. Nothing here rolls back what is done.

use std::time::{Duration, Instant};

use crate::assertion;
use crate::code;
use crate::compare::{look, write_head};
use crate::db::{Db, failed};
use crate::dependent;
use crate::elsewhere;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys::{self, Choice, Watch};
use crate::guard::Settings;
use crate::hidden;
use crate::history::{Stage, unrecorded};
use crate::history_row::Timing;
use crate::hooks::Progress;
use crate::interrupted;
use crate::job::{Job, Kind, ScriptBuffer};
use crate::report::Done;
use crate::row_state::RowState;
use crate::runner::Context;
use crate::runner::alone::{AloneFn, alone};
use crate::runner::failure::Named;
use crate::script::{self, Stop};
use crate::set::{Code, Effect, Script, Statement, Step};
use crate::step_lock::{self, Owner, StepLock};
use crate::stored;
use crate::violations::{Violations, kept};

/// What runs scripts without a transaction, and says how they were stopped.
#[derive(Clone, Copy)]
pub(crate) struct WithoutTransactionPart {
    pub(crate) alone: AloneFn,
    pub(crate) explain: interrupted::ExplainFn,
}

impl WithoutTransactionPart {
    pub(crate) const LINKED: Self = Self { alone, explain: interrupted::explain };
}

/// Records that a script is about to run, if what it asserts holds. The caller holds the lock, and commits.
#[inline]
pub(crate) fn enter(db: &mut Db<'_>, context: &Context<'_, '_>, job: &Job<'_>) -> Result<(), Error> {
    let history = &context.history;
    job.announce(db)?;
    match (job.records(), history.stage(db, job.number)?) {
        (Some(migration), None) => {
            assertion::check(db, job, &migration.up)?;
            history.insert(db, context.options, migration, RowState::Running, None)?;
        }
        // What has run is the same, or it would not go on. The rest is from here on what the program has.
        (Some(migration), Some(_)) => history.accept(db, migration)?,
        (None, Some(stage)) if stage.state == RowState::Applied => {
            let mut buffer = ScriptBuffer::default();
            let script = job.script(&mut buffer);
            assertion::check(db, job, script)?;
            if let Some(text) = stored::encode(script) {
                history.keep_down(db, job.number, &text)?;
            }
            history.progress(db, job.number, RowState::Reverting, 0, None, None)?;
        }
        _ => {}
    }
    // The head is wrong from here on. The triggers of the history empty it, too, but a connection may run no triggers.
    history.write_head(db, "")?;
    match history.stage(db, job.number)? {
        Some(stage) if stage.state != RowState::Applied => Ok(()),
        _ => Err(unrecorded(job.name())),
    }
}

/// Runs what is left of a script that was entered.
#[inline]
pub(crate) fn run(db: &mut Db<'_>, context: &Context<'_, '_>, job: &Job<'_>) -> Result<Done, Error> {
    let mut buffer = ScriptBuffer::default();
    let script = job.script(&mut buffer);
    let start = Instant::now();
    let mut choice = foreign_keys::choose(
        db,
        context.settings,
        context.set.rules.foreign_keys,
        script,
        false,
        context.set.parts.foreign_keys,
    )?;
    // Where it was stopped, what is new since it began is new.
    let from_before = context.history.stored(db, job.number, "violations")?;
    // The table that foreign keys had to be off for may be gone by now.
    choice.enforced &= choice.explicit || from_before.is_none();
    Settings::enforce(db, choice.enforced)?;
    let before = match from_before.and_then(|text| Violations::decode(kept(&text).0)) {
        None if !choice.enforced => Some(Violations::read(db)?),
        before => before,
    };
    let (running, in_step) = (RowState::between_steps(job.direction()), RowState::in_step(job.direction()));
    let stage = Stage { state: running, done: 0, checksum: String::new() };
    let done = job.done();
    let script = *script;
    let mut walk =
        Walk { db, context, job, script, running, in_step, stage, choice, before, replayed: 0, done, timed: 0 };
    walk.run(start)?;
    let done = Done { steps: walk.times(), ..walk.done };
    job.ran(db)?;
    Ok(Done { duration: start.elapsed(), ..done })
}

struct Walk<'w, 'c, 's> {
    db: &'w mut Db<'c>,
    context: &'w Context<'w, 's>,
    job: &'w Job<'w>,
    script: Script<'w>,
    /// The state between two steps, and in one that has no transaction.
    running: RowState,
    in_step: RowState,
    /// What the row says, as far as this process knows.
    stage: Stage,
    choice: Choice,
    /// The violations from before the first step that ran without enforcement.
    before: Option<Violations>,
    /// How many steps have had their effect on this connection.
    replayed: usize,
    done: Done,
    /// How many steps, from the first on, this run has timed.
    timed: usize,
}

impl Walk<'_, '_, '_> {
    #[inline]
    fn run(&mut self, start: Instant) -> Result<(), Error> {
        let mut waited = Instant::now();
        loop {
            // Another process may be at it too: the row says where the two of them are.
            let Some(stage) = self.context.history.stage(self.db, self.job.number)? else {
                return self.refuse_gone();
            };
            if stage.state == RowState::Applied {
                return Ok(());
            }
            self.stage = stage;
            self.refuse_other_text()?;
            let done = usize::try_from(self.stage.done).unwrap_or(usize::MAX).min(self.script.steps.len());
            self.replay(done)?;
            let Some(step) = self.script.steps.get(done) else {
                self.finish(start)?;
                continue;
            };
            if self.stage.state == self.in_step && !is_idempotent(step) {
                self.wait_for_owner(step, waited)?;
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
            self.db.session().hooks().progress(&progress);
            let begun = Instant::now();
            self.step(step, done).map_err(|error| self.explain(error, done))?;
            waited = Instant::now();
            if self.timed == done {
                self.done.steps.push(waited - begun);
                self.timed += together(self.script.steps, done).unwrap_or(1);
            }
        }
    }

    /// Its row is gone: that is what was wanted on the way back. On the way up it is right only where who finished it for us
    /// has recorded a squash in its place since. Then `look` fails, and what is in force is read anew.
    #[inline]
    fn refuse_gone(&mut self) -> Result<(), Error> {
        if self.job.records().is_none() {
            return Ok(());
        }
        look(self.db, self.context.set)?;
        Err(gone(self.job.name()))
    }

    /// How long each step took, if this run did all of them: the times of some would be taken for those of the first.
    #[inline]
    fn times(&self) -> Vec<Duration> {
        if self.timed == self.script.steps.len() { self.done.steps.clone() } else { Vec::new() }
    }

    /// Two programs may begin alike and go on with different texts: the one that came last does.
    #[inline]
    fn refuse_other_text(&self) -> Result<(), Error> {
        if self.job.records().is_none_or(|migration| migration.checksum == self.stage.checksum) {
            return Ok(());
        }
        let message =
            format!("another process continues `{}` with a different text than this program's", self.job.name());
        Err(Error::new(ErrorKind::Interrupted, message).hint("let it finish, then check `cargo dbmigrate status`"))
    }

    /// A step is begun that can't just run again: waits for who runs it, as long as there is anybody.
    #[inline]
    fn wait_for_owner(&mut self, step: &Step<'_>, since: Instant) -> Result<(), Error> {
        let set = self.context.set;
        let owner = step_lock::owner(self.db, set)?;
        if owner == Owner::Dead {
            // Under the lock nobody begins or ends a step.
            let is_dead =
                self.locked(|walk| Ok(walk.is_unchanged()? && step_lock::owner(walk.db, set)? == Owner::Dead))?;
            return if is_dead { Err(self.unsettled(step)) } else { Ok(()) };
        }
        if since.elapsed() < self.db.timeout() {
            std::thread::sleep(Duration::from_millis(10));
            return Ok(());
        }
        Err(match owner {
            Owner::Alive => Error::new(ErrorKind::Busy, is_alive(self.job.name(), self.stage.done))
                .hint("let it finish, then start again"),
            Owner::Dead | Owner::Unknown => self.unsettled(step),
        })
    }

    /// Gives this connection the state that the finished steps gave to theirs.
    #[inline]
    fn replay(&mut self, done: usize) -> Result<(), Error> {
        for step in self.script.steps.get(self.replayed..done).unwrap_or_default() {
            if let Step::Sql(statement) = step {
                let is_of_connection = match statement.effect {
                    Effect::Session => true,
                    Effect::Bare { .. } => {
                        script::begins(script::sql_of(self.job.name(), &self.script, statement)?, "DETACH")
                    }
                    _ => false,
                };
                if is_of_connection {
                    script::execute(self.db, self.job.name(), &self.script, statement, &mut Vec::new())?;
                    self.look_at_enforcement()?;
                }
            }
        }
        self.replayed = self.replayed.max(done);
        Ok(())
    }

    #[inline]
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
                    self.in_transaction(done..done + 1, done + 1)
                }
                Effect::Begin => match together(self.script.steps, done) {
                    Some(count) => self.in_transaction(done + 1..done + count - 1, done + count),
                    None => Err(Error::new(ErrorKind::Set, "a BEGIN has no COMMIT")),
                },
                Effect::Commit => Err(Error::new(ErrorKind::Set, "a COMMIT has no BEGIN")),
                Effect::Session => {
                    script::execute(self.db, self.job.name(), &self.script, statement, &mut self.done.notes)?;
                    self.look_at_enforcement()?;
                    self.replayed = done + 1;
                    self.mark(self.running, done + 1, |_| Ok(())).map(drop)
                }
                Effect::Bare { .. } => self.bare(step, done, |walk| walk.statement(statement)),
            },
        }
    }

    /// Steps that share a transaction with their progress.
    #[inline]
    fn in_transaction(&mut self, steps: std::ops::Range<usize>, next: usize) -> Result<(), Error> {
        self.db.begin()?;
        let result = self.inside(steps, next).and_then(|moved| {
            if moved { self.db.commit().map_err(|error| failed("could not commit", error).into()) } else { Ok(()) }
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
    #[inline]
    fn inside(&mut self, steps: std::ops::Range<usize>, next: usize) -> Result<bool, Stop> {
        if !self.is_unchanged()? {
            return Ok(false);
        }
        for step in self.script.steps.get(steps).unwrap_or_default() {
            script::run_step(
                self.db,
                self.job.name(),
                &self.script,
                (step, &[]),
                self.choice,
                &self.context.set.parts,
                &mut self.done.notes,
            )?;
        }
        hidden::refuse(self.db)?;
        self.record(self.running, next)?;
        self.replayed = next;
        Ok(true)
    }

    /// A step without a transaction, between its two marks. Only who makes the first mark runs it.
    #[inline]
    fn bare(
        &mut self,
        step: &Step<'_>,
        done: usize,
        work: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (set, mut lock) = (self.context.set, None);
        let is_ours = self.mark(self.in_step, done, |db| {
            if !is_idempotent(step) {
                lock = StepLock::take(db, set)?;
            }
            Ok(())
        })?;
        if !is_ours {
            return Ok(());
        }
        let result = work(self).and_then(|()| self.refuse_open());
        self.db.rollback()?;
        let next = if result.is_ok() { done + 1 } else { done };
        self.mark(self.running, next, |_| {
            if let Some(lock) = lock {
                lock.release();
            }
            Ok(())
        })?;
        self.replayed = next;
        result
    }

    /// Switches enforcement for the steps that follow; whether it was on.
    #[inline]
    fn enforce(&mut self, on: bool) -> Result<bool, Error> {
        let was = self.choice.enforced;
        Settings::enforce(self.db, on)?;
        self.look_at_enforcement()?;
        Ok(was)
    }

    /// A step may have switched enforcement itself: from then on that is what holds, and what a drop has to look at.
    #[inline]
    fn look_at_enforcement(&mut self) -> Result<(), Error> {
        self.choice.enforced = Settings::is_enforced(self.db)?;
        if !self.choice.enforced && self.before.is_none() {
            self.before = Some(Violations::read(self.db)?);
        }
        Ok(())
    }

    #[inline]
    fn statement(&mut self, statement: &Statement<'_>) -> Result<(), Error> {
        let sql = script::sql_of(self.job.name(), &self.script, statement)?;
        if script::begins(sql, "DETACH") {
            elsewhere::refuse_detach(self.db, &self.script, statement)?;
        }
        let result = self.db.patiently(|session| session.execute(sql));
        result.map_err(|error| script::failed(self.db, self.job.name(), &self.script, statement, error))
    }

    #[inline]
    fn code(&mut self, code: &Code<'_>) -> Result<(), Error> {
        let result = self.db.session().run_code(code.id);
        result.map_err(|cause| code::failed(self.job.name(), &self.script, code, cause))
    }

    #[inline]
    fn refuse_open(&mut self) -> Result<(), Error> {
        if !self.db.in_transaction() {
            return Ok(());
        }
        // The caller rolls back.
        Err(Error::new(ErrorKind::TransactionEnded, format_args!("`{}` left a transaction open", self.job.name()))
            .note("it was rolled back"))
    }

    /// Moves the row on, together with what has to be done right then. False if another process was faster.
    #[inline]
    fn mark(
        &mut self,
        state: RowState,
        next: usize,
        with: impl FnOnce(&mut Db<'_>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let is_ours = self.locked(|walk| {
            let is_ours = walk.is_unchanged()?;
            if is_ours {
                walk.record(state, next)?;
                with(walk.db)?;
            }
            Ok(is_ours)
        })?;
        if is_ours {
            self.stage.state = state;
            self.stage.done = next as u64;
        }
        Ok(is_ours)
    }

    /// Does something in a transaction of its own, and rolls back if it fails.
    #[inline]
    fn locked<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.db.begin()?;
        let result = work(self)
            .and_then(|done| self.db.commit().map(|()| done).map_err(|error| failed("could not commit", error)));
        self.db.rollback()?;
        result
    }

    /// Whether the row still says what this process knows. Who began a step says how it ended, also where another text
    /// goes on after it.
    #[inline]
    fn is_unchanged(&mut self) -> Result<bool, Error> {
        let known = &self.stage;
        let is_known = |row: Stage| {
            let is_same_text = row.checksum == known.checksum || row.state == self.in_step;
            is_same_text && row.state == known.state && row.done == known.done
        };
        Ok(self.context.history.stage(self.db, self.job.number)?.is_some_and(is_known))
    }

    /// Writes how far it has come.
    #[inline]
    fn record(&mut self, state: RowState, done: usize) -> Result<(), Error> {
        let begun = if state.is_in_step() { done + 1 } else { done };
        let prefix = self.script.prefix(begun);
        let before = self.before.as_ref().map(Violations::encode);
        self.context.history.progress(self.db, self.job.number, state, done as u64, prefix, before.as_deref())?;
        self.look_again(Some((state, done as u64)))
    }

    /// Refuses to go on where the row is not what was written: it would run again what has run, and without an end.
    #[inline]
    fn look_again(&mut self, written: Option<(RowState, u64)>) -> Result<(), Error> {
        let stage = self.context.history.stage(self.db, self.job.number)?;
        let is_written = stage.map(|it| (it.state, it.done)) == written;
        if is_written { Ok(()) } else { Err(unrecorded(self.job.name())) }
    }

    /// All steps are done: the row and the head say so, unless another process was faster.
    #[inline]
    fn finish(&mut self, start: Instant) -> Result<(), Error> {
        let (context, job) = (self.context, self.job);
        let mut refused = None;
        let result = self.locked(|walk| {
            if !walk.is_unchanged()? {
                return Ok(());
            }
            let timing = Timing { duration: start.elapsed(), steps: &walk.times() };
            let Walk { db, before, .. } = walk;
            if let Some(before) = before {
                let grown = before.refuse_growth(db, true);
                if grown.is_err() {
                    refused = before.encode_refused(db).ok();
                }
                grown.map_err(|error| {
                    error
                        .of(&Named(Kind::Migration, Some(job)))
                        .note("it runs without a transaction: its changes stay")
                        .hint(format_args!(
                            "or correct them by hand, then `cargo dbmigrate {}` again; to accept them, before that: \
                             `cargo dbmigrate \
                             repair {} --done` (`repair` of the migrator with `Stopped::Done`, with the feature `manage`)",
                            job.command(),
                            job.name()
                        ))
                })?;
            }
            let done = walk.stage.done;
            match job.records() {
                Some(_) => context.history.applied(db, context.options, job.number, timing)?,
                None => context.history.delete(db, job.number)?,
            }
            walk.look_again(job.records().map(|_| (RowState::Applied, done)))?;
            write_head(walk.db, context.set)
        });
        if let Some(rows) = refused {
            // So that a repair lets be what was shown. Where it can't be written, the next run shows it again.
            let _ = self.locked(|walk| {
                if walk.is_unchanged()? { context.history.keep_violations(walk.db, job.number, &rows) } else { Ok(()) }
            });
        }
        result
    }

    #[inline]
    fn explain(&self, error: Error, done: usize) -> Error {
        let command = self.job.command();
        let before = match done {
            0 => "it is its first step".to_owned(),
            1 => "the step before this one stays".to_owned(),
            many => format!("the {many} steps before this one stay"),
        };
        dependent::explain(self.context.set, error)
            .note(format_args!("`{}` runs without a transaction: {before}", self.job.name()))
            .hint(format_args!("remove the cause, then continue with this step: `cargo dbmigrate {command}`"))
            .hint(format_args!(
                "if you did by hand what it does, continue after it: `cargo dbmigrate repair {} --done`",
                self.job.name()
            ))
    }

    /// The error for a step of which nobody knows whether it ran.
    #[inline]
    fn unsettled(&self, step: &Step<'_>) -> Error {
        let (name, number) = (self.job.name(), self.stage.done.saturating_add(1));
        let message = format!("`{name}` was stopped in its step {number}, and it is unknown whether that step ran");
        let error = settle_help(name).into_iter().fold(Error::new(ErrorKind::Interrupted, message), Error::hint);
        match step {
            Step::Sql(statement) => error
                .at(Place::of(self.script.file, self.script.text, statement.start as usize))
                .in_statement(script::sql_of(self.job.name(), &self.script, statement).unwrap_or_default()),
            Step::Code(code) => error.at(Place::line(self.script.file, code.line)),
        }
    }
}

#[inline]
fn gone(name: &str) -> Error {
    let message = format!("`{name}` is no longer in the history, although it has not completed");
    Error::new(ErrorKind::Interrupted, message)
        .hint("check what another process did in the meantime: `cargo dbmigrate status`")
}

/// What to say of a step that another process runs.
#[inline]
pub(crate) fn is_alive(name: &str, done: u64) -> String {
    format!("`{name}` is being run by another process, which is at step {}", done.saturating_add(1))
}

/// How to settle a step of which nobody knows whether it ran.
#[inline]
pub(crate) fn settle_help(name: &str) -> [String; 3] {
    let repair = |flag, stopped| {
        format!(
            "`cargo dbmigrate repair {name} --{flag}` (`repair` of the migrator with `Stopped::{stopped}`, with the \
             feature `manage`)"
        )
    };
    [
        format!("check the database; if the step has not run: {}", repair("retry", "Retry")),
        format!("if it has: {}", repair("done", "Done")),
        "then start again: it continues from there".to_owned(),
    ]
}

/// How many steps are done at once with the one at `at`: the file's own group from its BEGIN to its COMMIT is one.
/// `None` where there is no such step.
#[inline]
pub(crate) fn together(steps: &[Step<'_>], at: usize) -> Option<usize> {
    let is = |step: &Step<'_>, effect| matches!(step, Step::Sql(statement) if statement.effect == effect);
    let rest = steps.get(at..)?;
    if is(rest.first()?, Effect::Begin) {
        rest.iter().position(|step| is(step, Effect::Commit)).map(|last| last + 1)
    } else {
        Some(1)
    }
}

#[inline]
pub(crate) fn is_idempotent(step: &Step<'_>) -> bool {
    matches!(step, Step::Sql(Statement { effect: Effect::Bare { idempotent: true }, .. }))
}
