//! Whether a database has the schema that its migrations make. It changes nothing.
//!
//! A sealed set knows the fingerprint of its schema, so one query is enough. If the fingerprint differs or is unknown,
//! the migrations that the database has run on a database in memory, and the two schemas are compared by the texts of
//! their objects.

use super::in_force::with_all;
use std::rc::Rc;

use super::replay::replay;
use crate::compare::{Found, KnownHistory, look};
use crate::db::Db;
use crate::difference::noted_differences;
use crate::driver::{Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::migrator::Migrator;
use crate::neighbours;
use crate::objects::Objects;
use crate::options::Options;
use crate::replay::alone;
use crate::session::Dispatch;
use crate::session::Session;
use crate::set::{Migration, Repeatable, Set};
use crate::up::existing_schema;

/// At most this many differences stand in an error.
const SHOWN: usize = 30;

/// The database has the schema that its migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedSchema {
    /// The number of its objects, without those of the history.
    pub objects: usize,
    /// Whether the migrations had to run in memory, because the sealed fingerprint differs or is unknown.
    pub replayed: bool,
    /// The migrations that are not applied. What they would make is not expected of the database. Empty if the
    /// fingerprint is that of the whole set, in which case the database has what all of them make.
    pub pending: Vec<String>,
}

/// Runs sets on a database in memory and reads that.
pub(crate) type Replay<'r> = dyn Fn(&[Set<'_>]) -> Result<Objects, String> + 'r;

/// Compares; whether the code of the set can run in memory is for `runs_code` to say. What the sets `beside` it have
/// applied is part of the schema, too.
pub(crate) fn verify_schema(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    runs_code: bool,
    replay: &Replay<'_>,
) -> Result<VerifiedSchema, Error> {
    with_all(session, set, options, beside, |session, set, beside| {
        compare(session, set, options, runs_code, beside, replay)
    })
}

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

fn known<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Rc<KnownHistory<'s>>, Error> {
    match look(db, set)? {
        Found::History(known) => Ok(known),
        Found::Fresh | Found::Beside => Ok(KnownHistory::nothing(set)),
        Found::Objects => Err(existing_schema(db, set)),
    }
}

/// The fingerprint of the schema that the whole set leads to.
pub(crate) fn fingerprint(set: &Set<'_>, runs_code: bool, replay: &Replay<'_>) -> Result<String, Error> {
    alone(std::slice::from_ref(set), runs_code, replay)
        .map(|objects| objects.fingerprint())
        .map_err(|why| unverified(set, false, why))
}

fn refuse(differences: &[String], pending: &[String]) -> Result<(), Error> {
    if differences.is_empty() {
        return Ok(());
    }
    let message = "the schema of the database is not what its migrations make";
    let mut error = noted_differences(Error::new(ErrorKind::Drift, message), differences, SHOWN);
    if !pending.is_empty() {
        error = error.note(format_args!("pending migrations are not expected in it: `{}`", pending.join("`, `")));
    }
    Err(error
        .hint("to compare the two in detail: `cargo dbmigrate drift`")
        .hint(
            "write a migration that makes the difference: `cargo dbmigrate create NAME`, then `cargo dbmigrate mark \
            NAME`",
        )
        .hint("or undo the changes that were made by hand"))
}

/// Nobody can tell, unless everything is applied and the schema is not the one that was sealed.
fn unverified(set: &Set<'_>, is_whole: bool, why: String) -> Error {
    if is_whole && set.schema.is_some() {
        let message = "the schema of the database is not the one that was sealed, and it is unknown how it differs";
        return Error::new(ErrorKind::Drift, message).also(ErrorKind::Unverified).note(why);
    }
    let message = "the schema of the database can't be compared with what its migrations make";
    Error::new(ErrorKind::Unverified, message).note(why)
}

impl<B: Backend> Migrator<'_, B> {
    /// Compares the schema of the database with what its migrations make, for a program that refuses to start on a
    /// database that somebody has changed by hand. It changes nothing.
    ///
    /// If all migrations are sealed by `cargo dbmigrate lock`, the program knows the fingerprint of their schema, and
    /// one query tells whether the database has it. If it differs (or the set is not sealed, or another version of
    /// SQLite stores different texts), the applied migrations run on a database in memory, and the two are compared
    /// object by object, by their texts. White space, comments, letter case and the quoting of names make no
    /// difference. Rows are not compared. What is pending is not expected of the database; see
    /// [`VerifiedSchema::pending`].
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
    /// # use example::migrations;
    /// let mut connection = rusqlite::Connection::open_in_memory()?;
    /// migrations::migrator().up(&mut connection)?;
    /// match migrations::migrator().verify_schema(&mut connection) {
    ///     Err(error) if error.is_drift() => panic!("somebody has changed the database: {error}"),
    ///     verified => println!("{} objects are as they should be", verified?.objects),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_drift`] if the schemas differ, with each object that does; [`Error::is_unverified`] if the
    /// migrations cannot run in memory, so that the schemas cannot be compared (see [`Migrator::replay_code`]); and the
    /// errors of [`Migrator::up`] about a history that does not fit the program.
    pub fn verify_schema(&self, connection: &mut B::Connection) -> Result<VerifiedSchema, Error> {
        self.verify_schema_by(&mut self.session(connection), self.replayed_code(), &self.others()?)
    }

    /// As [`Migrator::verify_schema`], on any driver. The backend opens the database in memory; without a backend, only
    /// the sealed fingerprint can be compared.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn verify_schema_with(&self, driver: &mut impl Driver) -> Result<VerifiedSchema, Error> {
        self.verify_schema_by(&mut self.plain(driver), None, &self.others()?)
    }

    pub(crate) fn verify_schema_by(
        &self,
        session: &mut dyn Session,
        code: Option<&Dispatch<'_, B::Connection>>,
        beside: &[&Set<'_>],
    ) -> Result<VerifiedSchema, Error> {
        let replay = |sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, code, None, Objects::read)?.0);
        verify_schema(session, self.set()?, &self.options, beside, code.is_some(), &replay)
    }

    /// Returns the fingerprint of the schema that the whole set makes, by running it on a database in memory. This is
    /// what `cargo dbmigrate lock` seals, and what [`Migrator::verify_schema`] compares with.
    ///
    /// # Errors
    ///
    /// [`Error::is_unverified`] if the migrations cannot run there.
    pub fn schema_fingerprint(&self) -> Result<String, Error> {
        let code = self.replayed_code();
        let replay = |sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, code, None, Objects::read)?.0);
        fingerprint(self.set()?, code.is_some(), &replay)
    }

    /// Returns the fingerprint of the schema that a database has, without the history tables. It changes nothing.
    ///
    /// # Errors
    ///
    /// If SQLite cannot read the database.
    pub fn schema_fingerprint_of(&self, connection: &mut B::Connection) -> Result<String, Error> {
        self.on(connection, |db| Ok(Objects::read(db, &History::new(self.set()?))?.fingerprint()))
    }
}
