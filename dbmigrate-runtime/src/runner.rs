//! Runs a queue of scripts, up or down, each with its history row in one transaction.
//!
//! Every turn settles enforcement of foreign keys outside of a transaction, takes the lock, makes sure that the
//! history is still what the queue was planned for, and looks whether enforcement is right for what the database has
//! now. If not, it starts over. A fresh database is filled many migrations at a time; if one of them fails, those
//! before it are run again without it, and then it alone, so that they stay and it takes the blame.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use crate::assertion;
use crate::backup::Keeper;
use crate::compare::{self, Found, chain};
use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys::{self, Choice, has_code};
use crate::guard::Settings;
use crate::history::History;
use crate::job::{Job, Way};
use crate::no_transaction;
use crate::options::Options;
use crate::report::{Done, Report};
use crate::script::{self, Stop, Trace};
use crate::session::DbError;
use crate::set::{Effect, ForeignKeys, Script, Set, Step};
use crate::violations::Violations;

/// What is to do.
#[derive(Default)]
pub(crate) struct Plan<'s> {
    pub(crate) jobs: VecDeque<Job<'s>>,
    /// How many of the set's first migrations the history holds, if exactly those.
    pub(crate) prefix: Option<usize>,
    /// Whether the history's tables have to be made first.
    pub(crate) creates: bool,
}

/// How many scripts share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Each has its own.
    One,
    /// As many as can: nothing was there before.
    Fresh,
    /// All stand or fall together.
    All,
}

/// What every part of a run needs.
pub(crate) struct Context<'r, 's> {
    pub(crate) set: &'s Set<'s>,
    pub(crate) options: &'r Options,
    pub(crate) settings: &'r Settings,
    pub(crate) history: History<'s>,
}

/// A run of a queue.
pub(crate) struct Runner<'r, 's> {
    context: Context<'r, 's>,
    group: Group,
    /// Enforcement in the next transaction: a guess, which is looked at under the lock.
    enforced: bool,
    /// One transaction for all that has to run without enforcement.
    all_off: bool,
    /// Migrations that let another table refer to one that they drop.
    drop_own: HashSet<u64>,
    /// A migration that failed among others, to be run alone.
    alone: Option<u64>,
    /// Whether a script may have put the check of a foreign key off until the commit.
    deferring: bool,
    /// What the head said after the last commit, if that is the whole truth.
    head: &'s str,
    keeper: Keeper,
}

/// What the scripts of one transaction did.
#[derive(Default)]
struct Batch {
    done: Vec<Done>,
    /// The violations before, where they are to be compared.
    before: Option<Violations>,
}

/// What came of trying one script, or all of a transaction.
#[derive(PartialEq, Eq)]
enum Tried {
    /// It ran.
    Ran,
    /// It belongs into the next transaction.
    Next,
    /// The transaction has to be begun again.
    Again,
}

impl<'r, 's> Runner<'r, 's> {
    pub(crate) fn new(set: &'s Set<'s>, options: &'r Options, settings: &'r Settings, group: Group) -> Self {
        let enforced = match set.rules.foreign_keys {
            ForeignKeys::On => true,
            ForeignKeys::Off => false,
            ForeignKeys::Connection => settings.foreign_keys(),
        };
        let context = Context { set, options, settings, history: History::new(set) };
        Self {
            context,
            group,
            enforced,
            all_off: false,
            drop_own: HashSet::new(),
            alone: None,
            deferring: false,
            head: "",
            keeper: Keeper::default(),
        }
    }

    /// Runs all jobs that `plan` names. It is asked under the lock, again whenever the history is not what this run
    /// left behind.
    pub(crate) fn run(
        &mut self,
        db: &mut Db<'_>,
        report: &mut Report,
        mut plan: impl FnMut(&mut Db<'_>) -> Result<Plan<'s>, Error>,
    ) -> Result<(), Error> {
        let mut current = Plan::default();
        loop {
            Settings::enforce(db, self.enforced)?;
            db.begin()?;
            let head = self.context.history.head(db)?;
            if !head.is_some_and(|head| head.is(self.head)) {
                current = plan(db)?;
            }
            let Some(first) = current.jobs.front() else { return db.rollback() };
            if !db.has_committed() {
                let Context { history, options, .. } = &self.context;
                self.keeper.keep(db, history, options, &current.jobs, report)?;
            }
            if std::mem::take(&mut current.creates) {
                self.context.history.create(db)?;
            }
            if !first.script(&mut Vec::new()).transaction {
                if let Err(error) = no_transaction::enter(db, &self.context, first) {
                    db.rollback()?;
                    return Err(after(self.rolled_back(error, Some(first), 0), report));
                }
                db.commit().map_err(|error| failed("could not commit", error))?;
                let done = no_transaction::run(db, &self.context, first)?;
                add(db, report, first, done);
                self.head = "";
                continue;
            }
            match self.turn(db, &mut current, report) {
                Ok(()) => {}
                Err(error) => {
                    db.rollback()?;
                    return Err(after(error, report));
                }
            }
        }
    }

    /// One transaction, which is open.
    fn turn(&mut self, db: &mut Db<'_>, plan: &mut Plan<'s>, report: &mut Report) -> Result<(), Error> {
        let mut batch = Batch::default();
        for job in &plan.jobs {
            match self.one(db, job, &mut batch)? {
                Tried::Ran if self.is_last(job) => break,
                Tried::Ran => {}
                Tried::Next => break,
                Tried::Again => return db.rollback(),
            }
        }
        let count = batch.done.len();
        let prefix = plan.jobs.iter().take(count).fold(plan.prefix, |prefix, job| self.prefix_after(prefix, job));
        let blame = if count == 1 { plan.jobs.front() } else { None };
        let Some(prefix) = self.seal(db, prefix, &batch, blame)? else { return db.rollback() };
        self.head = chain(self.context.set, prefix);
        plan.prefix = prefix;
        for (job, done) in plan.jobs.drain(..count).zip(batch.done) {
            add(db, report, &job, done);
        }
        Ok(())
    }

    /// Whether no other script follows this one in its transaction.
    fn is_last(&self, job: &Job<'_>) -> bool {
        match self.group {
            Group::One => true,
            Group::Fresh => self.alone == Some(job.number) || has_code(&job.script(&mut Vec::new())),
            Group::All => false,
        }
    }

    /// Runs one script in the open transaction, with its history row.
    fn one(&mut self, db: &mut Db<'_>, job: &Job<'s>, batch: &mut Batch) -> Result<Tried, Error> {
        let others = batch.done.len();
        let stop = match self.try_one(db, job, batch) {
            Ok(tried) => return Ok(tried),
            Err(stop) => stop,
        };
        if matches!(stop, Stop::NeedsOff) {
            self.drop_own.insert(job.number);
        }
        // Those before it have to be kept, and it has to be seen alone.
        let split = others > 0 && self.group == Group::Fresh;
        if split {
            self.alone = Some(job.number);
        }
        match stop {
            Stop::Failed(error) if !split => Err(self.rolled_back(error, Some(job), others)),
            _ => Ok(Tried::Again),
        }
    }

    fn try_one(&mut self, db: &mut Db<'_>, job: &Job<'s>, batch: &mut Batch) -> Result<Tried, Stop> {
        let mut steps = Vec::new();
        let script = job.script(&mut steps);
        let is_first = batch.done.is_empty();
        let alone = !script.transaction || has_code(&script) || self.alone == Some(job.number);
        if !is_first && self.group == Group::Fresh && alone {
            return Ok(Tried::Next);
        }
        let choice = self.choose(db, job, &script).map_err(|error| blame(error, &job.name))?;
        if choice.enforced != self.enforced {
            if !is_first && self.group == Group::Fresh {
                return Ok(Tried::Next);
            }
            self.all_off = self.group == Group::All && !choice.enforced;
            self.enforced = choice.enforced;
            return Ok(Tried::Again);
        }
        self.deferring |= self.group == Group::Fresh && mentions_deferring(&script);
        if batch.before.is_none() && (!choice.enforced || self.deferring) {
            batch.before = Some(Violations::read(db)?);
        }
        let done = self.run_script(db, job, &script, choice, batch)?;
        batch.done.push(done);
        Ok(Tried::Ran)
    }

    fn run_script(
        &self,
        db: &mut Db<'_>,
        job: &Job<'_>,
        script: &Script<'_>,
        choice: Choice,
        batch: &Batch,
    ) -> Result<Done, Stop> {
        let start = Instant::now();
        job.announce(db)?;
        assertion::check(db, job, script)?;
        let trace = script::run(db, &job.name, job.upcoming().direction, script, choice)?;
        let is_setting = |step: &Step<'_>| match step {
            Step::Sql(statement) => statement.effect == Effect::Session,
            Step::Code(_) => true,
        };
        if script.steps.iter().any(is_setting) {
            self.context.settings.restore_inside(db)?;
        }
        if self.deferring && choice.enforced {
            self.refuse_violations(db, batch, Some(job))?;
        }
        let duration = start.elapsed();
        let Context { history, options, .. } = &self.context;
        match job.records() {
            Some(migration) => history.insert(db, options, migration, "applied", Some(duration))?,
            None => history.delete(db, job.number)?,
        }
        job.ran(db)?;
        let Trace { notes, steps } = trace;
        Ok(Done { number: job.number, name: job.name.clone(), duration, steps, notes })
    }

    fn choose(&self, db: &mut Db<'_>, job: &Job<'_>, script: &Script<'_>) -> Result<Choice, Error> {
        let Context { set, settings, .. } = &self.context;
        let drops_own = self.drop_own.contains(&job.number);
        let choice = foreign_keys::choose(db, settings, set.rules.foreign_keys, script, drops_own)?;
        if !self.all_off || !choice.enforced {
            return Ok(choice);
        }
        if choice.explicit {
            let message = "this file wants foreign keys on, and another one that shares its transaction needs them off";
            return Err(Error::new(ErrorKind::Set, message)
                .at(Place::line(script.file, 1))
                .hint("use `transaction = \"each\"` in `[package.metadata.migrations]`"));
        }
        Ok(Choice { enforced: false, ..choice })
    }

    /// Checks, writes the head and commits; what the history holds then. `None` if the transaction has to be begun
    /// again, with each script in its own.
    fn seal(
        &mut self,
        db: &mut Db<'_>,
        prefix: Option<usize>,
        batch: &Batch,
        job: Option<&Job<'_>>,
    ) -> Result<Option<Option<usize>>, Error> {
        let may_split = self.group == Group::Fresh && batch.done.len() > 1;
        if !self.enforced {
            if let Err(error) = self.refuse_violations(db, batch, job) {
                if !may_split {
                    return Err(self.rolled_back(error, job, batch.done.len().saturating_sub(1)));
                }
                self.group = Group::One;
                return Ok(None);
            }
        }
        let prefix = match prefix {
            Some(prefix) => Some(prefix),
            None => match compare::look(db, self.context.set)? {
                Found::History(known) => known.prefix(),
                Found::Fresh | Found::Objects => None,
            },
        };
        self.context.history.write_head(db, chain(self.context.set, prefix))?;
        match db.commit() {
            Ok(()) => Ok(Some(prefix)),
            Err(error) if may_split && !error.busy => {
                self.group = Group::One;
                Ok(None)
            }
            Err(error) => Err(self.not_committed(db, error, batch, job)),
        }
    }

    /// The error for a commit that the database refused: most likely rows that refer to nothing.
    fn not_committed(&self, db: &mut Db<'_>, error: DbError, batch: &Batch, job: Option<&Job<'_>>) -> Error {
        let is_foreign_key = error.message.starts_with("FOREIGN KEY constraint failed");
        let mut result = failed("could not commit", error);
        if is_foreign_key {
            result = result.also(ErrorKind::ForeignKey);
            let none = Violations::default();
            let before = batch.before.as_ref().unwrap_or(&none);
            if let Ok(Err(shown)) = Violations::read(db).map(|now| now.refuse_growth(before, db)) {
                result = shown.note(result.message());
            }
        }
        self.rolled_back(blame(result, name_of(job)), job, batch.done.len().saturating_sub(1))
    }

    fn refuse_violations(&self, db: &mut Db<'_>, batch: &Batch, job: Option<&Job<'_>>) -> Result<(), Error> {
        let Some(before) = &batch.before else { return Ok(()) };
        let now = Violations::read(db)?;
        now.refuse_growth(before, db).map_err(|error| {
            let mut steps = Vec::new();
            let error = match job.map(|job| job.script(&mut steps)) {
                Some(script) => error.at(Place { file: script.file.to_owned(), line: None, column: None }),
                None => error,
            };
            blame(error, name_of(job))
        })
    }

    /// Says what was rolled back, and what to do next.
    fn rolled_back(&self, error: Error, job: Option<&Job<'_>>, others: usize) -> Error {
        let command = if job.is_some_and(|job| job.records().is_none()) { "down" } else { "up" };
        let error = match (error.help(), job) {
            ([], Some(job)) if command == "up" && script::says_existing(&error.message()) => error
                .hint(format!(
                    "if it is there on purpose: `cargo dbmigrate mark {}` records it without running it",
                    job.name
                ))
                .hint("or correct the file, then run `cargo dbmigrate up` again"),
            ([], _) => error.hint(format!("correct the file, then run `cargo dbmigrate {command}` again")),
            _ => error,
        };
        if error.is_transaction_ended() {
            return error;
        }
        match self.group {
            Group::All if others > 0 => {
                error.note(format!("all {} migrations of this run were rolled back: nothing has changed", others + 1))
            }
            _ => error.note(format!("`{}` was rolled back: nothing of it is left", name_of(job))),
        }
    }

    /// How many of the set's first migrations the history holds after a job.
    fn prefix_after(&self, prefix: Option<usize>, job: &Job<'_>) -> Option<usize> {
        let prefix = prefix?;
        match &job.way {
            Way::Up(index, _) => (*index == prefix).then_some(prefix + 1),
            Way::Down(_) | Way::Stored(_) => {
                let last = prefix.checked_sub(1)?;
                (self.context.set.migrations.get(last)?.number == job.number).then_some(last)
            }
        }
    }
}

fn name_of<'j>(job: Option<&'j Job<'_>>) -> &'j str {
    job.map_or("the migrations", |job| &job.name)
}

/// Says what stays of a run that failed.
fn after(error: Error, report: &Report) -> Error {
    match report.applied.len() + report.rolled_back.len() {
        0 => error,
        1 => error.note("the one before it stays as it is"),
        many => error.note(format!("the {many} before it stay as they are")),
    }
}

/// Puts the migration's name before a message that does not have it.
fn blame(error: Error, name: &str) -> Error {
    error.prefixed(&format!("`{name}`: "))
}

fn add(db: &mut Db<'_>, report: &mut Report, job: &Job<'_>, done: Done) {
    db.session().after_each(&done);
    match job.way {
        Way::Up(..) => report.applied.push(done),
        Way::Down(_) | Way::Stored(_) => report.rolled_back.push(done),
    }
}

/// Whether a script may put the check of a foreign key off until the commit. A guess from its words, on the safe side:
/// it only costs a look.
fn mentions_deferring(script: &Script<'_>) -> bool {
    script.text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"defer"))
}
