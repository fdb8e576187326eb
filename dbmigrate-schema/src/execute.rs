//! Runs one script on a connection as the runner would, and blames a failure on its place in the file.
//!
//! No history, no locks, no counting of rows: the database is in memory and nobody's.

use dbmigrate_core::statement::Effect;
use dbmigrate_core::{Diagnostic, Location, Script, Span, Step};
use rusqlite::Connection;

/// Runs every statement; a script with `call` steps must not come here.
///
/// A transactional script leaves its transaction open for the caller to end, in success and in failure alike.
pub(crate) fn script(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
    // Void inside a transaction, so it comes first.
    enforce_foreign_keys(connection, script)?;
    if script.transaction {
        run(connection, "BEGIN").map_err(|error| unexpected(script, &error))?;
    }
    for step in &script.steps {
        let Step::Sql(statement) = step else { continue };
        let sql = script.source.slice(statement.span);
        if let Err(error) = run(connection, sql)
            && !(script.tolerate_existing && is_existing(&error))
        {
            return Err(blame(script, statement.span, &error));
        }
    }
    violations(connection, script)
}

/// The runner's choice: on, but off where the script says so or drops a table.
fn enforce_foreign_keys(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
    let drops = script
        .steps
        .iter()
        .any(|step| matches!(step, Step::Sql(statement) if matches!(statement.effect, Effect::DropTable(_))));
    let on = script.foreign_keys.unwrap_or(!drops);
    connection.pragma_update(None, "foreign_keys", on).map_err(|error| unexpected(script, &error))
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// The two complaints that `tolerate existing` is about.
fn is_existing(error: &rusqlite::Error) -> bool {
    let message = error.to_string();
    message.contains("already exists") || message.contains("duplicate column name")
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

fn blame(script: &Script, statement: Span, error: &rusqlite::Error) -> Diagnostic {
    let (message, span) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            let start = statement.start + usize::try_from(*offset).unwrap_or(0);
            (msg.clone(), word_at(script, start.min(statement.end), statement))
        }
        other => (other.to_string(), first_line(script, statement)),
    };
    let refused = Diagnostic::error("sql-error", format!("SQLite refuses this statement: {message}"))
        .at(Location::new(&script.source, span));
    if message.starts_with("no such table") {
        return refused.note("the replay began with an empty database, and every earlier migration ran");
    }
    refused
}

/// The token that SQLite's offset points at.
fn word_at(script: &Script, start: usize, statement: Span) -> Span {
    let rest = script.source.text().get(start..statement.end).unwrap_or("");
    let length = dbmigrate_core::token::tokens(rest).next().map_or(0, |token| token.span.end);
    Span::new(start, start + length)
}

fn first_line(script: &Script, statement: Span) -> Span {
    let text = script.source.slice(statement);
    Span::new(statement.start, statement.start + text.find('\n').unwrap_or(text.len()))
}

/// A fault of the replay itself, not of the statement.
pub(crate) fn unexpected(script: &Script, error: &rusqlite::Error) -> Diagnostic {
    Diagnostic::error("replay", format!("could not replay `{}`: {error}", script.source.path()))
        .in_file(script.source.path())
}
