//! Runs one script inside the open transaction, statement by statement.

use std::time::Instant;

use crate::db::{self, Db, because};
use crate::elsewhere;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys::Choice;
use crate::hooks::{Direction, Progress};
use crate::messages;
use crate::parts::{Parts, needed};
use crate::report::Done;
use crate::session::DbError;
use crate::set::{Effect, Script, Statement, Step};

/// Why a script did not run to its end.
pub(crate) enum Stop {
    /// It drops a table that it has let another refer to: it has to start again with foreign keys off.
    NeedsOff,
    /// It failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Runs all steps of a script, and adds to `done` how long each took, and what is worth knowing. On failure the caller
/// rolls back.
pub(crate) fn run(
    db: &mut Db<'_>,
    name: &str,
    direction: Direction,
    script: &Script<'_>,
    choice: Choice,
    parts: &Parts,
    done: &mut Done,
) -> Result<(), Stop> {
    db.refuse_lost().map_err(|error| db::failed(format_args!("could not run `{name}`"), error))?;
    let (start, of) = (Instant::now(), script.steps.len());
    for (at, step) in script.steps.iter().enumerate() {
        let begun = Instant::now();
        let elapsed = begun.duration_since(start);
        db.session().hooks().progress(&Progress { name, direction, step: at + 1, of, elapsed });
        let rest = script.steps.get(at + 1..).unwrap_or_default();
        run_step(db, name, script, (step, rest), choice, parts, &mut done.notes)?;
        done.steps.push(begun.elapsed());
    }
    Ok(())
}

/// Runs one step; a note is added if its statement was skipped. `rest` is what follows in the same transaction: for the rows of
/// tables that it drops at once nobody has use any more.
pub(crate) fn run_step(
    db: &mut Db<'_>,
    name: &str,
    script: &Script<'_>,
    (step, rest): (&Step<'_>, &[Step<'_>]),
    choice: Choice,
    parts: &Parts,
    notes: &mut Vec<String>,
) -> Result<(), Stop> {
    let statement = match step {
        Step::Code(code) => {
            needed(parts.code, "runs Rust")?(db, name, script, code, choice.enforced)?;
            return Ok(());
        }
        Step::Sql(statement) => statement,
    };
    match (statement.effect, parts.foreign_keys) {
        // What it commits could not be told from what the runner committed.
        (Effect::Begin | Effect::Commit, _) => return Err(at(ended(name), script, statement).into()),
        (Effect::DropTable(table), part) => {
            (needed(part, "drops tables")?.before_drop)(db, (script, statement, table), rest, choice)?;
        }
        _ => elsewhere::refuse(db, script, statement)?,
    }
    let run = &mut |db: &mut Db<'_>| execute(db, name, script, statement, notes);
    match (statement.effect, parts.foreign_keys) {
        (effect @ (Effect::Write(_) | Effect::None), part) if choice.for_others => {
            let table = if let Effect::Write(table) = effect { table } else { "" };
            (needed(part, "drops tables")?.around_write)(db, (script, statement, table), run)?;
        }
        (Effect::None, Some(part)) if choice.enforced && begins(sql_of(name, script, statement)?, "DROP") => {
            (part.around_drop)(db, (script, statement, ""), run)?;
        }
        _ => run(db)?,
    }
    if !db.in_transaction() {
        return Err(at(ended(name), script, statement).into());
    }
    Ok(())
}

fn ended(name: &str) -> Error {
    Error::new(ErrorKind::TransactionEnded, format_args!("`{name}` ended the runner's transaction"))
        .hint("leave BEGIN, COMMIT and ROLLBACK to the runner, or write `-- dbmigrate: no-transaction` at the top")
}

/// Runs one statement; a note is added if it was skipped.
pub(crate) fn execute(
    db: &mut Db<'_>,
    name: &str,
    script: &Script<'_>,
    statement: &Statement<'_>,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let sql = sql_of(name, script, statement)?;
    // With a shared cache others may be in the way of a table also inside of a transaction.
    match db.attempt(sql) {
        Ok(()) => Ok(()),
        Err(error) if script.tolerate_existing && makes_something(sql) && messages::is_existing(&error.message) => {
            let place = Place::of(script.file, script.text, statement.start as usize);
            notes.push(format!("skipped {}:{}: {}", place.file, place.line.unwrap_or(1), error.message));
            Ok(())
        }
        Err(error) => Err(failed(db, name, script, statement, error)),
    }
}

/// Whether a statement makes something that may be there. What a trigger or a function says of rows may read like that as
/// well, and these would be missing.
fn makes_something(sql: &str) -> bool {
    begins(sql, "CREATE") || begins(sql, "ALTER")
}

/// Whether that is the first word of a statement, which is its first token: core has cut it so.
pub(crate) fn begins(sql: &str, word: &str) -> bool {
    sql.get(..word.len()).is_some_and(|first| is_same(first, word))
}

/// Whether two names are the same, as SQLite compares them.
// By hand: the comparison of the standard library goes by pieces of 16, and is as large, in each place.
#[inline(never)]
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| a.eq_ignore_ascii_case(&b))
}

/// Whether a text has this name, in any case; as a word of its own, if that is asked.
pub(crate) fn mentions(text: &str, name: &str, is_whole: bool) -> bool {
    mentions_where(text, name, &|before, rest| {
        !is_whole || !is_of_word(before) && !rest.first().is_some_and(|after| is_of_word(*after))
    })
}

/// Whether a byte is part of a word.
pub(crate) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a text has this name, in any case, somewhere where the byte before it and what follows are right. Each script is
/// searched for several: all but a few bytes are passed by at once.
#[inline(never)]
pub(crate) fn mentions_where(text: &str, name: &str, is_right: &dyn Fn(u8, &[u8]) -> bool) -> bool {
    let (mut before, mut rest) = (b' ', text.as_bytes());
    let initial = name.bytes().next().unwrap_or_default();
    let (lower, upper) = (initial.to_ascii_lowercase(), initial.to_ascii_uppercase());
    while let [first, next @ ..] = rest {
        let may_be = *first == lower || *first == upper;
        if may_be && after(rest, name.as_bytes()).is_some_and(|after| is_right(before, after)) {
            return true;
        }
        (before, rest) = (*first, next);
    }
    false
}

/// What follows a name at the beginning of a text. A quote in the name may be written twice there.
fn after<'t>(mut text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    for byte in name {
        text = match text {
            [first, second, rest @ ..] if first == byte && second == byte && b"\"'`".contains(byte) => rest,
            [first, rest @ ..] if first.eq_ignore_ascii_case(byte) => rest,
            _ => return None,
        };
    }
    Some(text)
}

/// The text of a statement.
#[inline(never)]
pub(crate) fn sql_of<'a>(name: &str, script: &Script<'a>, statement: &Statement<'_>) -> Result<&'a str, Error> {
    script.sql(statement).ok_or_else(|| {
        Error::new(ErrorKind::Set, format_args!("`{name}` has a statement outside of its text"))
            .hint("build the program again")
    })
}

/// The error for a statement that the database refused.
pub(crate) fn failed(
    db: &mut Db<'_>,
    name: &str,
    script: &Script<'_>,
    statement: &Statement<'_>,
    error: DbError,
) -> Error {
    let kind = if error.busy {
        ErrorKind::Busy
    } else if messages::is_foreign_key(&error.message) {
        ErrorKind::ForeignKey
    } else {
        ErrorKind::Sql
    };
    let mut result = Error::new(kind, format_args!("`{name}` failed: {}", error.message));
    if script.transaction && !db.in_transaction() {
        db.see_rollback();
        result =
            result.also(ErrorKind::TransactionEnded).note("the statement rolled the whole transaction back itself");
    }
    let start = (statement.start as usize).saturating_add(error.offset.unwrap_or(0));
    let place = Place::of(script.file, script.text, start);
    // Without an offset nobody knows the column.
    let place = Place { column: place.column.filter(|_| error.offset.is_some()), ..place };
    because(result.at(place).in_statement(script.sql(statement).unwrap_or_default()), error)
}

pub(crate) fn at(error: Error, script: &Script<'_>, statement: &Statement<'_>) -> Error {
    let place = Place::of(script.file, script.text, statement.start as usize);
    error.at(place).in_statement(script.sql(statement).unwrap_or_default())
}
