//! deadpool-sqlite: a pool for async programs.

use deadpool_sqlite::{Config, Pool, Runtime};
use with_rusqlite::{add_note, count_notes, migrations};

/// The pool of the program, over a database that has all migrations.
async fn open(path: &str) -> Result<Pool, Box<dyn std::error::Error>> {
    let pool = Config::new(path).create_pool(Runtime::Tokio1)?;
    pool.get().await?.interact(|db| migrations::migrator().up(db)).await??;
    Ok(pool)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_migrates_once() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/deadpool.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(path);
    // Many processes may start at once: one of them migrates, the others find nothing to do.
    let start = || async { open(path).await.map_err(|error| error.to_string()) };
    let starts: Vec<_> = (0..8).map(|_| tokio::spawn(start())).collect();
    for start in starts {
        let pool = start.await??;
        let db = pool.get().await?;
        assert_eq!(db.interact(|db| count_notes(db)).await??, 3);
    }
    Ok(())
}

#[tokio::test]
async fn a_test_gets_a_pool_of_its_own() -> Result<(), Box<dyn std::error::Error>> {
    // In memory each connection of a pool would be another database: this one is a file.
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/deadpool-test.db");
    let _ = std::fs::remove_file(path);
    drop(migrations::migrator().testing().file(path)?);
    let pool = Config::new(path).create_pool(Runtime::Tokio1)?;
    pool.get().await?.interact(|db| add_note(db, 1, "four")).await??;
    assert_eq!(pool.get().await?.interact(|db| count_notes(db)).await??, 4);
    Ok(())
}
