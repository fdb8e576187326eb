//! A squash in the history of a database: which migrations are in force for it.
//!
//! A database that has all that the squash replaces has the squash: its rows are read as the one of the squash, and
//! written so by the next run. One that has some of them is brought on by them, as by the program that it knows: every
//! call then works on the set with the replaced migrations in place of the squash. Any other starts at the squash.
//!
//! Which of these it is can change while nobody holds the lock. Whoever looks at the rows looks again whether the set
//! that he has is the right one, and stops where it is not.

use std::rc::Rc;

use crate::compare::{KnownHistory, write_head};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::guard::guarded;
use crate::history::{History, Presence};
use crate::history_row::HistoryRow;
use crate::options::Options;
use crate::packed::{Reader, unpack};
use crate::parts::needed;
use crate::report::Report;
use crate::row_state::RowState;
use crate::session::Session;
use crate::set::{Migration, Placed, Repeatable, Set, Squash};
use crate::status::Entry;
use crate::verify::Problem;

/// How often a run begins again because others were at work: each time the database has come further.
const TRIES: usize = 8;

/// What runs a set that begins with a squash, and reads what others have recorded in its place.
#[derive(Clone, Copy)]
pub(crate) struct SquashPart {
    pub(crate) recording: RecordingFn,
    pub(crate) recognise: fn(&Set<'_>, &mut Vec<Rc<HistoryRow>>) -> Result<bool, Error>,
    pub(crate) refuse_pruned: fn(&Set<'_>, &[Placed<'_, '_>]) -> Result<(), Error>,
    pub(crate) with_number: fn(&Set<'_>, u64, Error) -> Error,
    pub(crate) unpack: fn(&mut Reader) -> Option<Squash<'static>>,
}

impl SquashPart {
    pub(crate) const LINKED: Self = Self { recording, recognise, refuse_pruned, with_number, unpack: unpack::squash };

    /// That of a set that has a squash.
    #[inline]
    pub(crate) fn of(set: &Set<'_>) -> Result<Option<Self>, Error> {
        set.squash.map(|_| needed(set.parts.squash, "reads what a squash replaces")).transpose()
    }
}

/// What runs what is pending, on the set that is in force.
pub(crate) type Run<'r> = &'r mut dyn FnMut(&mut dyn Session, &Set<'_>, &mut Report) -> Result<(), Error>;

type RecordingFn = fn(&mut dyn Session, &Set<'_>, &Options, &mut Report, Run<'_>) -> Result<(), Error>;

/// Does something with the migrations that are in force for a database.
#[inline]
pub(crate) fn with<T>(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    work: impl FnOnce(&mut dyn Session, &Set<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    match InForce::of(&mut Db::new(session, options), set)? {
        Some(in_force) => work(session, &in_force.set(set)),
        None => work(session, set),
    }
}

/// Runs what is pending. Where the database has all that is replaced, before or after, it gets the row of the squash; one
/// that can't be written and lacks nothing is left as it is.
#[inline]
fn recording(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    report: &mut Report,
    run: Run<'_>,
) -> Result<(), Error> {
    if own(set).is_none() {
        return run(session, set, report);
    }
    let recorded = try_to_record(session, set, options)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let mut more = Report::default();
        let result = with(session, set, options, |session, set| run(session, set, &mut more));
        join(report, more);
        match result {
            Err(error) if error.is_moved() && tries < TRIES => {}
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    report.notes.extend(recorded.or(try_to_record(session, set, options)?));
    Ok(())
}

#[inline]
fn join(report: &mut Report, more: Report) {
    let Report { applied, rolled_back, repeated, notes, backup, snapshot, adopted } = more;
    report.applied.extend(applied);
    report.rolled_back.extend(rolled_back);
    report.repeated.extend(repeated);
    report.notes.extend(notes);
    report.backup = report.backup.take().or(backup);
    report.snapshot = report.snapshot.take().or(snapshot);
    report.adopted = report.adopted.take().or(adopted);
}

/// Writes the row of the squash where it can be, and says so. Only to be in somebody's way is a failure.
#[inline]
pub(crate) fn try_to_record(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
) -> Result<Option<String>, Error> {
    let is_recorded = match record(session, set, options) {
        Err(error) if !error.is_busy() => false,
        result => result?,
    };
    Ok(set.squash.filter(|_| is_recorded).map(|squash| {
        let first = squash.migrations.first().map_or("", |migration| migration.name);
        let last = squash.migrations.last().map_or("", |migration| migration.name);
        format!("the history has `{}` now in place of `{first}` to `{last}`", squash.name)
    }))
}

/// Writes the row of a squash in place of those that it replaces, if these are all there; whether it is that of the set.
#[inline]
pub(crate) fn record(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<bool, Error> {
    let (Some(squash), Some(first)) = (own(set), set.migrations.first()) else { return Ok(false) };
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let Some(found) = rows(&mut db, set)? else { return Ok(false) };
    if to_record(squash, first, found).is_none() {
        return Ok(false);
    }
    let mut is_own = false;
    guarded(session, options, None, |db, _, _| {
        is_own = db.transaction(|db| {
            let history = History::new(set);
            let Some(recorded) = to_record(squash, first, history.rows(db, "number")?) else { return Ok(false) };
            if history.head(db)?.is_none() {
                history.create(db)?;
            }
            history.stand_in(db, &recorded)?;
            let is_own = recorded.name == first.name;
            // The rows have emptied the head, and of those that come before the set it says nothing.
            if is_own {
                write_head(db, set)?;
            }
            Ok(is_own)
        })?;
        Ok(())
    })?;
    Ok(is_own)
}

/// The squash whose row is to be written: that of the set, or one that it replaces.
#[inline]
fn to_record<'a>(squash: &Squash<'a>, own: &Migration<'a>, rows: Vec<Rc<HistoryRow>>) -> Option<Migration<'a>> {
    let mut read = rows.clone();
    match coverage(squash, own, &mut read) {
        Coverage::Current => None,
        Coverage::Complete => Some(*own),
        Coverage::Partial(found) => {
            let has = |rows: &[Rc<HistoryRow>], name: &str| rows.iter().any(|row| row.name == name);
            found.first().filter(|first| has(&read, first.name) && !has(&rows, first.name)).copied()
        }
    }
}

/// The squash of a set that begins with it.
#[inline]
fn own<'s, 'a>(set: &'s Set<'a>) -> Option<&'s Squash<'a>> {
    let is_first = |squash: &&Squash<'_>| set.migrations.first().is_some_and(|first| first.name == squash.name);
    set.squash.as_ref().filter(is_first)
}

/// The rows of the history, if it has begun.
#[inline]
fn rows(db: &mut Db<'_>, set: &Set<'_>) -> Result<Option<Vec<Rc<HistoryRow>>>, Error> {
    let history = History::new(set);
    if set.adoption.is_some() && !history.has_begun(db)? || history.presence(db)? != Presence::History {
        return Ok(None);
    }
    history.check_shape(db)?;
    history.rows(db, "number").map(Some)
}

/// What is in force for a database that has some of what a squash replaces.
pub(crate) struct InForce<'a> {
    migrations: Vec<Migration<'a>>,
    repeatables: Vec<Repeatable<'a>>,
    sealed: usize,
}

impl<'a> InForce<'a> {
    /// None where the set is right as it is.
    #[inline]
    pub(crate) fn of(db: &mut Db<'_>, set: &Set<'a>) -> Result<Option<Self>, Error> {
        let (Some(squash), Some(first)) = (own(set), set.migrations.first()) else { return Ok(None) };
        let mut migrations = match rows(db, set)? {
            Some(mut rows) => match coverage(squash, first, &mut rows) {
                Coverage::Partial(migrations) => migrations,
                Coverage::Current | Coverage::Complete => return Ok(None),
            },
            // What another tool recorded is older than any squash.
            None if has_old_rows(db, set)? => originals(squash),
            None => return Ok(None),
        };
        let sealed = migrations.len() + set.sealed.saturating_sub(1);
        // No chain leads from what is replaced to what comes after the squash, so that the head speaks of none.
        migrations.extend(set.migrations.iter().skip(1).map(|migration| Migration { chain: "", ..*migration }));
        let repeatables = set.repeatables.iter().map(|repeatable| Repeatable { chain: "", ..*repeatable }).collect();
        Ok(Some(Self { migrations, repeatables, sealed }))
    }

    /// The set with these.
    #[inline]
    pub(crate) fn set<'s>(&'s self, set: &Set<'s>) -> Set<'s>
    where
        'a: 's,
    {
        Set {
            migrations: &self.migrations,
            repeatables: &self.repeatables,
            sealed: self.sealed,
            snapshot: None,
            ..*set
        }
    }
}

/// Whether the history of another tool, which was not taken over yet, has anything.
#[inline]
fn has_old_rows(db: &mut Db<'_>, set: &Set<'_>) -> Result<bool, Error> {
    let Some(adoption) = &set.adoption else { return Ok(false) };
    Ok((adoption.by.read)(db, set, adoption)?.is_some_and(|old| !old.rows.is_empty()))
}

/// What there was before any squash.
#[inline]
fn originals<'a>(squash: &Squash<'a>) -> Vec<Migration<'a>> {
    match (squash.inner, squash.migrations) {
        (Some(inner), [_, rest @ ..]) => [&originals(inner), rest].concat(),
        (_, all) => all.to_vec(),
    }
}

/// Reads rows of what a squash replaces as that of the squash, where the set has it and they are all there; whether they
/// were.
#[inline]
fn recognise(set: &Set<'_>, rows: &mut Vec<Rc<HistoryRow>>) -> Result<bool, Error> {
    let (Some(squash), Some(first)) = (&set.squash, set.migrations.first()) else { return Ok(false) };
    let mut is_right = true;
    let mut is_recognised = false;
    for level in levels(squash) {
        if level.name == first.name {
            let coverage = coverage(level, first, rows);
            is_recognised = matches!(coverage, Coverage::Complete);
            is_right &= !matches!(coverage, Coverage::Partial(_));
            break;
        }
        // Somebody has recorded it, and what the set has is replaced by now.
        is_right &= rows.iter().all(|row| row.name != level.name);
    }
    if is_right {
        return Ok(is_recognised);
    }
    let message = format!("another process changed the state of the database regarding `{}`", squash.name);
    Err(Error::new(ErrorKind::Moved, message).hint("run the same command again"))
}

/// A squash, what it replaces if that begins with one, and so on.
#[inline]
fn levels<'s, 'a>(squash: &'s Squash<'a>) -> impl Iterator<Item = &'s Squash<'a>>
where
    'a: 's,
{
    std::iter::successors(Some(squash), |level| level.inner)
}

/// How the rows of a database stand to a squash.
enum Coverage<'a> {
    /// They have it, or nothing of what it replaces.
    Current,
    /// They have all that it replaces.
    Complete,
    /// They have some of these.
    Partial(Vec<Migration<'a>>),
}

/// How rows, by number, stand to a squash. Where they have all that it replaces, its own row takes their place.
#[inline]
fn coverage<'a>(squash: &Squash<'a>, own: &Migration<'_>, rows: &mut Vec<Rc<HistoryRow>>) -> Coverage<'a> {
    if rows.iter().any(|row| row.name == squash.name) {
        return Coverage::Current;
    }
    let migrations = match (squash.inner, squash.migrations) {
        (Some(inner), [first, rest @ ..]) => match coverage(inner, first, rows) {
            Coverage::Partial(migrations) => [&migrations, rest].concat(),
            Coverage::Current | Coverage::Complete => squash.migrations.to_vec(),
        },
        _ => squash.migrations.to_vec(),
    };
    let Some(last) = migrations.last() else { return Coverage::Current };
    let count = rows.partition_point(|row| row.number <= last.number);
    // What has the last number may be the squash under another name.
    if !rows[..count].iter().any(|row| row.number < last.number || row.name == last.name) {
        return Coverage::Current;
    }
    let is_applied = |(row, migration): (&Rc<HistoryRow>, &Migration<'_>)| {
        row.state == RowState::Applied && row.name == migration.name && row.checksum == migration.checksum
    };
    if count != migrations.len() || !rows[..count].iter().zip(&migrations).all(is_applied) {
        return Coverage::Partial(migrations);
    }
    let rest = rows.split_off(count);
    let Some(last) = rows.pop() else { return Coverage::Current };
    *rows = rest;
    let row = HistoryRow {
        name: own.name.to_owned(),
        checksum: own.checksum.to_owned(),
        text_checksum: Some(own.text_checksum.to_owned()),
        statements_done: own.up.steps.len() as u64,
        duration: None,
        steps: Vec::new(),
        steps_us: None,
        has_down: false,
        prefix_checksum: None,
        ..Rc::unwrap_or_clone(last)
    };
    rows.insert(0, Rc::new(row));
    Coverage::Complete
}

/// Refuses what was pruned from the program and would have to run.
#[inline]
fn refuse_pruned(set: &Set<'_>, pending: &[Placed<'_, '_>]) -> Result<(), Error> {
    pruned(set, pending.iter().map(|(_, migration)| *migration)).map_or(Ok(()), Err)
}

/// The same, for who only looks.
#[inline]
pub(crate) fn pruned_problem(set: &Set<'_>, known: &KnownHistory<'_>) -> Option<Problem> {
    let pending = known.matches.iter().filter(|matched| matched.row.is_none()).filter_map(|matched| matched.migration);
    Some(Problem::of(&pruned(set, pending)?, None))
}

/// The innermost squash that stands for a migration of this name.
#[inline]
fn level_of<'s, 'a>(squash: &'s Squash<'a>, name: &str) -> &'s Squash<'a> {
    levels(squash).filter(|level| level.migrations.iter().any(|it| it.name == name)).last().unwrap_or(squash)
}

/// What is to be said where something was pruned that would have to run.
#[inline]
fn pruned<'m>(set: &Set<'_>, mut pending: impl Iterator<Item = &'m Migration<'m>>) -> Option<Error> {
    let squash = set.squash.as_ref()?;
    let missing = pending.find(|migration| migration.file.is_empty())?;
    let level = level_of(squash, missing.name);
    let message = format!(
        "the database needs `{}`, which was pruned: this program has `{}` in its place, for databases that have all \
         of that or nothing",
        missing.name, level.name
    );
    let version = level.pruned.unwrap_or_default();
    let hint = format!("run version {version} of the program first: it is the last one that has `{}`", missing.name);
    Some(Error::new(ErrorKind::Pruned, message).hint(hint))
}

/// Names the squash that has taken the place of a migration.
#[inline]
pub(crate) fn with_number(set: &Set<'_>, number: u64, error: Error) -> Error {
    let mut replaced = set.squash.iter().flat_map(levels).flat_map(|level| level.migrations);
    match (replaced.find(|migration| migration.number == number), &set.squash) {
        (Some(migration), Some(squash)) => {
            error.note(format_args!("`{}` was replaced by `{}`, which is one step", migration.name, squash.name))
        }
        _ => error,
    }
}

/// Says how the entries stand to the squash.
#[inline]
pub(crate) fn explain(set: &Set<'_>, is_recognised: bool, entries: &mut [Entry]) {
    let Some(squash) = &set.squash else { return };
    let is_pruned = |entry: &&mut Entry| {
        !entry.state.is_applied() && set.migrations.iter().any(|it| it.name == entry.name && it.file.is_empty())
    };
    for entry in entries.iter_mut().filter(is_pruned) {
        let version = level_of(squash, &entry.name).pruned.unwrap_or_default();
        entry.notes.push(format!(
            "this program can't run it, because it was pruned: version {version} is the last one that can"
        ));
    }
    let Some(last) = squash.migrations.last() else { return };
    let Some(entry) = entries.iter_mut().find(|entry| entry.number == last.number) else { return };
    if is_recognised && own(set).is_some() {
        entry.notes.push(format!("the history has all migrations that it replaces, up to `{}`", last.name));
    } else if entry.name == last.name && own(set).is_none() {
        entry.notes.push(format!("once it is applied, `{}` replaces all up to it", squash.name));
    }
}
