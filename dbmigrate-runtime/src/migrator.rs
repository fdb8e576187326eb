//! The migrator: a set, options, and the calls that a program makes. The work is done elsewhere, on an erased driver.

use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::BoxError;
use crate::backup::Backup;
use crate::db::Db;
use crate::difference::{Reader, SchemaDifference};
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::history_row::HistoryRow;
use crate::hooks::{Hooks, Progress, Upcoming};
use crate::late::{Arrivals, OrderConflict, Refusal};
use crate::lazy_set::LazySet;
use crate::options::{JournalMode, Options};
use crate::report::{Done, Report};
use crate::session::{Bound, Dispatch};
use crate::status::{Entry, Status};
use crate::verify::Verification;
use crate::{entries, history, journal, up, verify};

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
    pub(crate) lazy_set: LazySet<'a>,
    pub(crate) options: Options,
    pub(crate) code: Option<Box<Dispatch<'a, B::Connection>>>,
    /// Whether the dispatcher holds something, such as the steps of the program.
    pub(crate) code_captures: bool,
    pub(crate) hooks: Hooks<'a>,
    pub(crate) schema: Option<Box<Reader<'a, B::Connection>>>,
    /// The other sets that live in the same database.
    pub(crate) beside: Vec<LazySet<'a>>,
}

impl<B: Backend> fmt::Debug for Migrator<'_, B> {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Migrator").finish_non_exhaustive()
    }
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
        up::start(&mut self.session(connection), self.lazy_set, &self.options, None)
    }

    /// Applies what is pending, up to and including this number. Repeatables wait for the newest migration.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`], and a number that no migration has.
    pub fn up_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        up::start(&mut self.session(connection), self.lazy_set, &self.options, Some(up::Target::at(number.into())))
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
