//! What a run puts back on every way out: no transaction open, the connection's settings as they were.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::report::Report;
use crate::session::Session;
use crate::value::Value;

/// The settings that scripts may change inside a transaction.
const INSIDE: [&str; 3] = ["recursive_triggers", "legacy_alter_table", "defer_foreign_keys"];

/// The settings of a connection when a run began.
pub(crate) struct Settings {
    foreign_keys: bool,
    inside: [bool; 3],
}

impl Settings {
    fn read(db: &mut Db<'_>) -> Result<Self, Error> {
        let foreign_keys = is_on(db, "foreign_keys")?;
        let mut inside = [false; 3];
        for (value, name) in inside.iter_mut().zip(INSIDE) {
            *value = is_on(db, name)?;
        }
        Ok(Self { foreign_keys, inside })
    }

    /// Whether the connection enforced foreign keys.
    pub(crate) fn foreign_keys(&self) -> bool {
        self.foreign_keys
    }

    /// Whether the connection enforces foreign keys now.
    pub(crate) fn is_enforced(db: &mut Db<'_>) -> Result<bool, Error> {
        is_on(db, "foreign_keys")
    }

    /// Switches enforcement, outside of any transaction, and reads it back: inside one the PRAGMA does nothing and
    /// says nothing.
    pub(crate) fn enforce(db: &mut Db<'_>, on: bool) -> Result<(), Error> {
        if Self::is_enforced(db)? == on {
            return Ok(());
        }
        switch(db, "foreign_keys", on)?;
        if Self::is_enforced(db)? == on {
            return Ok(());
        }
        let wanted = if on { "on" } else { "off" };
        Err(Error::new(
            ErrorKind::Settings,
            format_args!("could not switch foreign keys {wanted}: the PRAGMA had no effect"),
        )
        .hint("use a SQLite that is built with foreign keys, and a connection without an authorizer against it"))
    }

    /// Takes back what a script set that may be set inside a transaction, so that the next one starts like the first.
    pub(crate) fn restore_inside(&self, db: &mut Db<'_>) -> Result<(), Error> {
        INSIDE.into_iter().zip(self.inside).try_for_each(|(name, on)| switch(db, name, on))
    }

    fn restore(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let attempt = |db: &mut Db<'_>| {
            db.rollback()?;
            Self::enforce(db, self.foreign_keys)?;
            self.restore_inside(db)
        };
        // Again where it failed once: a connection that is given back with foreign keys off loses data later.
        match catch_unwind(AssertUnwindSafe(|| attempt(db))) {
            Ok(result) => result.or_else(|_| attempt(db)),
            Err(panic) => {
                // The panic is what is told.
                let _ = attempt(db);
                resume_unwind(panic)
            }
        }
    }
}

/// Does a run's work and puts the connection back as it was, whatever happens.
#[inline]
pub(crate) fn guarded(
    session: &mut dyn Session,
    options: &Options,
    work: impl FnOnce(&mut Db<'_>, &Settings, &mut Report) -> Result<(), Error>,
) -> Result<Report, Error> {
    let mut report = Report::default();
    guarded_into(&mut report, session, options, work)?;
    Ok(report)
}

/// The same, for a report that the caller has. Where it fails, the error has that.
pub(crate) fn guarded_into(
    report: &mut Report,
    session: &mut dyn Session,
    options: &Options,
    work: impl FnOnce(&mut Db<'_>, &Settings, &mut Report) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut db = Db::new(session, options);
    let settings = Settings::read(&mut db)?;
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut db, &settings, report)));
    let restored = settings.restore(&mut db);
    if !matches!(result, Ok(Ok(()))) {
        // After a failed write SQLite leaves the rollback to the next read. It must not have to come from somebody else.
        let _ = db.session().execute("SELECT 1 FROM main.sqlite_master LIMIT 1");
    }
    if let (Some(backup), Some(made)) = (&options.backup, &report.backup) {
        if db.has_committed() || db.in_transaction() {
            (backup.by.rotate)(made, backup.keep, matches!(result, Ok(Ok(()))));
        } else {
            // A program that fails at every start must not fill the disk with copies.
            (backup.by.discard)(report);
        }
    }
    let error = match (result, restored) {
        (Err(panic), _) => resume_unwind(panic),
        (Ok(Ok(())), Ok(())) => return Ok(()),
        (Ok(Ok(())), Err(error)) => lost_settings(&error),
        (Ok(Err(error)), Ok(())) => error,
        (Ok(Err(error)), Err(lost)) => error.note(format_args!("{}", lost_settings(&lost))),
    };
    let error = match &options.backup {
        Some(backup) => (backup.by.mention)(error, report.backup.as_deref()),
        None => error,
    };
    Err(error.after(report))
}

fn lost_settings(error: &Error) -> Error {
    Error::new(
        ErrorKind::Settings,
        format_args!("the settings of the connection could not be restored: {}", error.message()),
    )
    .hint("close the connection and open it again")
}

#[inline(never)]
fn is_on(db: &mut Db<'_>, name: &str) -> Result<bool, Error> {
    let value = db.find("could not read a setting", format_args!("PRAGMA {name}"), &[])?;
    // None means that this SQLite does not have the setting.
    Ok(value.is_some_and(|value| value != Value::Integer(0)))
}

#[inline(never)]
fn switch(db: &mut Db<'_>, name: &str, on: bool) -> Result<(), Error> {
    db.execute(format_args!("PRAGMA {name} = {}", u8::from(on)))
}
