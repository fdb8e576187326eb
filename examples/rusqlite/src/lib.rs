//! A program over rusqlite: its migrations, what it does with a connection, and one database file for each tenant.

mod tenants;

use rusqlite::{Connection, params};

pub use tenants::{Error, Tenants};

dbmigrate_runtime::include_migrations!(pub mod migrations, backup);

/// Writes a note, and returns its id.
///
/// # Errors
///
/// What SQLite says, as of a notebook that does not exist.
pub fn add_note(db: &Connection, notebook: i64, text: &str) -> rusqlite::Result<i64> {
    db.execute("INSERT INTO notes (notebook, text) VALUES (?1, ?2)", params![notebook, text])?;
    Ok(db.last_insert_rowid())
}

/// How many notes there are.
///
/// # Errors
///
/// What SQLite says.
pub fn count_notes(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
}
