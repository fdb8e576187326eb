//! Whether a database has the schema that its migrations lead to. It changes nothing.
//!
//! A sealed set knows the fingerprint of its schema: one query tells. Where that is another one, or not known, the
//! migrations that the database has run on one in memory, and the two are compared by the texts of their objects.

use std::rc::Rc;

use crate::compare::{Found, Known, look};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::neighbours;
use crate::objects::Objects;
use crate::options::Options;
use crate::replay::alone;
use crate::session::Session;
use crate::set::{Migration, Repeatable, Set};
use crate::squash;
use crate::up::existing_schema;

/// At most this many differences stand in an error.
const SHOWN: usize = 30;

/// A database has the schema that its migrations lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedSchema {
    /// How many objects it has, without those of the history.
    pub objects: usize,
    /// Whether the migrations had to run in memory, as the sealed fingerprint is another one or not known.
    pub replayed: bool,
    /// The migrations that are not applied. What they would make is not expected of the database. Nobody looked where
    /// the fingerprint is that of the whole set: it has what all of them make.
    pub pending: Vec<String>,
}

/// Runs sets on a database in memory and reads that.
pub(crate) type Replay<'r> = dyn Fn(&[Set<'_>]) -> Result<Objects, String> + 'r;

/// Compares; whether the code of the set can run in memory is for `runs_code` to say. What the sets `beside` it have
/// applied is part of the schema, too.
#[inline]
pub(crate) fn verify_schema(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    runs_code: bool,
    replay: &Replay<'_>,
) -> Result<VerifiedSchema, Error> {
    squash::with_all(session, set, options, beside, |session, set, beside| {
        compare(session, set, options, runs_code, beside, replay)
    })
}

#[inline]
fn compare(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    runs_code: bool,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<VerifiedSchema, Error> {
    let mut db = Db::new(session, options);
    let history = History::new(set);
    if let Some(sealed) = set.schema.filter(|_| beside.is_empty()) {
        let live = Objects::read(&mut db, &history)?;
        if live.fingerprint() == sealed {
            return Ok(VerifiedSchema { objects: live.len(), replayed: false, pending: Vec::new() });
        }
    }
    let all: Vec<&Set<'_>> = std::iter::once(set).chain(beside.iter().copied()).collect();
    let (mut live, known, unknown) = db.reading(|db| {
        let live = Objects::read(db, &history)?;
        let known = all.iter().map(|set| known(db, set)).collect::<Result<Vec<_>, Error>>()?;
        Ok((live, known, neighbours::unknown(db, set, beside)?))
    })?;
    known.iter().try_for_each(|known| known.refuse_unclear())?;
    if let Some(why) = unknown {
        return Err(unverified(set, false, why));
    }
    let applied: Vec<Vec<Migration<'_>>> = known.iter().map(|known| known.applied().copied().collect()).collect();
    let mut pending = Vec::new();
    for (at, (set, known)) in all.iter().zip(&known).enumerate() {
        let names = known.pending(set.migrations.len()).map(|(_, migration)| match at {
            0 => migration.name.to_owned(),
            _ => format!("{}/{}", set.name, migration.name),
        });
        pending.extend(names);
    }
    // What those make that are still to run, or to run again, is not known: it is left out on both sides. They run all
    // the same, as others may read it, unless they in turn may need what is pending.
    let due: Vec<Vec<&Repeatable<'_>>> = known.iter().map(|known| known.due()).collect();
    let repeatables: Vec<Vec<Repeatable<'_>>> = all
        .iter()
        .zip(&due)
        .map(|(set, due)| {
            let runs = |it: &&Repeatable<'_>| pending.is_empty() || due.iter().all(|due| due.name != it.name);
            set.repeatables.iter().filter(runs).copied().collect()
        })
        .collect();
    let parts = all.iter().zip(&applied).zip(&repeatables);
    let held: Vec<Set<'_>> =
        parts.map(|((set, migrations), repeatables)| Set { migrations, repeatables, ..**set }).collect();
    let is_whole = pending.is_empty() && due.iter().all(Vec::is_empty) && beside.is_empty();
    let mut expected = alone(&held, runs_code, replay).map_err(|why| unverified(set, is_whole, why))?;
    for due in due.into_iter().flatten() {
        live.remove(due);
        expected.remove(due);
    }
    refuse(&live.differences(&expected), &pending)?;
    Ok(VerifiedSchema { objects: live.len(), replayed: true, pending })
}

#[inline]
fn known<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Rc<Known<'s>>, Error> {
    match look(db, set)? {
        Found::History(known) => Ok(known),
        Found::Fresh | Found::Beside => Known::nothing(set),
        Found::Objects => Err(existing_schema(db, set)),
    }
}

/// The fingerprint of the schema that the whole set leads to.
#[inline]
pub(crate) fn fingerprint(set: &Set<'_>, runs_code: bool, replay: &Replay<'_>) -> Result<String, Error> {
    alone(std::slice::from_ref(set), runs_code, replay)
        .map(|objects| objects.fingerprint())
        .map_err(|why| unverified(set, false, why))
}

#[inline]
fn refuse(differences: &[String], pending: &[String]) -> Result<(), Error> {
    if differences.is_empty() {
        return Ok(());
    }
    let message = "the schema of the database is not what its migrations lead to";
    let mut error = Error::new(ErrorKind::Drift, message);
    for difference in differences.iter().take(SHOWN) {
        error = error.note(difference);
    }
    if let Some(more) = differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        error = error.note(format_args!("and {more} more differences"));
    }
    if !pending.is_empty() {
        error = error.note(format_args!("what is pending is not expected of it: `{}`", pending.join("`, `")));
    }
    Err(error
        .hint("`cargo dbmigrate drift` compares the two part by part")
        .hint("write a migration that leads there: `cargo dbmigrate create NAME`, then `cargo dbmigrate mark NAME`")
        .hint("or undo by hand what was done by hand"))
}

/// Nobody can tell, unless everything is applied and the schema is not the one that was sealed.
#[inline]
fn unverified(set: &Set<'_>, is_whole: bool, why: String) -> Error {
    if is_whole && set.schema.is_some() {
        let message =
            "the schema of the database is not the one that was sealed, and nobody can tell in what it differs";
        return Error::new(ErrorKind::Drift, message).also(ErrorKind::Unverified).note(why);
    }
    let message = "the schema of the database can't be compared with what its migrations make";
    Error::new(ErrorKind::Unverified, message).note(why)
}
