//! Statements that mean the database, and would reach another one: SQLite goes there where the main one has nothing of the
//! name, and `IF EXISTS` says nothing of it.

use std::rc::Rc;

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::hidden::{ATTACHED, temporary};
use crate::put_back::gone_from;
use crate::quote::literal;
use crate::rows::Rows;
use crate::script::{self, at, is_of_word, mentions, mentions_where};
use crate::set::{Effect, Script, Statement};
use crate::value::Value;

/// Refuses a statement that would write to a database that the program has attached, and does not name it, or to a temporary
/// table of its own. SQLite's own plan tells where it would write.
pub(crate) fn refuse(db: &mut Db<'_>, script: &Script<'_>, statement: &Statement<'_>) -> Result<(), Error> {
    match statement.effect {
        _ if db.beside.as_ref().is_none_or(|beside| beside.is_empty()) => Ok(()),
        Effect::DropColumn(table) | Effect::Write(table) => refuse_of(db, None, table, script, statement),
        Effect::None => refuse_of(db, None, "", script, statement),
        // Of a table that is dropped it is asked before that.
        _ => Ok(()),
    }
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
    if temporary(db).any(|name| name.eq_ignore_ascii_case(table)) {
        sql.push_str(&format!(" UNION ALL SELECT 1, {}, ''", literal(table)));
    }
    let beside = db.query("could not read the attached databases", &sql, &[])?;
    if beside.is_empty() { Ok(()) } else { refuse_of(db, Some(Rc::new(beside)), table, script, statement) }
}

/// Refuses to detach what the program has attached: only that knows how to attach it again. The plan holds the name as a text.
#[inline]
pub(crate) fn refuse_detach(db: &mut Db<'_>, script: &Script<'_>, statement: &Statement<'_>) -> Result<(), Error> {
    let sql = script::sql_of(script.file, script, statement)?;
    let plan = std::mem::take(db.plan(sql));
    let is_detached = |name: &str| {
        plan.iter().any(|row| match row {
            [_, Value::Text(what), _, _, _, Value::Text(text), ..] => {
                what == "String8" && text.eq_ignore_ascii_case(name)
            }
            _ => false,
        })
    };
    for row in db.rows_beside() {
        if let [Value::Integer(2..), Value::Text(name), ..] = row {
            if is_detached(name) {
                return Err(at(gone_from(name, "would be"), script, statement));
            }
        }
    }
    Ok(())
}

const SAY_MAIN: &str = "write `main.` before the name; or attach the other database, or create the temporary object, after \
                        the migrations";

/// Refuses one that would write beside the database, and not there. `table` is what it changes of the main one, as far as that
/// is known: what it says of another by name, it means.
#[inline(never)]
fn refuse_of(
    db: &mut Db<'_>,
    beside: Option<Rc<Rows>>,
    table: &str,
    script: &Script<'_>,
    statement: &Statement<'_>,
) -> Result<(), Error> {
    let sql = script::sql_of(script.file, script, statement)?;
    let Some(beside) = beside.or_else(|| db.beside.clone()) else { return Ok(()) };
    // A bit for each database.
    let mut written = 0_u64;
    for row in db.plan(sql).iter() {
        if let [_, Value::Text(what), Value::Integer(place), Value::Integer(1..), ..] = row {
            let is_begun = what == "Transaction";
            written |= u64::from(is_begun) << (place & 63);
        }
    }
    // Triggers of the program may write elsewhere besides.
    if written & 1 == 1 {
        return Ok(());
    }
    for row in beside.iter() {
        let [Value::Integer(place @ 1..), Value::Text(name), ..] = row else { continue };
        if written >> (place & 63) & 1 == 0 {
            continue;
        }
        let is_meant = match (*place, table) {
            // Where the table is not known, it may be one of the file's own.
            (1, "") => is_named(sql, "temp") || !mentions(sql, name, true),
            (1, table) => !script::is_same(name, table),
            (_, table) => table.is_empty() && is_named(sql, name),
        };
        if !is_meant {
            let schema = if *place == 1 { "temp" } else { name };
            let error =
                Error::new(ErrorKind::Sql, format_args!("this would change `{schema}`, not the database to migrate"))
                    .hint(SAY_MAIN);
            return Err(at(error, script, statement));
        }
    }
    Ok(())
}

/// Whether a statement says the name of an attached database: it has a dot behind it, but in what may name nothing else.
fn is_named(sql: &str, name: &str) -> bool {
    let is_whole = script::begins(sql, "ANALYZE");
    mentions_where(sql, name, &|before, rest| {
        let rest = match rest {
            [b'"' | b'\'' | b'`' | b']', rest @ ..] => rest,
            rest => rest,
        };
        let next = rest.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        !is_of_word(before) && (next == Some(b'.') || is_whole && !rest.first().copied().is_some_and(is_of_word))
    })
}
