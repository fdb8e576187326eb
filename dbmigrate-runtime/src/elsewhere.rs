//! Statements that mean a table of the database, and would reach another one: SQLite goes there where the main one has none
//! of the name, and `IF EXISTS` says nothing of it.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::hidden::{ATTACHED, temporary};
use crate::rows::Rows;
use crate::script::{self, at};
use crate::set::{Effect, Script, Statement};
use crate::value::Value;

/// What refuses one.
pub(crate) type RefuseFn = fn(&mut Db<'_>, &Script<'_>, &Statement<'_>) -> Result<(), Error>;

/// Refuses one that would write to a database that the program has attached, or to a temporary table of its own; what
/// drops a table also where the script has attached the other. SQLite's own plan tells where it would write.
#[inline]
pub(crate) fn refuse(db: &mut Db<'_>, script: &Script<'_>, statement: &Statement<'_>) -> Result<(), Error> {
    let (table, drops) = match statement.effect {
        Effect::DropTable(table) => (table, true),
        Effect::DropColumn(table) | Effect::Write(table) => (table, false),
        _ => return Ok(()),
    };
    if !drops && db.beside.as_ref().is_none_or(Rows::is_empty) {
        return Ok(());
    }
    let attached = db.query("could not read which databases are attached", ATTACHED, &[])?;
    let is_temporary = temporary(db.beside.as_ref()).any(|name| name.eq_ignore_ascii_case(table));
    if attached.is_empty() && !is_temporary {
        return Ok(());
    }
    let sql = script::sql_of(script.file, script, statement)?;
    // What it can't plan it can't run.
    let plan = db.try_query(&format_args!("EXPLAIN {sql}"), &[]).unwrap_or_default();
    let written = || {
        plan.iter().filter_map(|row| match row {
            [_, Value::Text(what), Value::Integer(at), Value::Integer(1..), ..] if what == "Transaction" => Some(*at),
            _ => None,
        })
    };
    // Triggers of the program may write elsewhere besides.
    if written().any(|at| at == 0) {
        return Ok(());
    }
    let is_beside = |name: &Value| {
        let mut beside = db.beside.iter().flat_map(Rows::iter);
        drops || beside.any(|row| row.first() != Some(&Value::Integer(1)) && row.get(1) == Some(name))
    };
    let other = attached.iter().find_map(|row| match row {
        [Value::Integer(seq), name @ Value::Text(text)] if is_beside(name) && written().any(|at| at == *seq) => {
            Some(text)
        }
        _ => None,
    });
    let (place, help) = match other {
        Some(name) => (format!("in the attached database `{name}`"), "attach the other database after the migrations"),
        None if is_temporary && written().any(|at| at == 1) => {
            ("a temporary one of the connection".to_owned(), "make the temporary one after the migrations")
        }
        None => return Ok(()),
    };
    let would = if drops { "drop" } else { "change" };
    let message = format!("the table that this would {would} is {place}, and not in the one to migrate");
    let error = Error::new(ErrorKind::Sql, message).hint(format_args!("write `main.` before its name, or {help}"));
    Err(at(error, script, statement))
}
