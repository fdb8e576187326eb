//! Statements that mean the database, and would reach another one: SQLite goes there where the main one has nothing of the
//! name, and `IF EXISTS` says nothing of it.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::hidden::{ATTACHED, temporary};
use crate::quote::literal;
use crate::rows::Rows;
use crate::script::{self, at};
use crate::set::{Effect, Script, Statement};
use crate::value::Value;

/// Refuses a statement that would write to a database that the program has attached, and does not name it, or to a temporary
/// table of its own. SQLite's own plan tells where it would write.
pub(crate) fn refuse(db: &mut Db<'_>, script: &Script<'_>, statement: &Statement<'_>) -> Result<(), Error> {
    let table = match statement.effect {
        Effect::DropColumn(table) | Effect::Write(table) => Some(table),
        Effect::None => None,
        // Of a table that is dropped it is asked before that.
        _ => return Ok(()),
    };
    let Some(beside) = db.beside.take() else { return Ok(()) };
    let refused = if beside.is_empty() { Ok(()) } else { refuse_of(db, &beside, table, script, statement) };
    db.beside = Some(beside);
    refused
}

/// The same for what drops a table, also where the script itself has attached the other.
#[inline]
pub(crate) fn refuse_drop(
    db: &mut Db<'_>,
    script: &Script<'_>,
    statement: &Statement<'_>,
    table: &str,
) -> Result<(), Error> {
    let mut sql = ATTACHED.to_owned();
    if temporary(db.beside.as_ref()).any(|name| name.eq_ignore_ascii_case(table)) {
        sql.push_str(&format!(" UNION ALL SELECT 1, {}, ''", literal(table)));
    }
    let beside = db.query("could not read which databases are attached", &sql, &[])?;
    if beside.is_empty() { Ok(()) } else { refuse_of(db, &beside, Some(table), script, statement) }
}

/// Refuses one that would write to one of these and not to the database. `table` is what it names there, if that is known;
/// what is not may stand in any database that the statement names.
#[inline(never)]
fn refuse_of(
    db: &mut Db<'_>,
    beside: &Rows,
    table: Option<&str>,
    script: &Script<'_>,
    statement: &Statement<'_>,
) -> Result<(), Error> {
    let sql = script::sql_of(script.file, script, statement)?;
    // What it can't plan it can't run.
    let plan = db.try_query(&format_args!("EXPLAIN {sql}"), &[]).unwrap_or_default();
    let is_written = |place: i64| {
        plan.iter().any(|row| match row {
            [_, Value::Text(what), Value::Integer(at), Value::Integer(1..), ..] => {
                what == "Transaction" && *at == place
            }
            _ => false,
        })
    };
    // Triggers of the program may write elsewhere besides.
    if is_written(0) {
        return Ok(());
    }
    for row in beside.iter() {
        let [Value::Integer(place), Value::Text(name), ..] = row else { continue };
        let is_meant = match table {
            Some(table) => *place != 1 || name.eq_ignore_ascii_case(table),
            None => *place > 1 && !names(sql, name),
        };
        if is_meant && is_written(*place) {
            let (place, help) = match place {
                1 => ("a temporary one of the connection".to_owned(), "make the temporary one"),
                _ => (format!("in the attached database `{name}`"), "attach the other database"),
            };
            let message = format!("what this would change is {place}, and not in the one to migrate");
            let error = Error::new(ErrorKind::Sql, message)
                .hint(format_args!("write `main.` before its name, or {help} after the migrations"));
            return Err(at(error, script, statement));
        }
    }
    Ok(())
}

/// Whether a statement has this word, in any case.
fn names(sql: &str, word: &str) -> bool {
    let is_of_word =
        |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_' || *it >= 0x80);
    let (sql, word) = (sql.as_bytes(), word.as_bytes());
    sql.windows(word.len().max(1)).enumerate().any(|(at, place)| {
        let is_whole = !is_of_word(sql[..at].last()) && !is_of_word(sql.get(at + word.len()));
        is_whole && place.eq_ignore_ascii_case(word)
    })
}
