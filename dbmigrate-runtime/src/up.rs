//! The way up: what is pending, and that nothing forbids it.

use crate::backup;
use crate::compare::{Found, KnownHistory, all_repeatables, chain, look};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::guard::{guarded, guarded_into};
use crate::histories::{self, title};
use crate::history::{Head, History};
use crate::job::{Job, Way};
use crate::late::Proved;
use crate::lazy_set::LazySet;
use crate::options::Options;
use crate::plan::Planned;
use crate::put_back;
use crate::report::Report;
use crate::requires::RequirementsPart;
use crate::runner::{Group, Plan, Runner};
use crate::session::Session;
use crate::set::{Migration, NewerDatabase, OutOfOrder, Repeatable, Set, TransactionMode};
use crate::squash::{self, SquashPart};

/// What is to be applied.
struct Todo<'s> {
    /// The migrations, with their places in the set.
    pending: Vec<(usize, &'s Migration<'s>)>,
    /// The repeatables.
    repeats: Vec<&'s Repeatable<'s>>,
}

/// How far to go: up to and including this migration. What finds it is linked where a program goes so far.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    number: u64,
    goal: fn(&Set<'_>, u64) -> Result<usize, Error>,
    is_reached: fn(&mut Db<'_>, &Set<'_>, u64) -> Result<bool, Error>,
}

impl Target {
    #[inline]
    pub(crate) fn at(number: u64) -> Self {
        Self { number, goal: place_after, is_reached }
    }
}

/// Applies what is pending, up to and including `target`. Where that is nothing, the set stays packed.
#[inline]
pub(crate) fn start(
    session: &mut dyn Session,
    lazy_set: LazySet<'_>,
    options: &Options,
    target: Option<Target>,
) -> Result<Report, Error> {
    let mut report = Report::default();
    match start_into(&mut report, session, lazy_set, options, target) {
        Ok(()) => Ok(report),
        Err(error) => Err(error.after(report)),
    }
}

// The report is the caller's, because each function that owns one has code to drop it. If this fails, the report says
// what was done before that, and the caller has to put it into the error.
#[inline(never)]
fn start_into(
    report: &mut Report,
    session: &mut dyn Session,
    lazy_set: LazySet<'_>,
    options: &Options,
    target: Option<Target>,
) -> Result<(), Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    if target.is_none() && lazy_set.latest().is_applied(&mut db)? {
        return Ok(());
    }
    let set = lazy_set.set()?;
    if let Some(target) = target {
        if (target.is_reached)(&mut db, set, target.number)? {
            return Ok(());
        }
    }
    match SquashPart::of(set)? {
        Some(part) => (part.recording)(session, set, options, report, &mut |session, set, report| {
            run(report, session, set, options, target)
        }),
        None => run(report, session, set, options, target),
    }
}

/// The same for a set that is at hand.
#[inline]
pub(crate) fn up(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    target: Option<u64>,
) -> Result<Report, Error> {
    start(session, LazySet::Set(set), options, target.map(Target::at))
}

#[inline(never)]
fn run(
    report: &mut Report,
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    target: Option<Target>,
) -> Result<(), Error> {
    let goal = match target {
        Some(target) => (target.goal)(set, target.number)?,
        None => set.migrations.len(),
    };
    let mut db = Db::new(session, options);
    let found = look(&mut db, set)?;
    if let (Found::History(known), Some(adoption)) = (&found, &set.adoption) {
        if known.old.is_some() {
            return (adoption.by.up)(report, session, (set, known, goal), options, target);
        }
    }
    let group = match (&found, set.rules.transaction) {
        (_, TransactionMode::All) => Group::All,
        (Found::Fresh, TransactionMode::Each) => Group::Fresh,
        _ => Group::One,
    };
    let first = todo(&mut db, &found, set, options, goal)?;
    if first.pending.is_empty() && first.repeats.is_empty() {
        match &found {
            Found::History(known) if !known.is_recognised => mend_head(&mut db, set, known),
            _ => {}
        }
        return Ok(());
    }
    refuse_unrunnable(set, &first.pending, db.session().has_code())?;
    let mut proved = Proved::default();
    refuse_conflicts(session, set, options, (&found, &first.pending), &mut proved)?;
    guarded_into(report, session, options, set.parts.settings, |db, settings, report| {
        if let Some((mode, switch)) = options.journal_mode {
            switch(db, mode)?;
        }
        Runner::new(set, options, settings, group).run(db, report, &mut |db, queue| {
            let found = look(db, set)?;
            let todo = todo(db, &found, set, options, goal)?;
            refuse_conflicts(db.session(), set, options, (&found, &todo.pending), &mut proved)?;
            plan(&found, todo, queue);
            Ok(())
        })?;
        report.notes.append(&mut proved.doubts);
        Ok(())
    })
}

/// What there would be to do, unless something forbids it. It changes nothing.
#[inline]
pub(crate) fn plan_up(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    target: Option<u64>,
) -> Result<Planned, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    match goal(set, target) {
        Ok(goal) if is_current(&mut db, set, goal)? => {
            let newest = set.migrations.last().filter(|_| target.is_none()).map(|newest| newest.name.to_owned());
            return Ok(Planned { newest, ..Planned::default() });
        }
        Err(error) if set.squash.is_none() => return Err(error),
        _ => {}
    }
    squash::with(session, set, options, |session, set| planned(session, set, options, target))
}

#[inline]
fn planned(session: &mut dyn Session, set: &Set<'_>, options: &Options, target: Option<u64>) -> Result<Planned, Error> {
    let goal = goal(set, target)?;
    let mut db = Db::new(session, options);
    let found = look(&mut db, set)?;
    let takes_over = match &found {
        Found::History(known) if known.old.is_some() => {
            if is_left_alone(set, known, goal)? {
                return Ok(Planned::default());
            }
            true
        }
        _ => false,
    };
    let newest = match &found {
        Found::History(known) => known.newest_first().next().map(|(_, row)| row.name.clone()),
        _ => None,
    };
    let todo = todo(&mut db, &found, set, options, goal)?;
    refuse_unrunnable(set, &todo.pending, db.session().has_code())?;
    refuse_conflicts(session, set, options, (&found, &todo.pending), &mut Proved::default())?;
    let (migrations, repeatables) = (todo.pending.len(), todo.repeats.len());
    let mut queue = Plan::default();
    plan(&found, todo, &mut queue);
    let copies = backup::is_planned(&mut Db::new(session, options), set, options, &queue.jobs)?;
    Ok(Planned { newest, migrations, repeatables, takes_over, copies })
}

/// Refuses migrations that come late and whose order matters.
fn refuse_conflicts<'s>(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    (found, pending): (&Found<'s>, &[(usize, &'s Migration<'s>)]),
    proved: &mut Proved,
) -> Result<(), Error> {
    match (set.rules.out_of_order, found) {
        (OutOfOrder::Apply(proof), Found::History(known)) => {
            (proof.prove)(session, set, options, known, pending, proved)
        }
        _ => Ok(()),
    }
}

/// Takes the history of another tool over, and nothing else.
#[inline]
pub(crate) fn adopt(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Report, Error> {
    squash::with(session, set, options, |session, set| take_over(session, set, options))
}

#[inline]
fn take_over(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Report, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    match (&set.adoption, look(&mut db, set)?) {
        (Some(adoption), Found::History(known)) if known.old.is_some() => {
            guarded(session, options, Some(put_back::remember), |db, settings, report| {
                // To put the old table aside it sets one.
                settings.others(db)?;
                (adoption.by.convert)(db, set, options, report)
            })
        }
        _ => Ok(Report::default()),
    }
}

/// Whether an old history has more than this program knows, and that is allowed: it can't be taken over then, and there
/// is nothing else to do.
#[inline]
fn is_left_alone(set: &Set<'_>, known: &KnownHistory<'_>, goal: usize) -> Result<bool, Error> {
    let is_newer = known.old().is_some_and(|old| !old.unknown.is_empty());
    let is_allowed = set.rules.newer_database == NewerDatabase::Allow && known.pending(goal).next().is_none();
    if is_newer && is_allowed {
        known.refuse_differences(None)?;
    }
    Ok(is_newer && is_allowed)
}

/// Applies what is pending where the history of another tool comes first.
pub(crate) type AdoptThenUpFn = fn(
    &mut Report,
    &mut dyn Session,
    (&Set<'_>, &KnownHistory<'_>, usize),
    &Options,
    Option<Target>,
) -> Result<(), Error>;

#[inline]
pub(crate) fn adopt_then_up(
    report: &mut Report,
    session: &mut dyn Session,
    (set, known, goal): (&Set<'_>, &KnownHistory<'_>, usize),
    options: &Options,
    target: Option<Target>,
) -> Result<(), Error> {
    if is_left_alone(set, known, goal)? {
        return Ok(());
    }
    let done = adopt(session, set, options).and_then(|adopted| {
        backup::go_on(adopted, options, |options| start(session, LazySet::Set(set), options, target))
    });
    match done {
        Ok(done) => *report = done,
        Err(error) => {
            *report = error.report().clone();
            return Err(error);
        }
    }
    Ok(())
}

/// Whether the head says that the history has what is to be applied: one read.
#[inline]
pub(crate) fn is_current(db: &mut Db<'_>, set: &Set<'_>, goal: usize) -> Result<bool, Error> {
    let latest = set.latest();
    if goal == set.migrations.len() {
        return latest.is_applied(db);
    }
    let enough = [chain(set, Some(goal)), chain(set, Some(set.migrations.len())), latest.chain];
    Ok(Head::at_start(db, latest, false)?.is_some_and(|head| enough.iter().any(|chain| head.is(chain))))
}

/// The same, for the number of a migration.
#[inline]
fn is_reached(db: &mut Db<'_>, set: &Set<'_>, number: u64) -> Result<bool, Error> {
    match place_after(set, number) {
        Ok(goal) => is_current(db, set, goal),
        // Where one of those has the number that a squash replaces, that is for what the database has.
        Err(_) if set.squash.is_some() => Ok(false),
        Err(error) => Err(error),
    }
}

/// How many of the set's migrations are to be applied in the end.
#[inline]
pub(crate) fn goal(set: &Set<'_>, target: Option<u64>) -> Result<usize, Error> {
    target.map_or(Ok(set.migrations.len()), |number| place_after(set, number))
}

#[inline]
fn place_after(set: &Set<'_>, number: u64) -> Result<usize, Error> {
    match set.migrations.iter().position(|migration| migration.number == number) {
        Some(index) => Ok(index + 1),
        None => {
            let error = Error::new(ErrorKind::UnknownMigration, format_args!("no migration has the number {number}"));
            let error = match SquashPart::of(set)? {
                Some(part) => (part.with_number)(set, number, error),
                None => error,
            };
            Err(error.hint("to see all of them: `cargo dbmigrate list`"))
        }
    }
}

/// What is to run, unless what was found forbids it. The repeatables come after the newest migration, never before, and
/// where that is a newer program's, they are that program's too.
fn todo<'s>(
    db: &mut Db<'_>,
    found: &Found<'s>,
    set: &'s Set<'s>,
    options: &Options,
    goal: usize,
) -> Result<Todo<'s>, Error> {
    let mut pending = Vec::new();
    match found {
        Found::Objects if !options.allow_existing_schema && !is_empty(set) => return Err(existing_schema(db, set)),
        Found::Fresh | Found::Objects | Found::Beside => {
            for place in set.migrations.iter().take(goal).enumerate() {
                pending.push(place);
            }
        }
        Found::History(known) => {
            known.refuse_differences(None)?;
            for place in known.pending(goal) {
                pending.push(place);
            }
        }
    }
    if let Some(part) = SquashPart::of(set)? {
        (part.refuse_pruned)(set, &pending)?;
    }
    if pending.iter().any(|(_, migration)| !migration.requires.is_empty()) {
        (RequirementsPart::of(set)?.refuse_unmet)(db, set, found, &pending)?;
    }
    let repeats = match found {
        _ if goal < set.migrations.len() || !options.part.last => Vec::new(),
        Found::History(known) if known.is_newer() => Vec::new(),
        Found::History(known) if pending.is_empty() => known.due(),
        _ => all_repeatables(set),
    };
    Ok(Todo { pending, repeats })
}

/// Fills the queue, which is empty.
fn plan<'s>(found: &Found<'s>, Todo { pending, repeats }: Todo<'s>, queue: &mut Plan<'s>) {
    (queue.prefix, queue.creates) = match found {
        Found::History(known) => {
            (known.prefix(), known.head.is_none() || known.records.is_none() && !repeats.is_empty())
        }
        Found::Fresh | Found::Objects | Found::Beside => (Some(0), true),
    };
    for (index, migration) in pending {
        queue.jobs.push(Job { number: migration.number, way: Way::Up(index, migration) });
    }
    for repeatable in repeats {
        queue.jobs.push(Job::beside(Way::Repeat(repeatable)));
    }
}

/// Refuses what can't work before anything is changed.
pub(crate) fn refuse_unrunnable(
    set: &Set<'_>,
    pending: &[(usize, &Migration<'_>)],
    runs_code: bool,
) -> Result<(), Error> {
    for (_, migration) in pending {
        refuse_code(migration.name, &migration.up, runs_code)?;
        if set.rules.transaction == TransactionMode::All && !migration.up.transaction {
            return Err(Error::new(
                ErrorKind::Set,
                format_args!("`{}` runs without a transaction, but all share one", migration.name),
            )
            .at(Place::line(migration.file, 1))
            .hint("use `transaction = \"each\"` in `[package.metadata.migrations]`")
            .hint("or apply those before it, and then it, first: `cargo dbmigrate up --to` each"));
        }
    }
    Ok(())
}

/// Refuses a script with Rust in it where none can be run.
pub(crate) fn refuse_code(name: &str, script: &crate::set::Script<'_>, runs_code: bool) -> Result<(), Error> {
    if runs_code || !script.has_code() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NoCode, format_args!("`{name}` contains Rust, which only its own program can run"))
        .at(Place::line(script.file, 1))
        .hint("run the program, or its `runner` binary: `cargo dbmigrate init --runner` adds one"))
}

/// Whether a set has nothing that makes anything: such a one may live in any database.
pub(crate) fn is_empty(set: &Set<'_>) -> bool {
    set.migrations.is_empty() && set.repeatables.is_empty()
}

pub(crate) fn existing_schema(db: &mut Db<'_>, set: &Set<'_>) -> Error {
    let first = set.migrations.first().map_or("the first migration", |migration| migration.name);
    let message = "the database has tables, but no history of migrations";
    let error = Error::new(ErrorKind::ExistingSchema, message);
    // It is worth a note, and no other error.
    let elsewhere = histories::elsewhere(db, &History::new(set), set.name).unwrap_or_default();
    let error = match elsewhere {
        Some(table) => error.note(format_args!(
            "the history of {} is in the table `{table}`, and the program reads `{}`",
            title(set.name),
            set.table
        )),
        None => error,
    };
    error
        .hint("is it the right database?")
        .hint(format_args!(
            "to run `{first}` on the existing tables: `allow_existing_schema()` of the migrator, or `cargo dbmigrate \
             up \
             --existing`"
        ))
        .hint(
            "if it has what the migrations make, record them as applied: `cargo dbmigrate mark` (`mark` of the \
             migrator)",
        )
        .hint("if another tool has migrated it, take over its history: `cargo dbmigrate adopt`")
}

/// Writes the head again where only it is out of date. A database that can't be written, or is being written, does
/// without: the next start walks the rows again. So does a program that knows less than the history holds: the head is
/// of use to the one that knows all.
fn mend_head(db: &mut Db<'_>, set: &Set<'_>, known: &KnownHistory<'_>) {
    let is_right = |known: &KnownHistory<'_>| known.chain().is_empty() || known.head.as_deref() == Some(known.chain());
    if is_right(known) || !db.begins_at_once() {
        return;
    }
    let history = History::new(set);
    // If it fails, the head stays as it was.
    let _ = db.contained(|db| {
        if let Found::History(known) = look(db, set)? {
            if !is_right(&known) {
                if known.head.is_none() {
                    history.create(db)?;
                }
                history.write_head(db, known.chain())?;
                db.runs("COMMIT");
            }
        }
        Ok(())
    });
}
