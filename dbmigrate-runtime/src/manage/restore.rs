//! Restores a database from a copy.
//!
//! The pages are written *into* the file, through SQLite's backup API and in one transaction. Other open connections
//! see the change like any other, and lose nothing that they write afterwards. Only a file that is no longer a valid
//! database is replaced as a whole.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use super::step_lock::refuse_alive;
use crate::BoxError;
use crate::copy::{self, CopyReader, QUICK_CHECK};
use crate::db::{Db, failed, patiently};
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::guard::no_journal;
use crate::history::History;
use crate::migrator::Migrator;
use crate::session::DbError;
use crate::set::Set;
use crate::value::Value;

/// The result of [`Migrator::restore`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// The number of migrations that the history had before, including those of all sets that the migrator knows;
    /// `None` if there was no history.
    pub before: Option<u64>,
    /// The number of migrations that it has now.
    pub after: Option<u64>,
    /// The copy of the previous content; `None` if the database was empty.
    pub kept: Option<PathBuf>,
}

/// What is known of a copy that is sound.
pub(crate) struct Source {
    /// How many migrations its history has.
    migrations: Option<u64>,
    page_size: Option<Value>,
}

/// Looks at a copy. It changes nothing.
pub(crate) fn source<B: Backend>(migrator: &Migrator<'_, B>, copy: &Path) -> Result<Source, Error> {
    let shown = copy.display();
    let error = |what: String| Error::new(ErrorKind::Copy, what);
    let other = "to list the copies: `cargo dbmigrate restore` (`backups` of the migrator)";
    if !copy.is_file() {
        return Err(error(format!("there is no file `{shown}`")).hint(other));
    }
    let unreadable = |cause: String| error(format!("`{shown}` is not a copy of a database: {cause}")).hint(other);
    let mut connection = B::open(copy, Access::ReadOnly).map_err(|cause| unreadable(cause.to_string()))?;
    migrator.on(&mut connection, |db| {
        let findings = db.patiently(|session| session.query(QUICK_CHECK, &[]));
        if let Some(what) = copy::unsound(&findings.map_err(|cause| unreadable(cause.0.message))?) {
            return Err(error(format!("the copy `{shown}` is damaged: {what}")).hint(other));
        }
        if db.value("could not read the copy", "PRAGMA main.page_count")? == Some(Value::Integer(0)) {
            return Err(error(format!("`{shown}` is empty")).hint(other));
        }
        let page_size = db.value("could not read the copy", "PRAGMA main.page_size")?;
        Ok(Source { migrations: migrations(migrator, db), page_size })
    })
}

/// How many migrations the histories have of all sets that the migrator knows of, if there is one.
pub(crate) fn migrations<B: Backend>(migrator: &Migrator<'_, B>, db: &mut Db<'_>) -> Option<u64> {
    let count = |set: &Set<'_>| {
        let mut rows = db.session().query(&History::new(set).summary_sql(), &[]).ok()?;
        match rows.take_first()? {
            Value::Integer(count) => u64::try_from(count).ok(),
            _ => None,
        }
    };
    migrator.sets().ok()?.into_iter().filter_map(count).reduce(u64::saturating_add)
}

/// What a restore would do, once it is sure that nothing is against it.
pub(crate) struct Plan {
    /// How many migrations the history has, if there is one.
    pub(crate) before: Option<u64>,
    /// How many that of the copy has.
    pub(crate) after: Option<u64>,
    target: Target,
}

/// Looks at a copy and at the database that it is to replace. It changes nothing.
pub(crate) fn plan<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    copy: &Path,
) -> Result<Plan, Error> {
    let source = source(migrator, copy)?;
    migrator.on(connection, |db| {
        db.refuse_open_transaction()?;
        refuse_alive(db, migrator.set()?)?;
        let target = Target::look(db)?;
        target.refuse(copy, &source)?;
        let before = migrations(migrator, db);
        Ok(Plan { before, after: source.migrations, target })
    })
}

/// Copies `copy` into the database of `connection`.
pub(crate) fn restore<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    copy: &Path,
) -> Result<Restored, Error> {
    let Plan { before, after, target } = plan(migrator, connection, copy)?;
    let mut kept = None;
    let result = match &target.shared_log {
        Some(file) => pages(migrator, connection, copy, &mut || {
            // It got the lock again: others may have written since it had it the first time.
            remove(&mut kept);
            let mut other = B::open(file, Access::ReadOnly).map_err(|cause| {
                Error::new(ErrorKind::Copy, format_args!("could not open the database again: {cause}"))
            })?;
            kept = keep(migrator, &mut other)?;
            Ok(())
        }),
        None => alone(migrator, connection, target.exclusive, |connection| {
            kept = keep(migrator, connection)?;
            pages(migrator, connection, copy, &mut || Ok(()))
        }),
    };
    if let Err(error) = result {
        remove(&mut kept);
        return Err(error.note("the database is unchanged"));
    }
    Ok(Restored { before, after, kept })
}

/// The database that is to be overwritten.
struct Target {
    file: Option<PathBuf>,
    /// The file, where others may read while it is locked for writing.
    shared_log: Option<PathBuf>,
    /// Whether nobody else can use it anyhow.
    exclusive: bool,
    /// Its page size, where that can't be changed.
    page_size: Option<Value>,
    /// Whether what fails half-way can be taken back.
    has_journal: bool,
}

impl Target {
    fn look(db: &mut Db<'_>) -> Result<Self, Error> {
        let mut ask = |what: &str| db.value("could not read a setting", &format!("PRAGMA main.{what}"));
        let journal_mode = ask("journal_mode")?;
        let is = |mode: &str| journal_mode == Some(Value::Text(mode.to_owned()));
        let (has_log, has_journal) = (is("wal"), !is("off"));
        let (page_size, pages) = (ask("page_size")?, ask("page_count")?);
        let file = db.file()?;
        let exclusive = file.is_none() || copy::is_exclusive(db)?;
        let is_fixed = (has_log || file.is_none()) && pages != Some(Value::Integer(0));
        Ok(Self {
            shared_log: file.clone().filter(|_| has_log && !exclusive),
            file,
            exclusive,
            page_size: page_size.filter(|_| is_fixed),
            has_journal,
        })
    }

    fn refuse(&self, copy: &Path, source: &Source) -> Result<(), Error> {
        let real = |path: &Path| fs::canonicalize(path).ok();
        if self.file.as_deref().and_then(real).is_some_and(|file| real(copy) == Some(file)) {
            return Err(Error::new(ErrorKind::Copy, format_args!("`{}` is the database itself", copy.display())));
        }
        if !self.has_journal {
            return Err(no_journal(self.file.is_some()));
        }
        match (&self.page_size, &source.page_size) {
            (Some(Value::Integer(own)), Some(Value::Integer(other))) if own != other => {
                let message = format!(
                    "the pages of the copy have {other} bytes and those of the database {own}, which can't change in \
                     WAL mode"
                );
                Err(Error::new(ErrorKind::Copy, message).hint(
                    "stop the programs that use the database, run `PRAGMA journal_mode = DELETE` on it, restore, and \
                     switch back",
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Does something while no other connection can write. Locks are given back only when the locking mode is.
fn alone<B: Backend, T>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    is_alone: bool,
    work: impl FnOnce(&mut B::Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    if is_alone {
        return work(connection);
    }
    let run = |connection: &mut B::Connection, lines: &[&str]| {
        migrator.on(connection, |db| {
            lines.iter().try_for_each(|sql| db.query("could not lock the database", sql, &[]).map(drop))
        })
    };
    let locked = run(connection, &["PRAGMA main.locking_mode = EXCLUSIVE", "BEGIN IMMEDIATE", "ROLLBACK"]);
    let result = catch_unwind(AssertUnwindSafe(|| locked.and_then(|()| work(connection))));
    // If this read fails, the next one of the connection gives the lock back.
    let _ = run(connection, &["PRAGMA main.locking_mode = NORMAL", "SELECT 1 FROM main.sqlite_master LIMIT 1"]);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Copies the pages, patiently. `locked` is called when nobody else can write.
fn pages<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    copy: &Path,
    locked: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<(), Error> {
    let mut failure = None;
    let mut locked = || {
        locked().map_err(|error| {
            failure = Some(error);
            BoxError::from("it was not copied first")
        })
    };
    let mut is_missing = false;
    let result = patiently(migrator.options.busy_timeout, || match B::copy_pages(copy, connection, &mut locked) {
        Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => {
            let mut error = DbError::other("database is locked");
            error.busy = true;
            Err(error)
        }
        Some(Err(cause)) => Err(DbError::other(cause)),
        None => {
            is_missing = true;
            Err(DbError::other("its driver can't copy pages"))
        }
    });
    result.map_err(|cause| match failure {
        Some(error) => error,
        None if is_missing => Error::new(ErrorKind::Copy, "this program can't restore: its driver can't copy pages")
            .hint(
                "turn on the feature `backup` of rusqlite, and write: `include_migrations!(pub mod migrations, \
                 backup)`",
            )
            .hint(format_args!("or: `cargo dbmigrate restore {}`", copy.display())),
        None => failed(format_args!("could not restore `{}`", copy.display()), cause).also(ErrorKind::Copy),
    })
}

/// Keeps a copy of what is there.
fn keep<B: Backend>(migrator: &Migrator<'_, B>, connection: &mut B::Connection) -> Result<Option<PathBuf>, Error> {
    migrator.on(connection, |db| {
        if db.value("could not read the schema", "SELECT 1 FROM main.sqlite_master LIMIT 1")?.is_none() {
            return Ok(None);
        }
        let kept = copy::keep(db, &History::new(migrator.set()?), &migrator.options, CopyReader::Own);
        kept.map(Some).map_err(|error| error.note("the database is copied before it is overwritten"))
    })
}

fn remove(kept: &mut Option<PathBuf>) {
    if let Some(path) = kept.take() {
        let _ = fs::remove_file(path);
    }
}

impl<B: Backend> Migrator<'_, B> {
    /// Restores the database from a copy. The copy is written into the file, so that other open connections see it and
    /// lose nothing that they write afterwards. First the copy is checked, and the current content is copied as by
    /// [`Migrator::back_up`].
    ///
    /// This needs `include_migrations!(pub mod migrations, backup)` and the feature `backup` of rusqlite.
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] if the file is not a valid copy, and [`Error::is_busy`] if another connection reads or writes
    /// for longer than the busy timeout, or is in the middle of a migration. The database is then unchanged.
    pub fn restore(&self, connection: &mut B::Connection, copy: &Path) -> Result<Restored, Error> {
        restore(self, connection, copy)
    }
}
