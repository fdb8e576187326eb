//! What a run puts back on every way out: no transaction open, the connection's settings as they were.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::parts::needed;
use crate::put_back::{RememberFn, SavedSettings};
use crate::report::Report;
use crate::session::Session;
use crate::set::{Effect, Script, Statement};
use crate::value::Value;

const READ: &str = "could not read a setting";

/// The settings of a connection when a run began.
pub(crate) struct Settings {
    foreign_keys: bool,
    remember: Option<RememberFn>,
    /// Those that scripts may change, from before the first one that does.
    others: OnceCell<Box<dyn SavedSettings>>,
    /// Whether they were asked for, and not put back since.
    may_differ: Cell<bool>,
}

impl Settings {
    fn read(db: &mut Db<'_>, remember: Option<RememberFn>) -> Result<Self, Error> {
        if matches!(db.ask(READ, "PRAGMA main.journal_mode", &[])?.get(0), Some([Value::Text(mode)]) if mode == "off") {
            let file = "SELECT 1 FROM pragma_database_list WHERE seq = 0 AND file <> ''";
            return Err(no_journal(db.has_row(READ, file, &[])?));
        }
        let foreign_keys = Self::is_enforced(db)?;
        Ok(Self { foreign_keys, remember, others: OnceCell::new(), may_differ: Cell::new(false) })
    }

    /// Whether the connection enforced foreign keys.
    pub(crate) fn foreign_keys(&self) -> bool {
        self.foreign_keys
    }

    /// Whether the connection enforces foreign keys now. Where it does not say, an authorizer may have told SQLite to pass
    /// over the question, and nobody knows.
    pub(crate) fn is_enforced(db: &mut Db<'_>) -> Result<bool, Error> {
        match db.ask(READ, "PRAGMA foreign_keys", &[])?.get(0) {
            Some(row) => Ok(*row != [Value::Integer(0)]),
            None => Err(wrong_setting(format_args!("the connection does not say whether foreign keys are on"))),
        }
    }

    /// Switches enforcement, outside of any transaction, and reads it back: inside one the PRAGMA does nothing and
    /// says nothing.
    pub(crate) fn enforce(db: &mut Db<'_>, on: bool) -> Result<(), Error> {
        if Self::is_enforced(db)? == on {
            return Ok(());
        }
        db.execute(format_args!("PRAGMA foreign_keys = {}", u8::from(on)))?;
        if Self::is_enforced(db)? == on {
            return Ok(());
        }
        let wanted = if on { "on" } else { "off" };
        Err(wrong_setting(format_args!("could not turn foreign keys {wanted}: the PRAGMA had no effect")))
    }

    /// What takes back what a script sets. It is asked for before the script runs.
    pub(crate) fn others(&self, db: &mut Db<'_>) -> Result<&dyn SavedSettings, Error> {
        self.may_differ.set(true);
        if let Some(others) = self.others.get() {
            return Ok(others.as_ref());
        }
        let others = needed(self.remember, "puts settings back")?(db)?;
        Ok(self.others.get_or_init(|| others).as_ref())
    }

    /// Takes back what scripts may have set and attached, so that the next one starts like the first. The caller has no
    /// transaction open.
    pub(crate) fn restore_changed(&self, db: &mut Db<'_>) -> Result<(), Error> {
        if let Some(others) = self.others.get().filter(|_| self.may_differ.get()) {
            // Both, even if the first fails.
            others.settings(db, true).and(others.attached(db))?;
            self.may_differ.set(false);
        }
        Ok(())
    }

    fn restore(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let attempt = |db: &mut Db<'_>| {
            // Each also where another fails.
            db.rollback().and(Self::enforce(db, self.foreign_keys)).and(self.restore_changed(db))
        };
        // Again where it failed once: a connection that is given back with foreign keys off loses data later.
        match catch_unwind(AssertUnwindSafe(|| attempt(db))) {
            Ok(result) => result.or_else(|_| attempt(db)),
            Err(panic) => {
                // The panic goes on; an error here would hide it.
                let _ = attempt(db);
                resume_unwind(panic)
            }
        }
    }
}

/// Whether a script may set something of the connection.
pub(crate) fn may_set(script: &Script<'_>) -> bool {
    let sets = |statement: &Statement<'_>| matches!(statement.effect, Effect::Session | Effect::Bare { .. });
    script.has_code() || script.statements().any(sets)
}

/// Does a run's work and puts the connection back as it was, whatever happens. `remember` is for what scripts may set.
#[inline]
pub(crate) fn guarded(
    session: &mut dyn Session,
    options: &Options,
    remember: Option<RememberFn>,
    work: impl FnOnce(&mut Db<'_>, &Settings, &mut Report) -> Result<(), Error>,
) -> Result<Report, Error> {
    let mut report = Report::default();
    match guarded_into(&mut report, session, options, remember, work) {
        Ok(()) => Ok(report),
        Err(error) => Err(error.after(report)),
    }
}

/// The same, for a report of the caller's. If this fails, the report says what was done before that, and the caller has
/// to put it into the error.
pub(crate) fn guarded_into(
    report: &mut Report,
    session: &mut dyn Session,
    options: &Options,
    remember: Option<RememberFn>,
    work: impl FnOnce(&mut Db<'_>, &Settings, &mut Report) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut db = Db::new(session, options);
    let settings = Settings::read(&mut db, remember)?;
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut db, &settings, report)));
    let restored = leave(&mut db, &settings, options, report, matches!(result, Ok(Ok(()))));
    let error = match (result.unwrap_or_else(|panic| resume_unwind(panic)), restored) {
        (Ok(()), Ok(())) => return Ok(()),
        (Ok(()), Err(lost)) => lost,
        (Err(error), Ok(())) => error,
        (Err(error), Err(lost)) => error.note(lost),
    };
    Err(match &options.backup {
        Some(backup) => (backup.by.mention)(error, report.backup.as_deref()),
        None => error,
    })
}

/// Puts the connection back, and sees to the copy that was made.
#[inline(never)]
fn leave(
    db: &mut Db<'_>,
    settings: &Settings,
    options: &Options,
    report: &mut Report,
    is_done: bool,
) -> Result<(), Error> {
    let restored = settings.restore(db);
    if !is_done {
        // After a failed write SQLite leaves the rollback to the next read. It must not have to come from somebody else.
        db.runs("SELECT 1 FROM main.sqlite_master LIMIT 1");
    }
    if let (Some(backup), Some(made)) = (&options.backup, &report.backup) {
        if db.has_committed() || db.in_transaction() {
            (backup.by.rotate)(made, backup.keep, is_done);
        } else {
            // A program that fails at every start must not fill the disk with copies.
            (backup.by.discard)(report);
        }
    }
    restored.map_err(|error| lost_settings(&error))
}

/// The error for a connection with `journal_mode = OFF`. What has no file takes no other journal than that in memory.
pub(crate) fn no_journal(has_file: bool) -> Error {
    let mode = if has_file { "DELETE" } else { "MEMORY" };
    Error::new(ErrorKind::Settings, "the connection keeps no journal, so nothing could be rolled back")
        .hint(format_args!("turn it on before: `PRAGMA journal_mode = {mode}`"))
}

fn wrong_setting(message: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::Settings, message)
        .hint("use a SQLite that is built with foreign keys, and a connection whose authorizer allows it")
}

fn lost_settings(error: &Error) -> Error {
    Error::new(
        ErrorKind::Settings,
        format_args!("the settings of the connection could not be restored: {}", error.message()),
    )
    .hint("close the connection and open it again")
}
