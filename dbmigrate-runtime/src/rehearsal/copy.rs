//! The copy that a rehearsal runs on.

use std::path::{Path, PathBuf};

use super::folder::Folder;
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

impl<B: Backend> Copy<B> {
    /// Copies a database, and opens the copy with the settings of that connection.
    pub(super) fn of(db: &mut Db<'_>, options: &Options) -> Result<Self, Error> {
        let file = main_file(db)?;
        let folder = Folder::new(file.as_deref())?;
        let path = folder.database();
        let shown = path.display();
        let free = options.free_space.and_then(|ask| ask(path.parent()?));
        refuse_full(db, free, &path)?;
        // SQLite takes text, so what is no text is no path to it.
        let text = path.to_str().ok_or_else(|| {
            Error::new(ErrorKind::Copy, format!("`{shown}` is not UTF-8")).hint("set `TMPDIR` to a folder that is")
        })?;
        db.patiently(|session| session.execute(&format!("VACUUM main INTO {}", literal(text)))).map_err(|cause| {
            failed(&format!("could not copy the database to `{shown}`"), cause).also(ErrorKind::Copy)
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
            Error::new(ErrorKind::Copy, format!("could not open the copy `{shown}`: {error}"))
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

/// Refuses a copy for which there is no room: filling the disk would stop everybody who writes there. The size is that
/// with what stands in the log of a WAL.
fn refuse_full(db: &mut Db<'_>, free: Option<u64>, path: &Path) -> Result<(), Error> {
    let size = "SELECT page_count * page_size FROM pragma_page_count('main'), pragma_page_size('main')";
    let needed = word(db, size)?.parse().unwrap_or(0);
    match free {
        Some(free) if free < needed => {
            let message = format!("a copy at `{}` takes {needed} bytes, and {free} are free there", path.display());
            Err(Error::new(ErrorKind::Copy, message).hint("make room on the disk, then try again"))
        }
        _ => Ok(()),
    }
}

/// The file of a database; `None` for one in memory.
fn main_file(db: &mut Db<'_>) -> Result<Option<PathBuf>, Error> {
    let file = word(db, "SELECT file FROM pragma_database_list WHERE name = 'main'")?;
    Ok(Some(PathBuf::from(file)).filter(|file| file != Path::new("")))
}

/// The only value of an answer, as text; empty where there is none.
fn word(db: &mut Db<'_>, sql: &str) -> Result<String, Error> {
    let rows = db.query("could not ask for a setting", sql, &[])?;
    Ok(match rows.into_iter().flatten().next() {
        Some(Value::Text(text)) => text,
        Some(Value::Integer(number)) => number.to_string(),
        _ => String::new(),
    })
}
