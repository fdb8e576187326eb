//! Runs a queue of scripts, up or down, each with its history row in one transaction.
//!
//! Every turn settles enforcement of foreign keys outside of a transaction, takes the lock, makes sure that the
//! history is still what the queue was planned for, and looks whether enforcement is right for what the database has
//! now. If not, it starts over. A fresh database is filled many migrations at a time; if one of them fails, those
//! before it are run again without it, and then it alone, so that they stay and it takes the blame.
//!
//! Around what is to be applied stand the hooks of the set, each in a transaction of its own. Who finds nothing pending
//! under the lock runs no hook; who has applied anything runs the last one, whoever applied the rest.

use std::time::Instant;

use crate::backup::RunBackup;
use crate::db::Db;
use crate::dependent;
use crate::error::Error;
use crate::excerpt::Place;
use crate::foreign_keys::{Choice, ForeignKeysPart, Watch, mentions_deferring};
use crate::guard::{Settings, may_set};
use crate::hidden;
use crate::history::History;
use crate::hooks::Direction;
use crate::job::{Job, Kind, ScriptBuffer, Way};
use crate::options::Options;
use crate::parts::needed;
use crate::repeatable::RepeatablesPart;
use crate::report::{Done, Repeated, Report};
use crate::requires::RequirementsPart;
use crate::script::{self, Stop};
use crate::set::{ForeignKeys, Migration, Script, Set};
use crate::snapshot::Snapshot;

pub(crate) mod alone;
mod choose;
pub(crate) mod failure;
mod record;
pub(crate) mod start;

use failure::{blame, note_applied};
use record::may_read_schema;

/// What is to do.
#[derive(Default)]
pub(crate) struct Plan<'s> {
    pub(crate) jobs: Vec<Job<'s>>,
    /// The first of them that is still to do.
    pub(crate) next: usize,
    /// How many of the set's first migrations the history holds, if exactly those.
    pub(crate) prefix: Option<usize>,
    /// Whether the history's tables have to be made first.
    pub(crate) creates: bool,
}

impl<'s> Plan<'s> {
    fn left(&self) -> &[Job<'s>] {
        self.jobs.get(self.next..).unwrap_or_default()
    }
}

/// How many scripts share a transaction.
#[derive(Clone, Copy, PartialEq)]
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
    /// Whether foreign keys are enforced in the next transaction. It is a guess until the scripts are looked at under
    /// the lock, as `PRAGMA foreign_keys` has no effect inside a transaction.
    enforced: bool,
    /// Whether they are off for all migrations, because one of them needs it and all share one transaction.
    all_off: bool,
    /// The names of migrations that turned out to need foreign keys off: they drop a table after they have made another
    /// one refer to it.
    needs_off: Vec<String>,
    /// The name of a migration that failed in a transaction with others. It is run again in one of its own.
    alone: Option<String>,
    /// Whether the objects of the repeatables are dropped before each migration, because one of them made a migration
    /// fail: in a fresh database none of them would exist yet. They are made again after the last migration.
    without_repeatables: bool,
    /// Whether a script may read the history, so that its rows can't wait for the end of the transaction.
    is_history_read: bool,
    /// Whether a script of the transaction may have deferred the check of foreign keys to the commit.
    deferring: bool,
    /// What a fresh database may start from; `None` once that was tried.
    snapshot: Option<&'s Snapshot<'s>>,
    phase: Phase,
    /// Whether the table with the records of repeatables exists.
    has_records: bool,
    /// The chain that this run wrote to the head with its last commit; empty where the rows have to be read again.
    head: &'s str,
    run_backup: RunBackup,
}

/// How far a run has come, by what it has committed.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Nothing, or only down scripts.
    Begun,
    /// `before_all`.
    Entered,
    /// A migration or a repeatable.
    Applied,
    /// `after_all`, which is the end of the run.
    Over,
}

/// What the scripts of one transaction did.
struct Batch<'s> {
    kind: Kind,
    done: Vec<Done>,
    /// The applied migrations that the history has no row of yet, with their places in `done`.
    unrecorded: Vec<(&'s Migration<'s>, usize)>,
    /// The violations of foreign keys before the first script, where those after the last are compared with them.
    before: Option<Box<dyn Watch>>,
    /// Whether the history is created with the first row.
    creates: bool,
    /// Whether one of the scripts names the history or has Rust in it, and so may have changed it.
    is_history_named: bool,
}

impl Batch<'_> {
    /// Starts with the next transaction.
    fn begin(&mut self, kind: Kind, creates: bool) {
        self.kind = kind;
        self.creates = creates;
        self.is_history_named = false;
        self.done.clear();
        self.unrecorded.clear();
        self.before = None;
    }
}

/// What came of trying one script, or all of a transaction.
enum Outcome {
    /// It ran.
    Ran,
    /// It belongs into the next transaction.
    NextTransaction,
    /// The transaction has to be begun again.
    Restart,
}

// The steps are not inlined into each other: every call in a larger function needs its own code for cleaning up when it
// panics, so programs would grow.
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
            needs_off: Vec::new(),
            alone: None,
            without_repeatables: false,
            is_history_read: false,
            deferring: false,
            snapshot: set.snapshot.as_ref(),
            phase: Phase::Begun,
            has_records: false,
            head: "",
            run_backup: RunBackup::default(),
        }
    }

    /// Runs all jobs of a plan. `plan` fills it, under the write lock, and fills it anew whenever another process has
    /// changed the history since the last commit of this run.
    pub(crate) fn run(
        &mut self,
        db: &mut Db<'_>,
        report: &mut Report,
        plan: &mut dyn FnMut(&mut Db<'_>, &mut Plan<'s>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut current = Plan::default();
        let (kind, done, unrecorded) = (Kind::Migration, Vec::new(), Vec::new());
        let mut batch = Batch { kind, done, unrecorded, before: None, creates: false, is_history_named: false };
        while self.phase != Phase::Over {
            self.context.settings.restore_changed(db)?;
            Settings::enforce(db, self.enforced)?;
            db.begin()?;
            if !self.context.history.head(db)?.is_some_and(|head| head.is(self.head)) {
                current.jobs.clear();
                (current.next, current.prefix, current.creates) = (0, None, false);
                plan(db, &mut current)?;
                self.surround(&mut current.jobs);
                self.has_records = self.context.history.records.exist(db)?;
            }
            if current.left().is_empty() {
                return db.rollback();
            }
            let is_first = matches!(current.left().first(), Some(Job { way: Way::Up(0, _), .. }));
            let starts_off = |it: &Snapshot<'_>| is_first && current.creates && it.script.foreign_keys == Some(false);
            if self.group == Group::Fresh && self.enforced && self.snapshot.is_some_and(starts_off) {
                // The snapshot needs them off. Known before the history is created, which would be rolled back.
                self.enforced = false;
                db.rollback()?;
                continue;
            }
            hidden::look(db)?;
            if !db.has_committed() {
                let Context { history, options, .. } = &self.context;
                self.run_backup.keep(db, history, options, current.left(), report)?;
            }
            if current.creates && !self.creates_late(&current) {
                current.creates = false;
                self.context.history.create(db)?;
            }
            if let (Some(Snapshot { by, .. }), Some(Job { way: Way::Up(0, _), .. })) =
                (self.snapshot, current.left().first())
            {
                if (by.start)(self, db, &mut current, report)? {
                    continue;
                }
            }
            let Some(first) = current.left().first() else { return db.rollback() };
            if !first.is_in_transaction() {
                let part = needed(self.context.set.parts.without_transaction, "runs scripts without a transaction")?;
                (part.alone)(self, db, first, report)?;
                continue;
            }
            if let Err(error) = self.run_transaction(db, &mut current, &mut batch, report) {
                db.rollback()?;
                return Err(note_applied(error, report));
            }
            if current.left().is_empty() {
                // Everything was committed; without this return the loop would look for more under a new lock.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Adds the hooks of the set before and after the jobs, if these apply anything.
    #[inline(never)]
    fn surround(&self, jobs: &mut Vec<Job<'s>>) {
        let Context { set, options, .. } = &self.context;
        let part = options.part;
        let applies = jobs.first().is_some_and(|job| job.direction() == Direction::Up);
        if let Some(script) = set.before_all.as_ref().filter(|_| part.first && applies && self.phase == Phase::Begun) {
            jobs.insert(0, Job::beside(Way::Before(script)));
        }
        if let Some(script) = set.after_all.as_ref().filter(|_| part.last && (applies || self.phase == Phase::Applied))
        {
            jobs.push(Job::beside(Way::After(script)));
        }
    }

    /// Whether a script may set something of the connection, which is put back before the next transaction.
    fn may_set(&self, db: &mut Db<'_>, script: &Script<'_>) -> Result<bool, Error> {
        let sets = may_set(script);
        if sets {
            self.context.settings.others(db)?;
        }
        Ok(sets)
    }

    /// The part of the runner that checks foreign keys where SQLite does not, or only at the commit.
    fn enforcement(&self) -> Result<ForeignKeysPart, Error> {
        needed(self.context.set.parts.foreign_keys, "runs scripts without foreign keys")
    }

    fn refuse_unmet(&self, db: &mut Db<'_>, job: &Job<'_>) -> Result<(), Error> {
        match job.records().filter(|migration| !migration.requires.is_empty()) {
            Some(migration) => {
                (RequirementsPart::of(self.context.set)?.refuse_unmet_elsewhere)(db, &self.context.history, migration)
            }
            None => Ok(()),
        }
    }

    /// Deletes the records of the repeatables whose objects these scripts may have dropped, so that they run again.
    fn clear_records(&self, db: &mut Db<'_>, kind: Kind) -> Result<(), Error> {
        let records = &self.context.history.records;
        match kind {
            Kind::Migration | Kind::Before if self.has_records => records.clear(db),
            Kind::Repeatable => (RepeatablesPart::of(self.context.set)?.clear_others)(db, records),
            _ => Ok(()),
        }
    }

    /// Runs as many jobs as belong into the open transaction, and commits it.
    #[inline(never)]
    fn run_transaction(
        &mut self,
        db: &mut Db<'_>,
        plan: &mut Plan<'s>,
        batch: &mut Batch<'s>,
        report: &mut Report,
    ) -> Result<(), Error> {
        let creates = std::mem::take(&mut plan.creates);
        let Some(first) = plan.left().first() else { return Ok(()) };
        let kind = first.kind();
        batch.begin(kind, creates);
        for job in plan.left() {
            match self.run_one(db, job, batch)? {
                Outcome::Ran if self.is_last(job) => break,
                Outcome::Ran => {}
                Outcome::NextTransaction => break,
                Outcome::Restart => return db.rollback(),
            }
        }
        let count = batch.done.len();
        if let Err(error) = self.record(db, batch) {
            if count > 1 {
                self.group = Group::One;
                return db.rollback();
            }
            return Err(self.rolled_back(error, kind, Some(first), 0));
        }
        let is_last = plan.left().get(count).is_none_or(|next| next.kind() != kind);
        if kind == Kind::Repeatable && is_last {
            let part = RepeatablesPart::of(self.context.set)?;
            let asked = self.context.set.repeatables.iter().try_for_each(|it| (part.ask_views)(db, it));
            asked.map_err(|error| self.rolled_back(error, kind, Some(first), 0))?;
        }
        let mut prefix = plan.left().iter().take(count).fold(plan.prefix, |prefix, job| self.prefix_after(prefix, job));
        if !self.commit(db, &mut prefix, batch, plan.left().get(..count).unwrap_or_default())? {
            return db.rollback();
        }
        plan.prefix = prefix;
        for (job, done) in plan.left().iter().zip(batch.done.drain(..)) {
            self.committed(db, report, job, done);
        }
        plan.next += count;
        Ok(())
    }

    /// Reports what was committed.
    #[inline(never)]
    fn committed(&mut self, db: &mut Db<'_>, report: &mut Report, job: &Job<'_>, mut done: Done) {
        let kind = job.kind();
        self.phase = match (kind, job.direction()) {
            (Kind::Before, _) => Phase::Entered,
            (Kind::After, _) => Phase::Over,
            (Kind::Migration | Kind::Repeatable, Direction::Up) => Phase::Applied,
            (Kind::Migration | Kind::Repeatable, Direction::Down) => self.phase,
        };
        if kind == Kind::Migration {
            db.session().after_each(&done);
        }
        match &job.way {
            Way::Up(..) => report.applied.push(done),
            Way::Back(_) => report.rolled_back.push(done),
            Way::Before(_) | Way::After(_) => report.notes.append(&mut done.notes),
            Way::Repeat(repeatable) => {
                report.repeated.push(Repeated { name: repeatable.name.to_owned(), duration: done.duration });
            }
        }
    }

    /// Whether no other script follows this one in its transaction.
    fn is_last(&self, job: &Job<'_>) -> bool {
        match (job.kind(), self.group) {
            (Kind::Before | Kind::After, _) | (Kind::Migration, Group::One) => true,
            (Kind::Migration, Group::Fresh) => self.is_alone(job) || job.has_code(),
            (Kind::Repeatable, _) | (Kind::Migration, Group::All) => false,
        }
    }

    fn needs_off(&self, job: &Job<'_>) -> bool {
        self.needs_off.iter().any(|name| name == job.name())
    }

    fn is_alone(&self, job: &Job<'_>) -> bool {
        self.alone.as_deref() == Some(job.name())
    }

    /// Runs one script in the open transaction, with its history row.
    #[inline(never)]
    fn run_one(&mut self, db: &mut Db<'_>, job: &Job<'s>, batch: &mut Batch<'s>) -> Result<Outcome, Error> {
        let others = batch.done.len();
        let stop = match self.try_one(db, job, batch) {
            Ok(tried) => return Ok(tried),
            Err(stop) => stop,
        };
        if matches!(stop, Stop::NeedsOff) {
            self.needs_off.push(job.name().to_owned());
        }
        // Those before it have to be kept, and it has to be seen alone.
        let split = others > 0 && self.is_filling(batch);
        if split {
            self.alone = Some(job.name().to_owned());
        }
        match stop {
            Stop::Failed(error) if !split && !self.retries_without_repeatables(job, &error) => {
                Err(self.rolled_back(error, batch.kind, Some(job), others))
            }
            _ => Ok(Outcome::Restart),
        }
    }

    /// Whether a migration can be tried again without the repeatables.
    #[inline(never)]
    fn retries_without_repeatables(&mut self, job: &Job<'_>, error: &Error) -> bool {
        let retries = !self.without_repeatables
            && job.kind() == Kind::Migration
            && !error.is_transaction_ended()
            && dependent::is_made_again(self.context.set, &error.message());
        self.without_repeatables |= retries;
        retries
    }

    #[inline(never)]
    fn try_one(&mut self, db: &mut Db<'_>, job: &Job<'s>, batch: &mut Batch<'s>) -> Result<Outcome, Stop> {
        let mut buffer = ScriptBuffer::default();
        let script = job.script(&mut buffer);
        let is_first = batch.done.is_empty();
        let alone = !script.transaction || script.has_code() || self.is_alone(job);
        if job.kind() != batch.kind || !is_first && self.is_filling(batch) && alone {
            return Ok(Outcome::NextTransaction);
        }
        let choice = self.choose(db, job, script).map_err(|error| blame(error, job.kind(), Some(job)))?;
        if choice.enforced != self.enforced {
            let is_all = self.group == Group::All && batch.kind == Kind::Migration;
            if !is_first && !is_all {
                return Ok(Outcome::NextTransaction);
            }
            self.all_off = is_all && !choice.enforced;
            self.enforced = choice.enforced;
            return Ok(Outcome::Restart);
        }
        // SQLite forgets what a PRAGMA has put off when that is put back. What a constraint puts off is known to the
        // commit, but of many scripts not by whom.
        self.deferring = mentions_deferring(script) || self.deferring && self.group == Group::Fresh;
        if batch.before.is_none() && (!choice.enforced || self.deferring || script.has_code()) {
            batch.before = Some((self.enforcement()?.watch)(db)?);
        }
        let names_history = script.has_code() || self.names_history(script);
        batch.is_history_named |= names_history;
        if self.is_filling(batch) && !self.is_history_read && (names_history || may_read_schema(script)) {
            self.is_history_read = true;
            self.record(db, batch)?;
        }
        let sets = self.may_set(db, script)?;
        let at = batch.done.len();
        batch.done.push(job.done());
        self.run_script(db, job, (script, sets), choice, batch)?;
        if let Way::Up(_, migration) = job.way {
            batch.unrecorded.push((migration, at));
        }
        // One at a time it costs more than all that stands around it.
        if !self.is_filling(batch) || self.is_history_read || self.context.options.untimed {
            self.record(db, batch)?;
        }
        job.ran(db)?;
        Ok(Outcome::Ran)
    }

    /// Whether these migrations fill a fresh database, and can be run in smaller groups.
    fn is_filling(&self, batch: &Batch<'_>) -> bool {
        self.group == Group::Fresh && batch.kind == Kind::Migration
    }

    #[inline(never)]
    fn run_script(
        &self,
        db: &mut Db<'_>,
        job: &Job<'_>,
        (script, sets): (&Script<'_>, bool),
        choice: Choice,
        batch: &mut Batch<'_>,
    ) -> Result<(), Stop> {
        let Some(done) = batch.done.last_mut() else { return Ok(()) };
        let start = Instant::now();
        self.refuse_unmet(db, job)?;
        job.announce(db)?;
        if !script.asserts.is_empty() {
            needed(self.context.set.parts.assertions, "asks for what a script asserts")?(db, job, script)?;
        }
        if let Way::Repeat(repeatable) = job.way {
            let Context { set, history, .. } = &self.context;
            (RepeatablesPart::of(set)?.drop_objects)(db, &history.records, repeatable)
                .map_err(|error| blame(error, job.kind(), Some(job)).at(Place::line(script.file, 1)))?;
        } else if self.without_repeatables && job.kind() == Kind::Migration {
            let Context { set, history, .. } = &self.context;
            let part = RepeatablesPart::of(set)?;
            set.repeatables.iter().try_for_each(|it| (part.drop_objects)(db, &history.records, it))?;
        }
        script::run(db, job.name(), job.direction(), script, choice, &self.context.set.parts, done)?;
        let looks = choice.enforced && (self.deferring || script.has_code());
        if looks {
            self.refuse_violations(db, batch, Some(job))?;
        }
        if sets {
            self.context.settings.others(db)?.settings(db, looks)?;
        }
        let duration = start.elapsed();
        if let Some(done) = batch.done.last_mut() {
            done.duration = duration;
        }
        let Context { set, history, options, .. } = &self.context;
        match &job.way {
            Way::Up(..) => {}
            Way::Back(_) => history.delete(db, job.number)?,
            Way::Repeat(repeatable) => {
                (RepeatablesPart::of(set)?.write)(db, &history.records, options, repeatable, duration)?;
            }
            Way::Before(_) | Way::After(_) => {}
        }
        Ok(())
    }

    /// Checks, writes the head and commits, after these jobs. False if the transaction has to be begun again, with each
    /// script in its own. `prefix` is how many of the set's first migrations the history holds then, if that could be
    /// told.
    #[inline(never)]
    fn commit(
        &mut self,
        db: &mut Db<'_>,
        prefix: &mut Option<usize>,
        batch: &Batch<'_>,
        jobs: &[Job<'_>],
    ) -> Result<bool, Error> {
        let job = if let [only] = jobs { Some(only) } else { None };
        let may_split = self.is_filling(batch) && batch.done.len() > 1;
        let head;
        (*prefix, head) = match self.checked(db, *prefix, batch, (jobs, job)) {
            Ok(known) => known,
            Err(_) if may_split => {
                self.group = Group::One;
                return Ok(false);
            }
            Err(error) => {
                return Err(self.rolled_back(error, batch.kind, job, batch.done.len().saturating_sub(1)));
            }
        };
        if matches!(batch.kind, Kind::Migration | Kind::Repeatable) {
            self.context.history.write_head(db, head)?;
        }
        match db.commit() {
            Ok(()) => {
                self.head = head;
                Ok(true)
            }
            Err(error) if may_split && !error.busy => {
                self.group = Group::One;
                Ok(false)
            }
            Err(error) => Err(self.not_committed(db, error, batch, job)),
        }
    }

    #[inline(never)]
    fn refuse_violations(&self, db: &mut Db<'_>, batch: &Batch<'_>, job: Option<&Job<'_>>) -> Result<(), Error> {
        let Some(before) = &batch.before else { return Ok(()) };
        before.refuse_growth(db, !self.enforced).map_err(|error| {
            let error = match job {
                Some(job) => error.at(Place { file: job.file(), line: None, column: None }),
                None => error,
            };
            blame(error, batch.kind, job)
        })
    }

    /// How many of the set's first migrations the history holds after a job.
    fn prefix_after(&self, prefix: Option<usize>, job: &Job<'_>) -> Option<usize> {
        let prefix = prefix?;
        match &job.way {
            Way::Up(index, _) => (*index == prefix).then_some(prefix + 1),
            Way::Back(_) => {
                let last = prefix.checked_sub(1)?;
                (self.context.set.migrations.get(last)?.number == job.number).then_some(last)
            }
            Way::Before(_) | Way::After(_) | Way::Repeat(_) => Some(prefix),
        }
    }
}
