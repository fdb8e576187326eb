//! A program over diesel: its migrations run on diesel's own connection.

mod driver;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

pub use driver::DieselDriver;

dbmigrate_runtime::include_migrations!(pub mod migrations, driver = none);

/// Opens the database of the program, with all migrations.
///
/// # Errors
///
/// What diesel or a migration says.
pub fn open(url: &str) -> Result<SqliteConnection, Box<dyn std::error::Error>> {
    let mut db = SqliteConnection::establish(url)?;
    db.batch_execute("PRAGMA foreign_keys = ON")?;
    migrations::migrator().up_with(&mut DieselDriver(&mut db))?;
    Ok(db)
}
