//! The other way: rusqlite migrates the file, and sqlx opens it then. Code migrations work only so.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

mod program {
    dbmigrate_runtime::include_migrations!(pub mod migrations);
}

#[tokio::test]
async fn rusqlite_migrates_what_sqlx_opens() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/sqlx-beside.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(path);
    program::migrations::migrator().up(&mut rusqlite::Connection::open(path)?)?;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await?;
    let titles: Vec<String> = sqlx::query_scalar("SELECT title FROM notebooks ORDER BY id").fetch_all(&pool).await?;
    assert_eq!(titles, ["first", "untitled"]);
    Ok(())
}
