//! The migrator: a set, its options, and the methods that a program calls. The work is done elsewhere, on an erased
//! driver.

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
/// Every method takes the program's own connection and leaves it as it was: no transaction is open, `foreign_keys` and
/// other settings are restored, and the busy handler is untouched. If the connection is already in a transaction, that
/// is an error.
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
    /// Whether the dispatcher captures a value, such as the steps of the program.
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
    /// Sets the dispatcher that runs the Rust code of the set, by [`Code::id`](crate::Code::id).
    #[must_use]
    pub fn with_code(mut self, run: impl Fn(u32, &B::Connection) -> Result<(), BoxError> + 'a) -> Self {
        self.code_captures = size_of_val(&run) != 0;
        self.code = Some(Box::new(run));
        self
    }

    /// Sets how long to wait for other connections; the default is 30 seconds. A busy handler of the connection is
    /// kept.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.options.busy_timeout = timeout;
        self
    }

    /// Sets the journal mode to switch to before the first migration, if something is pending.
    #[must_use]
    pub fn journal_mode(mut self, mode: JournalMode) -> Self {
        self.options.journal_mode = Some((mode, journal::switch));
        self
    }

    /// Applies the set from its first migration on a database that has tables but no history. Without this call, such a
    /// database is an error.
    #[must_use]
    pub fn allow_existing_schema(mut self) -> Self {
        self.options.allow_existing_schema = true;
        self
    }

    /// Accepts schemas that differ: lets [`Migrator::mark`] record migrations on a database that does not have what
    /// they make, and lets the history of another tool be taken over in that case.
    #[must_use]
    pub fn allow_mismatch(mut self) -> Self {
        self.options.allow_mismatch = true;
        self
    }

    /// Allows [`Migrator::verify_schema`] and [`Migrator::order_conflict`] to run the Rust of the set on a database in
    /// memory. They do not by default, because only you know what else the code does. Without this call, a set with
    /// Rust cannot be verified.
    #[must_use]
    pub fn replay_code(mut self) -> Self {
        self.options.replay_code = true;
        self
    }

    /// Keeps a copy of the database before a run, according to these rules. Without this call, nothing is copied.
    ///
    /// The copy is made under the write lock, through a connection of its own, and checked before anything runs.
    #[must_use]
    pub fn backup(mut self, backup: Backup) -> Self {
        self.options.backup = Some(backup);
        self
    }

    /// Makes these copies with `copy`, which gets the path of a file that does not exist yet. This is for a database in
    /// memory, an encrypted one, or one that uses collations of the program. `copy` runs while this connection holds
    /// the write lock, so it has to read through another connection. Its result is not opened.
    #[must_use]
    pub fn backup_with(mut self, copy: impl Fn(&Path) -> Result<(), BoxError> + 'a) -> Self {
        self.hooks.backup_with = Some(Rc::new(copy));
        self
    }

    /// Sets a function that returns the free bytes in a folder. It is called before a copy of the database is made
    /// there, and a copy for which there is no room is refused. Without it, a full disk is noticed only when it is
    /// full.
    #[must_use]
    pub fn free_space(mut self, ask: fn(&Path) -> Option<u64>) -> Self {
        self.options.free_space = Some(ask);
        self
    }

    /// Sets a function that is called before each migration, in the migration's transaction if it has one. An error
    /// stops the run there, and nothing of that migration remains. The function is called again for a migration that
    /// has to start over.
    #[must_use]
    pub fn before_each(mut self, call: impl Fn(&Upcoming<'_>) -> Result<(), BoxError> + 'a) -> Self {
        self.hooks.before_each = Some(Rc::new(call));
        self
    }

    /// Sets a function that is called for each migration that has run, once it is committed.
    #[must_use]
    pub fn after_each(mut self, call: impl Fn(&Done) + 'a) -> Self {
        self.hooks.after_each = Some(Rc::new(call));
        self
    }

    /// Sets a function that is called right before each step of a script.
    #[must_use]
    pub fn on_progress(mut self, call: impl Fn(&Progress<'_>) + 'a) -> Self {
        self.hooks.on_progress = Some(Rc::new(call));
        self
    }

    /// Sets a reader of schemas, for rehearsals and [`Migrator::mark`], in place of the runner's own reader, which has
    /// no parser. It returns how the schema of a connection differs from the one of its previous call; the history
    /// tables are not part of it.
    #[must_use]
    pub fn schema_reader(
        mut self,
        read: impl Fn(&B::Connection) -> Result<Vec<SchemaDifference>, BoxError> + 'a,
    ) -> Self {
        self.schema = Some(Box::new(read));
        self
    }

    /// Sets the name that the history records for the program that applied a migration.
    #[must_use]
    pub fn tool(mut self, tool: &'static str) -> Self {
        self.options.tool = tool;
        self
    }

    /// Records no times in the history: for a run that is only observed, to be repeated elsewhere.
    #[cfg(feature = "cli")]
    #[must_use]
    pub fn untimed(mut self) -> Self {
        self.options.untimed = true;
        self
    }

    /// Applies what is pending: migrations, then repeatables, with the hooks of the set around them. With nothing
    /// pending, this costs one read, takes no lock and writes nothing.
    ///
    /// If the set knows the history of another tool, and the database has it, that history is taken over first; see
    /// [`Report::adopted`].
    ///
    /// # Errors
    ///
    /// If a migration fails, or if the history does not fit the program. What was applied before the failure stays, and
    /// [`Error::report`] lists it.
    #[inline]
    pub fn up(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        up::start(&mut self.session(connection), self.lazy_set, &self.options, None)
    }

    /// Applies what is pending, up to and including this number. Repeatables run only after the newest migration.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`], and if no migration has this number.
    pub fn up_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        up::start(&mut self.session(connection), self.lazy_set, &self.options, Some(up::Target::at(number.into())))
    }

    /// Returns the state of every migration. It changes nothing.
    ///
    /// # Errors
    ///
    /// If the database cannot be read, or if the history table has an unknown shape.
    pub fn status(&self, connection: &mut B::Connection) -> Result<Status, Error> {
        entries::status(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Returns the migrations that [`Migrator::up`] would run. It changes nothing.
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
    /// If the database cannot be read. Differences are not errors: they are part of the result.
    pub fn verify(&self, connection: &mut B::Connection) -> Result<Verification, Error> {
        verify::verify(&mut self.session(connection), self.set()?, &self.options)
    }

    /// Compares two orders of the migrations of this set: first those with the numbers `applied`, in that order, and
    /// then the others; and the order of the numbers. Both run on databases in memory. Returns `None` if the schema is
    /// the same in the end, and otherwise two migrations that conflict. Under `out-of-order = "apply"`,
    /// [`Migrator::up`] calls this by itself before it applies a migration below an applied one.
    ///
    /// Rows are not compared. If two such migrations change rows of the same table, [`Report::notes`] says so.
    ///
    /// # Errors
    ///
    /// [`Error::is_unverified`] if the migrations cannot be run in memory, so that the orders cannot be compared (see
    /// [`Migrator::replay_code`]).
    pub fn order_conflict(&self, applied: &[u64]) -> Result<Option<OrderConflict>, Error> {
        let Some(arrivals) = Arrivals::after(self.set()?, applied) else { return Ok(None) };
        let unproven = |why: BoxError| Error::new(ErrorKind::Unverified, why.to_string()).because(why);
        let mut memory = B::open(Path::new(":memory:"), Access::Create).map_err(unproven)?;
        match arrivals.prove(&mut self.session(&mut memory), self.set()?, &self.options) {
            Ok(()) => Ok(None),
            Err(Refusal::Conflict(conflict)) => Ok(Some(conflict)),
            Err(Refusal::Unproven(why)) => {
                Err(Error::new(ErrorKind::Unverified, "it is unknown whether the order matters").note(why))
            }
        }
    }

    /// Returns the rows of the history, in the order in which they were applied. It changes nothing.
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
