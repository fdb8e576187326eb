//! `peer-diesel FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by diesel's own
//! harness.

use std::error::Error;

use diesel::{Connection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
// What links SQLite.
use libsqlite3_sys as _;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, database, rest @ ..] = words.as_slice() else { return Err("FOLDER DATABASE [N]".into()) };
    let source = FileBasedMigrations::from_path(folder)?;
    let mut connection = SqliteConnection::establish(database)?;
    let mut pending = connection.pending_migrations(source)?;
    if let [count] = rest {
        pending.truncate(count.parse()?);
    }
    connection.run_migrations(&pending)?;
    Ok(())
}
