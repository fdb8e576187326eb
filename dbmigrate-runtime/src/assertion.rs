//! `assert`: queries that have to answer with one true value before a script may run.
//!
//! They run under the lock, in the transaction of the script and before its first step, so that what was true still is
//! when the script relies on it.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::job::Job;
use crate::rows::Rows;
use crate::script;
use crate::set::Script;
use crate::value::{Param, Value};

/// What a query is put between: a second row is as wrong as a million of them.
const HEAD: &str = "SELECT * FROM (";
const TAIL: &str = ") LIMIT 2";

/// How many characters of a value a message shows at most.
const WIDTH: usize = 60;

/// What asks for what a script asserts.
pub(crate) type CheckFn = fn(&mut Db<'_>, &Job<'_>, &Script<'_>) -> Result<(), Error>;

/// Asks everything that the script of `job` asserts, up to the first that does not hold. The caller holds the lock, and
/// rolls back.
#[inline]
pub(crate) fn check(db: &mut Db<'_>, job: &Job<'_>, script: &Script<'_>) -> Result<(), Error> {
    for assert in script.asserts {
        let sql = script::sql_of(job.name(), script, assert)?;
        let query = format!("{HEAD}{sql}{TAIL}");
        let rows = db.patiently(|session| session.query(&query, &[])).map_err(|mut error| {
            error.offset = error.offset.map(|offset| offset.saturating_sub(HEAD.len()).min(sql.len()));
            script::failed(db, job.name(), script, assert, error)
        })?;
        if !holds(db, &rows)? {
            let message =
                format!("an assertion of `{}` does not hold: the query returned {}", job.name(), answer(&rows));
            let command = job.command();
            return Err(Error::new(ErrorKind::Assertion, message)
                .at(Place::of(script.file, script.text, assert.start as usize))
                .in_statement(sql)
                .retry(format_args!("change the data so that it holds, then run `cargo dbmigrate {command}` again")));
        }
    }
    Ok(())
}

/// Whether the answer is one value that is true, as SQLite sees truth.
#[inline]
fn holds(db: &mut Db<'_>, rows: &Rows) -> Result<bool, Error> {
    let (Some([value]), 1) = (rows.get(0), rows.len()) else { return Ok(false) };
    let sql = "SELECT CASE WHEN ?1 THEN 1 ELSE 0 END";
    let truth = db.find("could not evaluate an assertion", sql, &[Param::Any(value)])?;
    Ok(truth == Some(Value::Integer(1)))
}

/// What came back, in words.
#[inline]
fn answer(rows: &Rows) -> String {
    match (rows.get(0), rows.len()) {
        (None, _) => "no row".to_owned(),
        (Some([value]), 1) => format!("`{}`", shown(value)),
        (Some(columns), 1) => format!("{} columns", columns.len()),
        _ => "several rows".to_owned(),
    }
}

#[inline]
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) => {
            let cut = text.char_indices().nth(WIDTH).map_or(text.len(), |(at, _)| at);
            let rest = if cut < text.len() { "…" } else { "" };
            format!("'{}{rest}'", text[..cut].escape_debug())
        }
        Value::Blob(bytes) => format!("a blob of {} bytes", bytes.len()),
    }
}
