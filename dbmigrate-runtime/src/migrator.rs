//! The migrator: a set, options, and the calls that a program makes. The work is done elsewhere, on an erased driver.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::BoxError;
use crate::backup::Backup;
use crate::copy::{self, How};
use crate::db::Db;
use crate::difference::{Reader, SchemaDifference};
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::held::Held;
use crate::history::History;
use crate::history_row::HistoryRow;
use crate::hooks::{Hooks, Progress, Upcoming};
use crate::kept::{self, Kept};
use crate::late::{Arrivals, OrderConflict, Refusal};
use crate::mark::Marked;
use crate::objects::Objects;
use crate::options::{JournalMode, Options};
use crate::rehearsal::{self, Rehearsal, Rehearse};
use crate::repair::{Repair, Repairs, Stopped};
use crate::replay::replay;
use crate::report::{Done, Report};
use crate::reset::ResetPlan;
use crate::restore::{self, Restored};
use crate::schema::Schema;
use crate::session::{Bound, Dispatch, Session};
use crate::set::Set;
use crate::status::{Entry, Status};
use crate::verify::Verification;
use crate::verify_schema::VerifiedSchema;
use crate::{down, entries, forget, history, journal, mark, repair, reset, up, verify, verify_schema};

/// Applies a set of migrations to databases, and rolls them back.
///
/// Every call takes the program's own connection and gives it back as it was: no transaction open, `foreign_keys` and
/// the like restored, the busy handler untouched. A call on a connection that is inside a transaction is an error.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
/// # use example::migrations;
/// use dbmigrate_runtime::{Backup, BackupWhen};
///
/// let mut connection = rusqlite::Connection::open_in_memory()?;
/// let report = migrations::migrator()
///     .backup(Backup::new(BackupWhen::Destructive).keep(5))
///     .before_each(|upcoming| Ok(println!("{} comes next", upcoming.name)))
///     .up(&mut connection)?;
/// assert_eq!(report.applied.len(), 2);
///
/// // There is nothing to do any more, which costs one read.
/// assert!(migrations::migrator().up(&mut connection)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Migrator<'a, B: Backend> {
    pub(crate) held: Held<'a>,
    pub(crate) options: Options,
    pub(crate) code: Option<Box<Dispatch<'a, B::Connection>>>,
    /// Whether the dispatcher holds something, such as the steps of the program.
    pub(crate) code_captures: bool,
    pub(crate) hooks: Hooks<'a>,
    pub(crate) schema: Option<Box<Reader<'a, B::Connection>>>,
    /// The other sets that live in the same database.
    pub(crate) beside: Vec<Held<'a>>,
}

impl<'a, B: Backend> Migrator<'a, B> {
    /// The dispatcher that runs the code of the set, by [`Code::id`](crate::Code::id).
    #[must_use]
    pub fn with_code(mut self, run: impl Fn(u32, &B::Connection) -> Result<(), BoxError> + 'a) -> Self {
        self.code_captures = size_of_val(&run) != 0;
        self.code = Some(Box::new(run));
        self
    }

    /// For how long to wait for other connections: 30 seconds if not told. The connection's own busy handler stays.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.options.busy_timeout = timeout;
        self
    }

    /// The journal mode to switch to before the first migration, when something is pending.
    #[must_use]
    pub fn journal_mode(mut self, mode: JournalMode) -> Self {
        self.options.journal_mode = Some((mode, journal::switch));
        self
    }

    /// Starts at the first migration on a database that has tables but no history, instead of an error.
    #[must_use]
    pub fn allow_existing_schema(mut self) -> Self {
        self.options.allow_existing_schema = true;
        self
    }

    /// Lets [`Migrator::mark`] record migrations on a database that does not have what they make, and the history of
    /// another tool be taken over that differs from it.
    #[must_use]
    pub fn allow_mismatch(mut self) -> Self {
        self.options.allow_mismatch = true;
        self
    }

    /// Lets [`Migrator::verify_schema`] and [`Migrator::order_conflict`] run the Rust of the set on a database
    /// in memory. Without this call they do not, as nobody but you knows what the code does besides: with it, a set with
    /// Rust can be verified.
    #[must_use]
    pub fn replay_code(mut self) -> Self {
        self.options.replay_code = true;
        self
    }

    /// Keeps a copy of the database before a run, by these rules. Without this call nothing is copied.
    ///
    /// The copy is made under the write lock, through a connection of its own, and checked before anything runs.
    #[must_use]
    pub fn backup(mut self, backup: Backup) -> Self {
        self.options.backup = Some(backup);
        self
    }

    /// Makes those copies with `copy`, which gets the path of a file that does not exist yet: for a database in memory,
    /// an encrypted one, or one with collations of the program. It runs while this connection holds the write lock,
    /// so it has to read through another one. What it makes is not opened.
    #[must_use]
    pub fn backup_with(mut self, copy: impl Fn(&Path) -> Result<(), BoxError> + 'a) -> Self {
        self.hooks.backup_with = Some(Rc::new(copy));
        self
    }

    /// Asks this for the bytes that are free in a folder before a copy of the database is made there, and refuses one
    /// for which there is no room. Otherwise a full disk shows when it is full.
    #[must_use]
    pub fn free_space(mut self, ask: fn(&Path) -> Option<u64>) -> Self {
        self.options.free_space = Some(ask);
        self
    }

    /// Is called before each migration, in its transaction if it has one. An error stops the run there, and nothing of
    /// that migration is left. A migration that has to start over is announced again.
    #[must_use]
    pub fn before_each(mut self, call: impl Fn(&Upcoming<'_>) -> Result<(), BoxError> + 'a) -> Self {
        self.hooks.before_each = Some(Rc::new(call));
        self
    }

    /// Is called for each migration that has run, once that is committed.
    #[must_use]
    pub fn after_each(mut self, call: impl Fn(&Done) + 'a) -> Self {
        self.hooks.after_each = Some(Rc::new(call));
        self
    }

    /// Is called right before each step of a script.
    #[must_use]
    pub fn on_progress(mut self, call: impl Fn(&Progress<'_>) + 'a) -> Self {
        self.hooks.on_progress = Some(Rc::new(call));
        self
    }

    /// Reads schemas with this instead of the runner's own reader, which carries no parser, in rehearsals and in
    /// [`Migrator::mark`]. It says in what the schema of a connection differs from the one that it was asked for before;
    /// the tables of the history are no part of it.
    #[must_use]
    pub fn schema_reader(
        mut self,
        read: impl Fn(&B::Connection) -> Result<Vec<SchemaDifference>, BoxError> + 'a,
    ) -> Self {
        self.schema = Some(Box::new(read));
        self
    }

    /// The name that the history records for the program that applied a migration.
    #[must_use]
    pub fn tool(mut self, tool: &'static str) -> Self {
        self.options.tool = tool;
        self
    }

    /// Keeps no times in the history: for a run that is only looked at, to be repeated elsewhere.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn untimed(mut self) -> Self {
        self.options.untimed = true;
        self
    }

    /// Applies what is pending: migrations, then repeatables, with the hooks of the set around them. With nothing pending
    /// it costs one read, takes no lock and writes nothing.
    ///
    /// Where the set knows the history of another tool and the database still has that, it is taken over first:
    /// [`Report::adopted`].
    ///
    /// # Errors
    ///
    /// Whatever stops a migration, or a history that is not the program's. What was applied before stays, and
    /// [`Error::report`] says what that is.
    #[inline]
    pub fn up(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        up::start(&mut self.session(connection), self.held, &self.options, None)
    }

    /// Applies what is pending, up to and including this number. Repeatables wait for the newest migration.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`], and a number that no migration has.
    pub fn up_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        up::start(&mut self.session(connection), self.held, &self.options, Some(up::Target::at(number.into())))
    }

    /// Rolls back the newest applied migration. With none applied it does nothing.
    ///
    /// # Errors
    ///
    /// A migration without a way back, before anything changes, or whatever stops its script.
    pub fn down(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        self.down_by(connection, down::Goal::Newest)
    }

    /// Rolls back everything after this number, newest first; the number itself stays applied.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`], and a number that is not applied.
    pub fn down_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        self.down_by(connection, down::Goal::After(number.into()))
    }

    /// Rolls back everything, newest first.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`].
    pub fn down_all(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        self.down_by(connection, down::Goal::All)
    }

    /// Rolls back exactly this migration.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`], and a migration that is not applied or not the newest: the error names those that have
    /// to be rolled back first.
    pub fn roll_back(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        self.down_by(connection, down::Goal::Exactly(number.into()))
    }

    /// Rolls the newest applied migration back, by the way back it was applied with, and applies its current text.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`] and [`Migrator::up`].
    pub fn redo(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        down::redo(&mut self.session(connection), self.set()?, &self.options, &self.others()?)
    }

    /// Runs what `what` names on a copy of the database, and says what it did there. The database is only read.
    ///
    /// The program's code and calls run as they would, with the copy's connection: code that works on more than its
    /// connection does so here too. What the program registers on a connection, such as functions, the copy's does not
    /// have; and a statement that opens another database file ends the rehearsal. The copy stands in a folder of its
    /// own, beside the database or, where nothing can be written there, in the system's temporary folder; it is gone
    /// afterwards, and what a killed process left is removed by the next rehearsal of that database.
    ///
    /// # Errors
    ///
    /// A copy that can't be made, and a number that no migration has. What stops a migration is no error here but
    /// [`Rehearsal::error`].
    pub fn rehearse(&self, connection: &mut B::Connection, what: Rehearse) -> Result<Rehearsal, Error> {
        rehearsal::rehearse(self, connection, what)
    }

    /// Rolls everything back or, where a way back is missing, drops every object of the database in one transaction.
    /// [`Migrator::reset_plan`] says which, before. With [`Migrator::backup`] a copy is kept in any case.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`].
    pub fn reset(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        reset::reset(&mut self.session(connection), self.set()?, &self.options, &self.others()?)
    }

    /// What [`Migrator::reset`] would do. It changes nothing.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn reset_plan(&self, connection: &mut B::Connection) -> Result<ResetPlan, Error> {
        reset::plan(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Records all pending migrations as applied without running them: a baseline, for a database that has what they
    /// make. Before, they run on a database in memory, and the two schemas are compared.
    ///
    /// # Errors
    ///
    /// [`Error::is_mismatch`] where the schemas differ or can't be compared, unless
    /// [`Migrator::allow_mismatch`] was called, and what the database says. Nothing is recorded then.
    pub fn mark(&self, connection: &mut B::Connection) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), mark::Goal::Latest)
    }

    /// As [`Migrator::mark`], up to and including this number.
    ///
    /// # Errors
    ///
    /// As [`Migrator::mark`], and a number that no migration has.
    pub fn mark_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), mark::Goal::To(number.into()))
    }

    /// As [`Migrator::mark`], but these only.
    ///
    /// # Errors
    ///
    /// As [`Migrator::mark_to`], and one that would leave others pending below it.
    pub fn mark_only(&self, connection: &mut B::Connection, numbers: &[u64]) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), mark::Goal::Only(numbers))
    }

    pub(crate) fn mark_by(&self, session: &mut dyn Session, goal: mark::Goal<'_>) -> Result<Marked, Error> {
        let (set, others, schema) = (self.set()?, self.others()?, self.schema.as_deref());
        let replay =
            |_: &mut Db<'_>, sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, None, schema, Schema::read)?.0);
        mark::mark(session, set, &self.options, goal, &others, &replay)
    }

    /// Takes a migration out of the history, so that the next [`Migrator::up`] runs it again, and returns what the
    /// history had. It may be one that was stopped on its way, or that the program does not have. Nothing in the
    /// schema is changed.
    ///
    /// # Errors
    ///
    /// A migration that the history does not have, one that an applied migration of another set requires, where the
    /// migrator is told of that set, and what the database says.
    pub fn forget(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<HistoryRow, Error> {
        forget::forget(&mut self.session(connection), self.set()?, &self.options, &self.others()?, number.into())
    }

    /// What differs between the history and the program, and what [`Migrator::repair`] would make of it. It changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`Migrator::status`].
    pub fn repair_plan(&self, connection: &mut B::Connection) -> Result<Vec<Repair>, Error> {
        repair::plan(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Settles what differs between the history and the program about this migration: its text and name as they are
    /// now count as what was applied, and a step of which nobody knows whether it ran counts as `stopped` says. It
    /// changes the history only, and runs nothing.
    ///
    /// # Errors
    ///
    /// A migration that the history does not have, `stopped` for one that was not, and what the database says. What
    /// can't be repaired is not an error but what it returns.
    pub fn repair(
        &self,
        connection: &mut B::Connection,
        number: impl Into<u64>,
        stopped: Option<Stopped>,
    ) -> Result<Repairs, Error> {
        repair::repair(&mut self.session(connection), self.set()?, &self.options, Some(number.into()), stopped)
    }

    /// As [`Migrator::repair`], for everything that differs.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn repair_all(&self, connection: &mut B::Connection, stopped: Option<Stopped>) -> Result<Repairs, Error> {
        repair::repair(&mut self.session(connection), self.set()?, &self.options, None, stopped)
    }

    /// Keeps a copy of the database now, where and as [`Migrator::backup`] says, and returns its path. Without that
    /// three copies are kept, beside the database.
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] where it can't be made or is not sound; then nothing is left of it.
    pub fn back_up(&self, connection: &mut B::Connection) -> Result<PathBuf, Error> {
        self.on(connection, |db| {
            db.refuse_open_transaction()?;
            let path = copy::keep(db, &History::new(self.set()?), &self.options, How::Own)?;
            kept::rotate(&path, self.options.copies().keep, true);
            Ok(path)
        })
    }

    /// The copies of the database that are there, newest first: those that [`Migrator::back_up`] and the runs with
    /// [`Migrator::backup`] kept.
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] for a folder that can't be read.
    pub fn backups(&self, connection: &mut B::Connection) -> Result<Vec<Kept>, Error> {
        self.on(connection, |db| copy::place(db, &self.options.copies())?.kept())
    }

    /// Puts a copy back into the place of the database: copies it into the file, so that other open connections see it
    /// and lose nothing that they write afterwards. Before, the copy is checked, and what is there is kept as
    /// [`Migrator::back_up`] would.
    ///
    /// This needs `include_migrations!(pub mod migrations, backup)` and the feature `backup` of rusqlite.
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] for a file that is no sound copy, [`Error::is_busy`] where another connection reads or writes
    /// for longer than the busy timeout, or is in the middle of a migration. The database is as it was then.
    pub fn restore(&self, connection: &mut B::Connection, copy: &Path) -> Result<Restored, Error> {
        restore::restore(self, connection, copy)
    }

    /// Writes a consistent copy of the database to a new file, and checks it.
    ///
    /// # Errors
    ///
    /// A path that exists, and what the database says.
    pub fn copy_to(&self, connection: &mut B::Connection, path: &Path) -> Result<(), Error> {
        let history = History::new(self.set()?);
        self.on(connection, |db| copy::copy_to(db, &history, &self.options, path))
    }

    /// The state of every migration. It changes nothing.
    ///
    /// # Errors
    ///
    /// What the database says, and a history table of another shape.
    pub fn status(&self, connection: &mut B::Connection) -> Result<Status, Error> {
        entries::status(&mut self.session(connection), self.set()?, &self.options)
    }

    /// The migrations that [`Migrator::up`] would still run. It changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Migrator::status`].
    pub fn pending(&self, connection: &mut B::Connection) -> Result<Vec<Entry>, Error> {
        self.status(connection).map(Status::into_pending)
    }

    /// Compares the whole history with the program. It changes nothing.
    ///
    /// # Errors
    ///
    /// What the database says. Differences are not errors but what it returns.
    pub fn verify(&self, connection: &mut B::Connection) -> Result<Verification, Error> {
        verify::verify(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Compares the schema of the database with what its migrations lead to, for a program that refuses to start on one
    /// that somebody has changed by hand. It changes nothing.
    ///
    /// Where all migrations are sealed by `cargo dbmigrate lock`, the program knows the fingerprint of their schema, and
    /// one query tells that the database has it. Where it has another one (or the set is not sealed, or another version
    /// of SQLite writes other texts) the applied migrations run on a database in memory, and the two are compared object
    /// by object, by their texts: white space, comments, the case of words and the quotes of names make no difference.
    /// Rows are not looked at. What is pending is not expected of the database: [`VerifiedSchema::pending`] names it.
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
    /// [`Error::is_drift`] where they differ, with each object that does; [`Error::is_unverified`] where nobody can tell,
    /// as the migrations can't run in memory (see [`Migrator::replay_code`]); and a history that is not the program's,
    /// as [`Migrator::up`] says it.
    pub fn verify_schema(&self, connection: &mut B::Connection) -> Result<VerifiedSchema, Error> {
        self.verify_schema_by(&mut self.session(connection), self.replayed_code(), &self.others()?)
    }

    pub(crate) fn verify_schema_by(
        &self,
        session: &mut dyn Session,
        code: Option<&Dispatch<'_, B::Connection>>,
        beside: &[&Set<'_>],
    ) -> Result<VerifiedSchema, Error> {
        let replay = |sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, code, None, Objects::read)?.0);
        verify_schema::verify_schema(session, self.set()?, &self.options, beside, code.is_some(), &replay)
    }

    /// Whether a database that has run the migrations of these numbers, in this order, and then runs the others of the
    /// set, has the schema in the end that the order of the numbers makes: both orders run on databases in memory.
    /// `None` where it has, and else two of them that conflict. [`Migrator::up`] asks by itself before it applies a
    /// migration below an applied one, which it does under `out-of-order = "apply"` only.
    ///
    /// Rows are not compared. [`Report::notes`] names tables of which two such migrations change rows.
    ///
    /// # Errors
    ///
    /// [`Error::is_unverified`] where nobody can tell, as the migrations can't run in memory (see
    /// [`Migrator::replay_code`]).
    pub fn order_conflict(&self, applied: &[u64]) -> Result<Option<OrderConflict>, Error> {
        let Some(arrivals) = Arrivals::after(self.set()?, applied) else { return Ok(None) };
        let unproven = |why: BoxError| Error::new(ErrorKind::Unverified, why.to_string()).because(why);
        let mut memory = B::open(Path::new(":memory:"), Access::Create).map_err(unproven)?;
        match arrivals.prove(&mut self.session(&mut memory), self.set()?, &self.options) {
            Ok(()) => Ok(None),
            Err(Refusal::Conflict(conflict)) => Ok(Some(conflict)),
            Err(Refusal::Unproven(why)) => {
                Err(Error::new(ErrorKind::Unverified, "nobody can tell whether the order matters").note(why))
            }
        }
    }

    /// The fingerprint of the schema that the whole set leads to, made by running it on a database in memory: what
    /// `cargo dbmigrate lock` seals, and [`Migrator::verify_schema`] compares with.
    ///
    /// # Errors
    ///
    /// [`Error::is_unverified`] where the migrations can't run there.
    pub fn schema_fingerprint(&self) -> Result<String, Error> {
        let code = self.replayed_code();
        let replay = |sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, code, None, Objects::read)?.0);
        verify_schema::fingerprint(self.set()?, code.is_some(), &replay)
    }

    /// The fingerprint of the schema that a database has, without the tables of the history. It changes nothing.
    ///
    /// # Errors
    ///
    /// When SQLite can't read the database.
    pub fn schema_fingerprint_of(&self, connection: &mut B::Connection) -> Result<String, Error> {
        self.on(connection, |db| Ok(Objects::read(db, &History::new(self.set()?))?.fingerprint()))
    }

    fn down_by(&self, connection: &mut B::Connection, goal: down::Goal) -> Result<Report, Error> {
        down::down(&mut self.session(connection), self.set()?, &self.options, &self.others()?, goal)
    }

    pub(crate) fn replayed_code(&self) -> Option<&Dispatch<'a, B::Connection>> {
        self.code.as_deref().filter(|_| self.options.replay_code)
    }

    /// The rows of the history, in the order in which they were applied. It changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Migrator::status`].
    pub fn history(&self, connection: &mut B::Connection) -> Result<Vec<HistoryRow>, Error> {
        history::list(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Does something of the engine's on a connection.
    pub(crate) fn on<T>(&self, connection: &mut B::Connection, work: impl FnOnce(&mut Db<'_>) -> T) -> T {
        work(&mut Db::new(&mut self.session(connection), &self.options))
    }

    pub(crate) fn session<'m, 'c>(&'m self, connection: &'c mut B::Connection) -> Bound<'m, 'c, B> {
        Bound { schema: self.schema.as_deref(), ..self.silent(connection, &self.hooks) }
    }

    /// A session with other calls than those that the program asked for.
    pub(crate) fn silent<'m, 'c>(
        &'m self,
        connection: &'c mut B::Connection,
        hooks: &'m Hooks<'m>,
    ) -> Bound<'m, 'c, B> {
        Bound { driver: B::driver(connection), code: self.code.as_deref(), hooks, schema: None }
    }
}
