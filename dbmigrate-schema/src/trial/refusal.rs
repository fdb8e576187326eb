//! Whether a migration turns rows away, which is no fault: that is what its author wrote it for.

use dbmigrate_core::{Script, Step};
use rusqlite::{Connection, ErrorCode};

use crate::execute::{message, run};
use crate::proof::asserts;

/// Why the way up turns the rows away that are there; none where it fails at something else. The database stays as it is.
pub(super) fn turned_away(connection: &Connection, up: &Script) -> rusqlite::Result<Option<String>> {
    if !up.transaction {
        return Ok(None);
    }
    if asserts(connection, up).is_err() {
        return Ok(Some("an assertion of the way up does not hold with it".to_owned()));
    }
    let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
    // Where SQLite can't look for any, there are none.
    let orphans = || connection.query_row(orphans, [], |row| row.get::<_, i64>(0)).unwrap_or(0);
    let before = orphans();
    connection.execute_batch("SAVEPOINT dbmigrate_up")?;
    let mut refused = None;
    for step in &up.steps {
        let Step::Sql(statement) = step else { continue };
        if let Err(error) = run(connection, up.source.slice(statement.span)) {
            refused = is_about_rows(&error).then(|| message(&error));
            break;
        }
    }
    if refused.is_none() && orphans() > before {
        refused = Some("it refers to no row by a foreign key that is new".to_owned());
    }
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO dbmigrate_up; RELEASE dbmigrate_up")?;
    }
    Ok(refused)
}

/// Whether an error says that a row is not wanted.
fn is_about_rows(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation))
        || message(error).starts_with("CHECK constraint failed")
}
