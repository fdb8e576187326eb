//! Temporary tables and views that hide those of the database: SQLite takes a name without a schema for theirs, so what a
//! migration means to do to the database would be done to them, and recorded.

use std::rc::Rc;

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::quote::quoted;
use crate::value::{Param, Value};

const READ: &str = "could not read the schema";

/// What is attached, by the numbers that SQLite gives it.
pub(crate) const ATTACHED: &str = "SELECT seq, name, '' FROM pragma_database_list WHERE seq > 1";

/// Remembers what the program has beside its database, once and before anything runs, and refuses what hides then: a
/// migration may drop or rename that, and nothing would be seen of it at the end.
pub(crate) fn look(db: &mut Db<'_>) -> Result<(), Error> {
    if db.beside.is_some() {
        return Ok(());
    }
    let mut temporary = "";
    if has_temporary(db)? {
        refuse_hiding(db)?;
        temporary = " UNION ALL SELECT CASE type WHEN 'trigger' THEN -1 ELSE 1 END, name, tbl_name FROM temp.sqlite_master \
             WHERE type <> 'index' AND lower(substr(name, 1, 7)) <> 'sqlite_'";
    }
    let beside = std::mem::take(db.ask(READ, format_args!("{ATTACHED}{temporary}"), &[])?);
    db.beside = Some(Rc::new(beside));
    Ok(())
}

/// Refuses what hides, before a transaction is committed: by then all that it made is there. And that any of the program's
/// own is gone: it was taken for one of the database.
pub(crate) fn refuse(db: &mut Db<'_>) -> Result<(), Error> {
    if has_temporary(db)? {
        refuse_hiding(db)?;
    }
    refuse_gone(db)
}

fn refuse_hiding(db: &mut Db<'_>) -> Result<(), Error> {
    let sql = "SELECT t.name FROM temp.sqlite_master AS t, main.sqlite_master AS m ON t.name = m.name COLLATE NOCASE \
               WHERE t.type IN ('table', 'view') AND m.type IN ('table', 'view') AND lower(substr(t.name, 1, 7)) <> 'sqlite_'";
    match db.ask(READ, sql, &[])?.get(0) {
        Some([Value::Text(name)]) => Err(Error::new(
            ErrorKind::Settings,
            format_args!("the connection has a temporary `{name}`, which hides that of the database"),
        )
        .hint(ELSEWHERE)
        .hint(format_args!(
            "if a migration creates it: `DROP TABLE temp.{};` at the end of its file",
            quoted(name, "")
        ))),
        _ => Ok(()),
    }
}

const ELSEWHERE: &str = "migrate before it is created, or on another connection";

/// Whether there is a place for temporary objects. To ask for these makes it, and then no `PRAGMA temp_store` can be in a
/// transaction any more.
fn has_temporary(db: &mut Db<'_>) -> Result<bool, Error> {
    db.has_row(READ, "SELECT 1 FROM pragma_database_list WHERE seq = 1", &[])
}

/// Refuses that a temporary table or view of the program is gone, or a trigger whose table is there: it goes with a table that
/// is recreated, and whom it tells would hear no more.
fn refuse_gone(db: &mut Db<'_>) -> Result<(), Error> {
    let Some(beside) = db.beside.clone() else { return Ok(()) };
    let sql = "SELECT 1 FROM temp.sqlite_master WHERE type <> 'index' AND name = ?1 UNION ALL SELECT 1 WHERE ?2 < 0 AND \
               ?3 COLLATE NOCASE NOT IN (SELECT name FROM main.sqlite_master UNION ALL SELECT name FROM temp.sqlite_master)";
    for row in beside.iter() {
        let [Value::Integer(kind @ ..=1), Value::Text(name), Value::Text(table)] = row else { continue };
        if db.has_row(READ, sql, &[Param::Text(name), Param::Integer(*kind), Param::Text(table)])? {
            continue;
        }
        return Err(Error::new(
            ErrorKind::Settings,
            format_args!("the temporary `{name}`, which the connection had before, would be lost"),
        )
        .hint("write `main.` before the name, if the one of the database is meant")
        .hint(ELSEWHERE));
    }
    Ok(())
}

/// The names of the program's temporary tables and views.
#[inline]
pub(crate) fn temporary<'d>(db: &'d Db<'_>) -> impl Iterator<Item = &'d str> {
    db.rows_beside().filter_map(|row| match row {
        [Value::Integer(1), Value::Text(name), ..] => Some(name.as_str()),
        _ => None,
    })
}
