//! Runs one script on a connection as the runner would, and blames a failure on its place in the file.
//!
//! No history, no locks, no counting of rows: the database is in memory and nobody's.

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::statement::{self, Effect, Statement};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Diagnostic, Location, Script, Span, Step};
use rusqlite::Connection;
use sqlite3_parser::Bump;
use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::foreign_keys;
use crate::lint::tree;
use crate::model::Name;
use crate::scratch;
use crate::watch::Watch;

/// Runs every statement; a script with `call` steps must not come here.
///
/// A transactional script leaves its transaction open for the caller to end, in success and in failure alike.
/// `deferring` says that a foreign key may be waiting for the commit.
pub(crate) fn script(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    deferring: bool,
    watch: &mut dyn Watch,
) -> Result<(), Diagnostic> {
    let mut enforced = foreign_keys::choose(connection, rule, script, false)?;
    if attempt(connection, script, enforced, watch)? == Attempt::NeedsOff {
        run(connection, "ROLLBACK").map_err(|error| unexpected(script, &error))?;
        enforced = foreign_keys::choose(connection, rule, script, true)?;
        attempt(connection, script, enforced, watch)?;
    }
    // SQLite has looked already, and to look again is to read the whole database for every file.
    if enforced && script.transaction && !deferring { Ok(()) } else { violations(connection, script) }
}

/// Whether a script may put the check of a foreign key off until the commit.
pub(crate) fn mentions_deferring(script: &Script) -> bool {
    statement::mentions_deferring(script.source.slice(script.section))
}

#[derive(PartialEq, Eq)]
enum Attempt {
    Done,
    /// It came to drop a table that it let another refer to, with foreign keys enforced.
    NeedsOff,
}

fn attempt(
    connection: &Connection,
    script: &Script,
    enforced: bool,
    watch: &mut dyn Watch,
) -> Result<Attempt, Diagnostic> {
    watch.begins(connection).map_err(|error| unexpected(script, &error))?;
    settle(connection, enforced).map_err(|error| unexpected(script, &error))?;
    if script.transaction {
        run(connection, "BEGIN").map_err(|error| unexpected(script, &error))?;
    }
    asserts(connection, script)?;
    let may_need_off = enforced && script.transaction && script.foreign_keys.is_none();
    for (at, step) in script.steps.iter().enumerate() {
        let Step::Sql(statement) = step else { continue };
        if let Effect::DropTable(table) = &statement.effect
            && may_need_off
            && foreign_keys::takes_along(connection, script, table, &drops(&script.steps[at + 1..]))?
        {
            return Ok(Attempt::NeedsOff);
        }
        if is_vacuum_into(script, statement) {
            continue;
        }
        watch.runs(connection, script, statement);
        match run(connection, script.source.slice(statement.span)) {
            Ok(()) => watch.ran(connection, script, statement).map_err(|error| unexpected(script, &error))?,
            Err(error) if script.tolerate_existing && is_existing(&error) => {}
            Err(error) => return Err(blame(script, statement.span, &error)),
        }
    }
    Ok(Attempt::Done)
}

/// The tables that the first of these steps drop, one after the other: nobody has use for their rows any more.
fn drops(steps: &[Step]) -> Vec<&str> {
    let drops = steps.iter().map_while(|step| match step {
        Step::Sql(Statement { effect: Effect::DropTable(table), .. }) => Some(table.as_str()),
        _ => None,
    });
    drops.collect()
}

/// Asks what a script asserts. What SQLite can't ask is an error; an answer that is not true is none: what an empty
/// database says of data is no fault of the file.
pub(crate) fn asserts(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
    for assert in &script.asserts {
        let columns = connection.prepare(script.source.slice(assert.span)).and_then(|mut statement| {
            let columns = statement.column_count();
            statement.query([])?.next()?;
            Ok(columns)
        });
        match columns {
            Ok(1) => {}
            Ok(several) => {
                let message = format!("this query answers with {several} columns, and an assertion is one value");
                return Err(Diagnostic::error("assertion", message)
                    .at(Location::new(&script.source, script.source.first_line(assert.span)))
                    .help("ask for one value, such as `SELECT count(*) = 0 FROM users WHERE email IS NULL`"));
            }
            Err(error) => return Err(blame(script, assert.span, &error)),
        }
    }
    Ok(())
}

/// Sets what would be void inside a transaction, and takes back what the script before may have set.
fn settle(connection: &Connection, enforced: bool) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = {enforced}; PRAGMA recursive_triggers = OFF; PRAGMA legacy_alter_table = OFF; \
         PRAGMA defer_foreign_keys = OFF"
    ))
}

/// `VACUUM INTO` writes a file and changes nothing in the database: a replay writes none.
pub(crate) fn is_vacuum_into(script: &Script, statement: &Statement) -> bool {
    statement.effect == (Effect::Bare { idempotent: false }) && starts_with(script, statement, "VACUUM")
}

/// Whether the first word of a statement is this keyword.
pub(crate) fn starts_with(script: &Script, statement: &Statement, keyword: &str) -> bool {
    let text = script.source.slice(statement.span);
    tokens(text).next().is_some_and(|token| is_word(text, token, keyword))
}

/// Runs one statement; rows that it answers with are read and forgotten.
pub(crate) fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// The complaints that `tolerate existing` is about.
fn is_existing(error: &rusqlite::Error) -> bool {
    let message = error.to_string();
    ["already exists", "duplicate column name", "there is already "].iter().any(|text| message.contains(text))
}

/// The database was empty, so every violation is this script's own.
fn violations(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
    let found = connection.prepare("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 1").and_then(
        |mut statement| statement.query_row([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))),
    );
    match found {
        Ok((child, parent)) => Err(Diagnostic::error(
            "foreign-key-violation",
            format!("`{}` leaves a row in `{child}` that refers to no row in `{parent}`", script.source.path()),
        )
        .in_file(script.source.path())),
        // No row; or "foreign key mismatch", which is a state of the schema and stops no migration.
        Err(_) => Ok(()),
    }
}

/// The error for a statement that SQLite refuses.
pub(crate) fn blame(script: &Script, statement: Span, error: &rusqlite::Error) -> Diagnostic {
    let span = match error {
        rusqlite::Error::SqlInputError { offset, .. } => {
            let start = statement.start + usize::try_from(*offset).unwrap_or(0);
            word_at(script, start.min(statement.end), statement)
        }
        _ => script.source.first_line(statement),
    };
    let message = message(error);
    let refused = Diagnostic::error("sql-error", format!("SQLite refuses this statement: {message}"));
    let help = refused_column(script.source.slice(statement), &message);
    help.or_else(|| scratch::help(&message))
        .into_iter()
        .fold(began_empty(refused.at(Location::new(&script.source, span))), Diagnostic::help)
}

/// Says where the replay began, to those who miss a table.
pub(crate) fn began_empty(refused: Diagnostic) -> Diagnostic {
    if refused.message.contains("no such table") {
        return refused.note("the replay began with an empty database, and all that comes before this ran");
    }
    refused
}

/// How to add a column that SQLite never adds as it stands.
fn refused_column(sql: &str, message: &str) -> Option<String> {
    let is_unique = message.starts_with("Cannot add a UNIQUE column");
    if !is_unique && !message.starts_with("Cannot add a PRIMARY KEY column") {
        return None;
    }
    let bump = Bump::new();
    let Stmt::AlterTable(table, AlterTableBody::AddColumn(column)) = tree::parse(&bump, sql)? else { return None };
    let (table, column) = (tree::name(&table.name), tree::name(&column.col_name));
    let index = Name::new(format!("{table}_{column}")).to_sql();
    let (table, column) = (table.to_sql(), column.to_sql());
    Some(match is_unique {
        true => format!("add it without `UNIQUE`, then `CREATE UNIQUE INDEX {index} ON {table} ({column});`"),
        false => format!(
            "make `{table}` anew with that key: declare it in `schema.sql`, and `cargo dbmigrate generate` writes it"
        ),
    })
}

/// What SQLite says, without the statement.
pub(crate) fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// The token that SQLite's offset points at.
fn word_at(script: &Script, start: usize, statement: Span) -> Span {
    let rest = script.source.text().get(start..statement.end).unwrap_or("");
    let length = dbmigrate_core::token::tokens(rest).next().map_or(0, |token| token.span.end);
    Span::new(start, start + length)
}

/// A fault of the replay itself, not of the statement.
pub(crate) fn unexpected(script: &Script, error: &rusqlite::Error) -> Diagnostic {
    unexpected_in(script.source.path(), error)
}

/// As [`unexpected`], of the file at this path.
pub(crate) fn unexpected_in(path: &str, error: &rusqlite::Error) -> Diagnostic {
    Diagnostic::error("replay", format!("could not replay `{path}`: {error}")).in_file(path)
}
