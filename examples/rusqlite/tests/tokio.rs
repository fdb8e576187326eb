//! tokio-rusqlite: a connection on a thread of its own.

use tokio_rusqlite::Connection;
use with_rusqlite::{add_note, count_notes, migrations};

/// Opens the database of the program.
async fn open(path: &str) -> Result<Connection, Box<dyn std::error::Error>> {
    let db = Connection::open(path).await?;
    db.call(|db| migrations::migrator().up(db)).await?;
    Ok(db)
}

#[tokio::test]
async fn the_program_migrates_at_its_start() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/tokio.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(path);
    for _ in 0..2 {
        let db = open(path).await?;
        assert_eq!(db.call(|db| count_notes(db)).await?, 3);
        db.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_failure_has_its_type() {
    let db = Connection::open_in_memory().await.unwrap();
    db.call(|db| db.execute_batch("CREATE TABLE theirs (x)")).await.unwrap();
    match db.call(|db| migrations::migrator().up(db)).await {
        Err(tokio_rusqlite::Error::Error(error)) => assert!(error.is_existing_schema(), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_test_gets_a_migrated_database() -> Result<(), Box<dyn std::error::Error>> {
    let db = Connection::from(migrations::migrator().testing().database()?);
    let id = db.call(|db| add_note(db, 1, "four")).await?;
    assert_eq!(id, 4);
    Ok(())
}
