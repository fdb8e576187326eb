//! Runs one script on a connection as the runner would, and reports a failure with its place in the file.
//!
//! There is no history, no lock and no counting of rows: the database is in memory, and nobody else has it.

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::statement::{self, Effect, Statement};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Diagnostic, Location, Script, Span, Step};
use rusqlite::{Connection, OptionalExtension as _};
use sqlite3_parser::Bump;
use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::tree;
use crate::model::Name;
use crate::observer::ReplayObserver;
use crate::put_back::{Before, may_set};
use crate::violations::Violations;
use crate::{drops, foreign_keys, scratch, steps};

/// What an assertion is put behind.
const ASSERT: &str = "SELECT * FROM (";

/// Runs a script from its beginning to the end of its transaction; one with `call` steps must not come here.
///
/// `deferring` says that a foreign key may be waiting for the commit.
pub(crate) fn script(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    deferring: bool,
    observer: &mut dyn ReplayObserver,
) -> Result<(), Diagnostic> {
    let failed = |error: rusqlite::Error| unexpected(script, &error);
    let settings = may_set(script).then(|| Before::read(connection)).transpose().map_err(failed)?;
    let result = if script.transaction {
        in_transaction(connection, rule, script, deferring, settings.as_ref(), observer)
    } else {
        steps::run(connection, rule, script, observer)
    };
    // What failed may have set something as well.
    settings.map_or(Ok(()), |settings| settings.put_back(connection)).map_err(failed).and(result)
}

fn in_transaction(
    connection: &Connection,
    rule: ForeignKeys,
    script: &Script,
    deferring: bool,
    settings: Option<&Before>,
    observer: &mut dyn ReplayObserver,
) -> Result<(), Diagnostic> {
    let failed = |error: rusqlite::Error| unexpected(script, &error);
    // What it drops or renames would not be seen at its end.
    refuse_hidden(connection, script, "begins")?;
    let mut enforced = foreign_keys::choose(connection, rule, script, false)?;
    let mut before = None;
    let mut attempt = |enforced: bool| {
        // Where they are enforced SQLite looks itself, and to look again is to read the whole database for every file.
        let looks = !enforced || deferring;
        before = looks.then(|| Violations::read(connection)).transpose().map_err(failed)?;
        attempt(connection, script, enforced, observer)
    };
    let mut went = attempt(enforced);
    if matches!(went, Ok(Attempt::NeedsOff)) {
        run(connection, "ROLLBACK").map_err(failed)?;
        enforced = foreign_keys::choose(connection, rule, script, true)?;
        went = attempt(enforced);
    }
    if connection.is_autocommit() {
        // `INSERT OR ROLLBACK` and the like end it before its time.
        return went.and_then(|_| {
            let message = format!("a statement of `{}` ends the transaction that it runs in", script.source.path());
            Err(Diagnostic::error("transaction-ended", message).in_file(script.source.path()))
        });
    }
    let result = went.and_then(|_| {
        settings.map_or(Ok(()), |settings| settings.put_back(connection)).map_err(failed)?;
        before.map_or(Ok(()), |before| refuse_growth(connection, script, &before, !enforced))?;
        refuse_hidden(connection, script, "ends")?;
        run(connection, "COMMIT").map_err(failed)
    });
    if !connection.is_autocommit() {
        run(connection, "ROLLBACK").map_err(failed)?;
    }
    result
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
    observer: &mut dyn ReplayObserver,
) -> Result<Attempt, Diagnostic> {
    observer.script_begins(connection).map_err(|error| unexpected(script, &error))?;
    enforce(connection, enforced).map_err(|error| unexpected(script, &error))?;
    run(connection, "BEGIN").map_err(|error| unexpected(script, &error))?;
    asserts(connection, script)?;
    for (at, step) in script.steps.iter().enumerate() {
        let Step::Sql(statement) = step else { continue };
        if let Effect::DropTable(table) = &statement.effect
            && enforced
            && drops::needs_off(connection, script, (statement, table), &dropped(&script.steps[at + 1..]))?
        {
            return Ok(Attempt::NeedsOff);
        }
        step_of(connection, script, statement, observer)?;
    }
    Ok(Attempt::Done)
}

/// Runs one statement of a script.
pub(crate) fn step_of(
    connection: &Connection,
    script: &Script,
    statement: &Statement,
    observer: &mut dyn ReplayObserver,
) -> Result<(), Diagnostic> {
    if is_vacuum_into(script, statement) {
        return Ok(());
    }
    observer.statement_begins(connection, script, statement);
    let sql = script.source.slice(statement.span);
    match run(connection, sql) {
        Ok(()) => observer.statement_ran(connection, script, statement).map_err(|error| unexpected(script, &error)),
        // Also what a trigger or a function says of rows may read like that, and these would be missing.
        Err(error)
            if script.tolerate_existing
                && ["CREATE", "ALTER"].into_iter().any(|word| starts_with(script, statement, word))
                && is_existing(&error) =>
        {
            Ok(())
        }
        Err(error) => Err(blame(script, statement.span, &error)),
    }
}

/// The tables that the first of these steps drop, one after the other: nobody has use for their rows any more.
fn dropped(steps: &[Step]) -> Vec<&str> {
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
        // The runner asks in the same words.
        let query = format!("{ASSERT}{}) LIMIT 2", script.source.slice(assert.span));
        let columns = connection.prepare(&query).and_then(|mut statement| {
            let columns = statement.column_count();
            statement.query([])?.next()?;
            Ok(columns)
        });
        match columns {
            Ok(1) => {}
            Ok(several) => {
                let message = format!("this query returns {several} columns, and an assertion is one value");
                return Err(Diagnostic::error("assertion", message)
                    .at(Location::new(&script.source, script.source.first_line(assert.span)))
                    .help("ask for one value, such as `SELECT count(*) = 0 FROM users WHERE email IS NULL`"));
            }
            Err(mut error) => {
                if let rusqlite::Error::SqlInputError { offset, .. } = &mut error {
                    *offset -= i32::try_from(ASSERT.len()).unwrap_or(0).min(*offset);
                }
                return Err(blame(script, assert.span, &error));
            }
        }
    }
    Ok(())
}

/// Switches enforcement, which would be void inside a transaction.
pub(crate) fn enforce(connection: &Connection, on: bool) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA foreign_keys = {on}"))
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
    // Not with the statement, which may hold such words.
    let message = message(error);
    ["already exists", "duplicate column name", "there is already "].iter().any(|text| message.contains(text))
}

/// Refuses what a script has added to the violations of foreign keys. `keys` says whether they were not enforced: where
/// they were, SQLite takes a foreign key to no key for one as well, and the linter speaks of it.
pub(crate) fn refuse_growth(
    connection: &Connection,
    script: &Script,
    before: &Violations,
    keys: bool,
) -> Result<(), Diagnostic> {
    let now = Violations::read(connection).map_err(|error| unexpected(script, &error))?;
    let Some(growth) = now.growth(before, keys) else { return Ok(()) };
    let path = script.source.path();
    let found = match growth.orphans.first() {
        Some([child, parent]) => Diagnostic::error(
            "foreign-key-violation",
            format!("`{path}` leaves a row in `{child}` that refers to no row in `{parent}`"),
        ),
        None => Diagnostic::error(
            "foreign-key-mismatch",
            format!("`{path}` leaves a foreign key that refers to columns that are not a key"),
        )
        .help("give the parent a PRIMARY KEY or UNIQUE constraint on them"),
    };
    Err(growth.mismatches.into_iter().fold(found, Diagnostic::note).in_file(path))
}

/// Refuses a temporary table or view that hides one of the database: SQLite takes a name without a schema for that. Those
/// that SQLite makes for itself it does not take for one another. `when` is said of the script: it begins, goes on, or ends.
pub(crate) fn refuse_hidden(connection: &Connection, script: &Script, when: &str) -> Result<(), Diagnostic> {
    let sql = "SELECT t.name FROM temp.sqlite_schema AS t CROSS JOIN main.sqlite_schema AS m \
               ON t.name = m.name COLLATE NOCASE \
               WHERE t.type IN ('table', 'view') AND m.type IN ('table', 'view') \
               AND lower(substr(t.name, 1, 7)) <> 'sqlite_' LIMIT 1";
    let hidden = connection.query_row(sql, [], |row| row.get::<_, String>(0)).optional();
    match hidden.map_err(|error| unexpected(script, &error))? {
        None => Ok(()),
        Some(name) => {
            let path = script.source.path();
            let message = format!("a temporary `{name}` hides that of the database when `{path}` {when}");
            Err(Diagnostic::error("hidden-table", message)
                .in_file(path)
                .help(format!("at the end of the file that makes it: `DROP TABLE temp.{};`", Name::new(name).to_sql())))
        }
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
    let refused = Diagnostic::error("sql-error", format!("SQLite rejects this statement: {message}"));
    let help = refused_column(script.source.slice(statement), &message);
    help.or_else(|| scratch::help(&message))
        .into_iter()
        .fold(began_empty(refused.at(Location::new(&script.source, span))), Diagnostic::help)
}

/// Says where the replay began, to those who miss a table.
pub(crate) fn began_empty(refused: Diagnostic) -> Diagnostic {
    if refused.message.contains("no such table") {
        return refused
            .note("the replay started with an empty database, and ran everything before this statement")
            .help(
                "where a database has it before the first migration: name the SQL that makes it, \
             `replay = { base = \"base.sql\" }` in `[package.metadata.migrations]`",
            );
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
    Some(if is_unique {
        format!("add it without `UNIQUE`, then `CREATE UNIQUE INDEX {index} ON {table} ({column});`")
    } else {
        format!("rebuild `{table}` with that key: declare it in `schema.sql`, and run `cargo dbmigrate generate`")
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
