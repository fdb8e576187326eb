//! Whether a migration turns rows away, which is no fault: that is what its author wrote it for.

use dbmigrate_core::config::ForeignKeys;
use dbmigrate_core::{Script, Step};
use rusqlite::{Connection, ErrorCode};

use crate::execute::{message, run};
use crate::foreign_keys::choose;
use crate::proof::asserts;
use crate::violations::Violations;

/// Why the way up turns the rows away that are there; none where it fails at something else. The database stays as it is.
/// Foreign keys are enforced as the runner would, unless a transaction is open.
pub(super) fn turned_away(connection: &Connection, rule: ForeignKeys, up: &Script) -> rusqlite::Result<Option<String>> {
    if !up.transaction {
        return Ok(None);
    }
    if asserts(connection, up).is_err() {
        return Ok(Some("an assertion of the up script does not hold for it".to_owned()));
    }
    if !connection.is_autocommit() {
        return refused(connection, up);
    }
    let enforced: bool = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0))?;
    connection.pragma_update(None, "foreign_keys", choose(connection, rule, up, false).unwrap_or(enforced))?;
    let refused = refused(connection, up);
    connection.pragma_update(None, "foreign_keys", enforced)?;
    refused
}

fn refused(connection: &Connection, up: &Script) -> rusqlite::Result<Option<String>> {
    let before = Violations::read(connection)?;
    connection.execute_batch("SAVEPOINT dbmigrate_up")?;
    let mut refused = None;
    for step in &up.steps {
        let Step::Sql(statement) = step else { continue };
        if let Err(error) = run(connection, up.source.slice(statement.span)) {
            refused = is_about_rows(&error).then(|| message(&error));
            break;
        }
    }
    if refused.is_none()
        && let Some(growth) = Violations::read(connection)?.growth(&before, false)
        && let Some([table, _]) = growth.orphans.first()
    {
        refused = Some(format!("rows of `{table}` would refer to nothing by a foreign key"));
    }
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO dbmigrate_up; RELEASE dbmigrate_up")?;
    }
    Ok(refused)
}

/// Whether an error says that a row is not wanted.
fn is_about_rows(error: &rusqlite::Error) -> bool {
    // A text that is no JSON is one of the row, wherever SQLite comes upon it.
    matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation))
        || ["CHECK constraint failed", "malformed JSON"].iter().any(|start| message(error).starts_with(start))
}
