//! Several sets of one database, applied in one order.

#[cfg(feature = "cli")]
use std::ffi::OsString;
use std::fmt;
#[cfg(feature = "cli")]
use std::path::Path;
use std::path::PathBuf;

use crate::backup;
#[cfg(feature = "cli")]
use crate::cli;
use crate::compare::{Found, look};
use crate::db::Db;
use crate::driver::Backend;
use crate::entries;
use crate::error::{Error, ErrorKind};
use crate::histories::title;
use crate::history::tables_of;
use crate::lazy_set::LazySet;
#[cfg(feature = "manage")]
use crate::manage::{
    VerifiedSchema,
    rehearsal::{self, Copied},
};
use crate::migrator::Migrator;
use crate::options::Options;
use crate::order::{Leg, Member, legs};
use crate::plan::Planned;
use crate::report::Report;
use crate::session::Session;
use crate::set::{Migration, Set};
use crate::squash::{self, InForce};
use crate::status::Status;
use crate::up::{self, existing_schema, is_empty, refuse_unrunnable};

/// Applies several sets of migrations to one database: those of one package, or of a library and the program that uses
/// it.
///
/// Each set keeps its history in tables of its own. No migration runs before one of another set that it requires
/// (`-- dbmigrate: requires billing/004_invoices`). Apart from that, the sets run in the order in which they were
/// added, each for as long as it can. Everything that [`Migrator::up`] promises holds for each set: the lock, the copy
/// that is made first, the hooks around its migrations. With nothing pending, it costs one read for each set.
///
/// The sets may come from several crates, as long as all of them use the same version of the same database library: a
/// set brings its own [`Backend`], and the sets share the connection.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
/// # use example::{billing, migrations as accounts};
/// let mut connection = rusqlite::Connection::open_in_memory()?;
/// dbmigrate_runtime::Together::new()
///     .add(accounts::migrator())
///     .add(billing::migrator())
///     .up(&mut connection)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Together<'a, C> {
    pub(crate) migrators: Vec<Box<dyn OneOf<'a, C> + 'a>>,
}

impl<C> fmt::Debug for Together<'_, C> {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Together").finish_non_exhaustive()
    }
}

/// A migrator without the type of its backend.
pub(crate) trait OneOf<'a, C> {
    fn lazy_set(&self) -> LazySet<'a>;
    fn options(&self) -> &Options;
    fn session<'s>(&'s self, connection: &'s mut C) -> Box<dyn Session + 's>;
    #[cfg(feature = "manage")]
    fn verify_schema(&self, connection: &mut C, beside: &[&Set<'_>]) -> Result<VerifiedSchema, Error>;

    #[cfg(feature = "manage")]
    fn copied(&self, connection: &mut C) -> Result<Box<dyn Copied<C>>, Error>;

    /// The same with what a command line says of it.
    #[cfg(feature = "cli")]
    fn configured(self: Box<Self>, request: &cli::Request, existing: bool) -> Box<dyn OneOf<'a, C> + 'a>;
    /// Runs a command, beside these sets.
    #[cfg(feature = "cli")]
    fn run(
        self: Box<Self>,
        beside: &[LazySet<'a>],
        database: &Path,
        request: &cli::Request,
        terminal: &mut dyn cli::Terminal,
    ) -> u8;
    /// Goes one way of one migration.
    #[cfg(feature = "cli")]
    fn replay(self: Box<Self>, arguments: &[OsString], terminal: &mut dyn cli::Terminal) -> u8;
    /// Opens the database as a command needs it.
    #[cfg(feature = "cli")]
    fn open(&self, database: &Path, request: &cli::Request, output: &mut cli::Output<'_>) -> cli::Opened<C>;
    /// Takes a database away that was created for nothing.
    #[cfg(feature = "cli")]
    fn discard(&self, connection: C, database: &Path);
}

impl<'a, B: Backend> OneOf<'a, B::Connection> for Migrator<'a, B> {
    #[inline]
    fn lazy_set(&self) -> LazySet<'a> {
        self.lazy_set
    }

    #[cfg(feature = "manage")]
    #[inline]
    fn copied(&self, connection: &mut B::Connection) -> Result<Box<dyn Copied<B::Connection>>, Error> {
        rehearsal::copied(self, connection)
    }

    #[cfg(feature = "cli")]
    #[inline]
    fn configured(self: Box<Self>, request: &cli::Request, existing: bool) -> Box<dyn OneOf<'a, B::Connection> + 'a> {
        let migrator = cli::configured(*self, request);
        Box::new(if existing { migrator.allow_existing_schema() } else { migrator })
    }

    #[cfg(feature = "cli")]
    #[inline]
    fn run(
        self: Box<Self>,
        beside: &[LazySet<'a>],
        database: &Path,
        request: &cli::Request,
        terminal: &mut dyn cli::Terminal,
    ) -> u8 {
        let knowing = beside.iter().fold(*self, |migrator, set| migrator.beside_set(*set));
        cli::run(knowing, database, request, terminal)
    }

    #[cfg(feature = "cli")]
    #[inline]
    fn replay(self: Box<Self>, arguments: &[OsString], terminal: &mut dyn cli::Terminal) -> u8 {
        cli::replay_one(*self, arguments, terminal)
    }

    #[cfg(feature = "cli")]
    #[inline]
    fn open(
        &self,
        database: &Path,
        request: &cli::Request,
        output: &mut cli::Output<'_>,
    ) -> cli::Opened<B::Connection> {
        cli::open::<B>(database, request, output)
    }

    #[cfg(feature = "cli")]
    #[inline]
    fn discard(&self, connection: B::Connection, database: &Path) {
        cli::discard_empty::<B>(connection, database);
    }

    #[inline]
    fn options(&self) -> &Options {
        &self.options
    }

    #[inline]
    fn session<'s>(&'s self, connection: &'s mut B::Connection) -> Box<dyn Session + 's> {
        Box::new(Migrator::session(self, connection))
    }

    #[cfg(feature = "manage")]
    #[inline]
    fn verify_schema(&self, connection: &mut B::Connection, beside: &[&Set<'_>]) -> Result<VerifiedSchema, Error> {
        self.verify_schema_by(&mut Migrator::session(self, connection), self.replayed_code(), beside)
    }
}

/// What was done to one set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetReport {
    /// The name of the set; empty for one without.
    pub set: String,
    /// What was done.
    pub report: Report,
}

/// The state of one set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetStatus {
    /// The name of the set; empty for one without.
    pub set: String,
    /// The state of its migrations.
    pub status: Status,
}

impl<C> Default for Together<'_, C> {
    #[inline]
    fn default() -> Self {
        Self { migrators: Vec::new() }
    }
}

impl<'a, C: 'static> Together<'a, C> {
    /// Creates a `Together` without any set.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a set, with the options of its migrator.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // Nobody takes it for a sum.
    #[inline]
    pub fn add<B: Backend<Connection = C>>(mut self, migrator: Migrator<'a, B>) -> Self {
        self.migrators.push(Box::new(migrator));
        self
    }

    /// Applies what is pending in all sets. The reports are in the order in which things happened: a set is listed
    /// twice if another one had to run in between.
    ///
    /// # Errors
    ///
    /// As [`Migrator::up`], for any set; what was applied before stays. [`Error::is_requirement`] if sets wait for each
    /// other, and [`Error::is_set`] if two sets have the same name or the same history table; in these cases nothing
    /// was done.
    #[inline]
    pub fn up(&self, connection: &mut C) -> Result<Vec<SetReport>, Error> {
        self.up_by(connection, &mut |_, _| {})
    }

    /// Returns what [`Together::up`] would do. It changes nothing.
    ///
    /// # Errors
    ///
    /// Everything that stops `up` before its first migration.
    #[inline]
    pub fn up_plan(&self, connection: &mut C) -> Result<Planned, Error> {
        self.refuse_clashes()?;
        if self.is_current(connection)? {
            return Ok(Planned::default());
        }
        let (_, pending) = self.legs(connection)?;
        let mut planned = Planned { migrations: pending, ..Planned::default() };
        for migrator in &self.migrators {
            let mut session = migrator.session(connection);
            let status = entries::status(&mut *session, migrator.lazy_set().set()?, migrator.options())?;
            planned.repeatables += status.repeatables.iter().filter(|entry| entry.state.is_pending()).count();
            planned.takes_over |= status.old.is_some();
        }
        let may_copy = self.migrators.iter().any(|migrator| migrator.options().backup.is_some());
        planned.copies = may_copy && !planned.is_empty();
        Ok(planned)
    }

    /// As [`Together::up`]; `done` is told of each run of a set, by its place.
    #[inline]
    pub(crate) fn up_by(
        &self,
        connection: &mut C,
        done: &mut dyn FnMut(usize, &Report),
    ) -> Result<Vec<SetReport>, Error> {
        self.refuse_clashes()?;
        if self.is_current(connection)? {
            return Ok(Vec::new());
        }
        let mut reports = Vec::new();
        for (place, migrator) in self.migrators.iter().enumerate() {
            let set = migrator.lazy_set().set()?;
            let note = squash::try_to_record(&mut *migrator.session(connection), set, migrator.options())?;
            if let Some(note) = note {
                let report = Report { notes: vec![note], ..Report::default() };
                done(place, &report);
                reports.push(SetReport { set: set.name.to_owned(), report });
            }
        }
        let mut copy: Option<PathBuf> = None;
        for Leg { place, to, part } in self.legs(connection)?.0 {
            let migrator = &self.migrators[place];
            let mut options = Options { part, ..migrator.options().clone() };
            // One copy is enough.
            if copy.is_some() {
                options.backup = None;
            }
            let set = migrator.lazy_set().set()?;
            match up::up(&mut *migrator.session(connection), set, &options, to) {
                Ok(report) => {
                    copy = copy.or_else(|| report.backup.clone());
                    if !report.is_empty() {
                        done(place, &report);
                        reports.push(SetReport { set: set.name.to_owned(), report });
                    }
                }
                Err(error) => {
                    if !error.report().is_empty() {
                        done(place, error.report());
                    }
                    let error = backup::mention(error, copy.as_deref());
                    return Err(named(error, set, &reports));
                }
            }
        }
        Ok(reports)
    }

    /// Returns the state of every migration, set by set. It changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Migrator::status`].
    #[inline]
    pub fn status(&self, connection: &mut C) -> Result<Vec<SetStatus>, Error> {
        let mut all = Vec::with_capacity(self.migrators.len());
        for migrator in &self.migrators {
            let set = migrator.lazy_set().set()?;
            let status = entries::status(&mut *migrator.session(connection), set, migrator.options())?;
            all.push(SetStatus { set: set.name.to_owned(), status });
        }
        Ok(all)
    }

    #[inline]
    pub(crate) fn sets(&self) -> Result<Vec<&'a Set<'a>>, Error> {
        self.migrators.iter().map(|migrator| migrator.lazy_set().set()).collect()
    }

    /// Whether no set has anything to do: one read for each.
    #[inline]
    pub(crate) fn is_current(&self, connection: &mut C) -> Result<bool, Error> {
        for migrator in &self.migrators {
            let mut session = migrator.session(connection);
            let mut db = Db::new(&mut *session, migrator.options());
            db.refuse_open_transaction()?;
            if !migrator.lazy_set().latest().is_applied(&mut db)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The runs that are to do, and of how many migrations. Whatever forbids one of them is said before the first.
    #[inline]
    pub(crate) fn legs(&self, connection: &mut C) -> Result<(Vec<Leg>, usize), Error> {
        let allows = self.migrators.iter().any(|migrator| migrator.options().allow_existing_schema);
        let in_force = self.migrators.iter().map(|migrator| {
            let mut session = migrator.session(connection);
            InForce::of(&mut Db::new(&mut *session, migrator.options()), migrator.lazy_set().set()?)
        });
        let in_force = in_force.collect::<Result<Vec<_>, Error>>()?;
        let sets = self.sets()?.into_iter().zip(&in_force);
        let sets: Vec<Set<'_>> =
            sets.map(|(set, in_force)| in_force.as_ref().map_or(*set, |in_force| in_force.set(set))).collect();
        let mut members = Vec::with_capacity(self.migrators.len());
        for (migrator, set) in self.migrators.iter().zip(&sets) {
            let mut session = migrator.session(connection);
            let runs_code = session.has_code();
            let mut db = Db::new(&mut *session, migrator.options());
            let pending: Vec<&Migration<'_>> = match look(&mut db, set)? {
                Found::Objects if !allows && !is_empty(set) => {
                    return Err(existing_schema(&mut db, set).of_set(set.name));
                }
                Found::Fresh | Found::Objects | Found::Beside => set.migrations.iter().collect(),
                Found::History(known) => {
                    known.refuse_differences(None).map_err(|error| named(error, set, &[]))?;
                    known.pending(set.migrations.len()).map(|(_, migration)| migration).collect()
                }
            };
            let numbered: Vec<(usize, &Migration<'_>)> = pending.iter().copied().enumerate().collect();
            refuse_unrunnable(set, &numbered, runs_code)?;
            members.push(Member { set, pending });
        }
        let pending = members.iter().map(|member| member.pending.len()).sum();
        Ok((legs(&members)?, pending))
    }

    /// Refuses two sets of one name, and two with one table.
    #[inline]
    pub(crate) fn refuse_clashes(&self) -> Result<(), Error> {
        for (at, migrator) in self.migrators.iter().enumerate() {
            let set = migrator.lazy_set().latest();
            for other in self.migrators[..at].iter().map(|other| other.lazy_set().latest()) {
                if other.name == set.name {
                    let message = format!("two sets that are both {} were added", title(set.name));
                    return Err(Error::new(ErrorKind::Set, message)
                        .hint("give each a name: `[package.metadata.migrations.sets.NAME]`"));
                }
                let theirs = tables_of(other.table);
                let is_theirs = |table: &String| theirs.iter().any(|other| other.eq_ignore_ascii_case(table));
                if let Some(table) = tables_of(set.table).into_iter().find(is_theirs) {
                    let message = format!(
                        "the table `{table}` belongs to the histories of {} and of {}",
                        title(other.name),
                        title(set.name)
                    );
                    return Err(Error::new(ErrorKind::Set, message)
                        .hint("use another history for one of them: `table = \"…\"` in its part of the manifest"));
                }
            }
        }
        Ok(())
    }
}

/// Says which set it was, and what was done before.
#[inline]
pub(crate) fn named(error: Error, set: &Set<'_>, before: &[SetReport]) -> Error {
    let error = error.note(format_args!("this is about {}", title(set.name))).of_set(set.name);
    let mut others: Vec<&str> = Vec::new();
    for done in before.iter().filter(|done| done.set != set.name) {
        if !others.contains(&done.set.as_str()) {
            others.push(&done.set);
        }
    }
    match others.as_slice() {
        [] => error,
        names => {
            let names: Vec<String> = names.iter().map(|name| title(name)).collect();
            error.note(format_args!("the applied migrations of {} stay", names.join(" and ")))
        }
    }
}
