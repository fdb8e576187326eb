//! A program over sqlx: its migrations run on sqlx's own connection.

mod driver;

use std::path::Path;

use dbmigrate_runtime::Report;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

pub use driver::SqlxDriver;

dbmigrate_runtime::include_migrations!(pub mod migrations, driver = none);

/// The pool of the program, over a database that has all migrations.
///
/// # Errors
///
/// What sqlx or a migration says.
pub async fn open(path: &Path) -> Result<SqlitePool, Box<dyn std::error::Error + Send + Sync>> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await?;
    migrate(&pool).await?;
    Ok(pool)
}

/// Runs what is pending, on one connection of a pool.
///
/// # Errors
///
/// What sqlx or a migration says.
pub async fn migrate(pool: &SqlitePool) -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = pool.acquire().await?;
    // The runner waits for the database, so it gets a thread that may wait.
    let run = move || migrations::migrator().up_with(&mut SqlxDriver(&mut connection));
    Ok(tokio::task::spawn_blocking(run).await??)
}
