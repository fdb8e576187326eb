//! The copy that a rehearsal runs on.

use super::folder::Folder;
use crate::copy::refuse_full;
use crate::db::{Db, failed};
use crate::driver::{Access, Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::quote::literal;
use crate::value::Value;

/// The settings of a connection that decide what a statement does.
const SETTINGS: [&str; 4] = ["foreign_keys", "recursive_triggers", "legacy_alter_table", "ignore_check_constraints"];

/// A connection to a copy, in a folder of its own.
pub(super) struct Copy<B: Backend> {
    pub(super) connection: B::Connection,
    /// Dropped after the connection is closed.
    _folder: Folder<B>,
}

/// A copy without the type of its backend.
pub(crate) trait Copied<C> {
    fn connection(&mut self) -> &mut C;
}

impl<B: Backend> Copied<B::Connection> for Copy<B> {
    fn connection(&mut self) -> &mut B::Connection {
        &mut self.connection
    }
}

impl<B: Backend> Copy<B> {
    /// Copies a database, and opens the copy with the settings of that connection.
    pub(super) fn of(db: &mut Db<'_>, options: &Options) -> Result<Self, Error> {
        let folder = Folder::new(db.file()?.as_deref())?;
        let path = folder.database();
        let shown = path.display();
        refuse_full(db, options, folder.path()).map_err(|error| error.hint("free some disk space, then try again"))?;
        // SQLite takes text, so what is no text is no path to it.
        let text = path.to_str().ok_or_else(|| {
            Error::new(ErrorKind::Copy, format_args!("`{shown}` is not UTF-8"))
                .hint("set `TMPDIR` to a folder that is UTF-8")
        })?;
        db.patiently(|session| session.execute(&format!("VACUUM main INTO {}", literal(text)))).map_err(|cause| {
            failed(format_args!("could not copy the database to `{shown}`"), cause).also(ErrorKind::Copy)
        })?;
        let mut settings = Vec::new();
        for name in SETTINGS {
            settings.push((name, word(db, &format!("PRAGMA {name}"))?));
        }
        // The copy has a rollback journal; one in memory belongs to a database in memory.
        if word(db, "PRAGMA main.journal_mode")? == "wal" {
            settings.push(("journal_mode", "wal".to_owned()));
        }
        let could_not = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Copy, format_args!("could not open the copy `{shown}`: {error}"))
        };
        let mut connection = B::open(&path, Access::ReadWrite).map_err(|error| could_not(&error))?;
        let mut driver = B::driver(&mut connection);
        for (name, value) in settings.iter().filter(|(_, value)| !value.is_empty()) {
            driver.execute(&format!("PRAGMA {name} = {value}")).map_err(|error| could_not(&error))?;
        }
        drop(driver);
        Ok(Self { connection, _folder: folder })
    }
}

/// The only value of an answer, as text; empty where there is none.
fn word(db: &mut Db<'_>, sql: &str) -> Result<String, Error> {
    Ok(match db.value("could not read a setting", sql)? {
        Some(Value::Text(text)) => text,
        Some(Value::Integer(number)) => number.to_string(),
        _ => String::new(),
    })
}
