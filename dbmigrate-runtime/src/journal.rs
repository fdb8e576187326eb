//! The journal mode that a database is switched to before its first migration.

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::options::JournalMode;
use crate::value::{Value, into_text};

/// What switches.
pub(crate) type SwitchFn = fn(&mut Db<'_>, JournalMode) -> Result<(), Error>;

/// Switches, and reads back what came of it: the switch itself says nothing when it does not happen.
#[inline]
pub(crate) fn switch(db: &mut Db<'_>, mode: JournalMode) -> Result<(), Error> {
    let what = "could not read the journal mode";
    let name = mode.name();
    let now = word(db.value(what, "PRAGMA main.journal_mode")?);
    // A database in memory has no journal on a disk, and tests are to run the program as it is.
    if now == name || now == "memory" {
        return Ok(());
    }
    let sql = format!("PRAGMA main.journal_mode = {name}");
    let mut rows = db
        .patiently(|session| session.query(&sql, &[]))
        .map_err(|error| failed(format_args!("could not change the journal mode to `{name}`"), error))?;
    let now = word(rows.take_first());
    if now == name || is_temporary(db)? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Settings, format_args!("the journal mode is `{now}` instead of `{name}`"))
        .hint("the file system or the VFS may not support it: remove `journal_mode`"))
}

/// Whether the database has no file.
#[inline]
fn is_temporary(db: &mut Db<'_>) -> Result<bool, Error> {
    let rows = db.query("could not read the database", "PRAGMA database_list", &[])?;
    let main = rows.iter().find(|row| row.get(1) == Some(&Value::Text("main".to_owned())));
    Ok(main.and_then(|row| row.get(2)) == Some(&Value::Text(String::new())))
}

#[inline]
fn word(value: Option<Value>) -> String {
    value.and_then(into_text).unwrap_or_default()
}
