//! A migrated database for each test, as docs/testing.md has it.

use dbmigrate_runtime::Testing;
use rusqlite::Connection;
use with_rusqlite::migrations::{self, Rusqlite};
use with_rusqlite::{add_note, count_notes};

#[test]
fn a_note_needs_a_notebook() -> Result<(), Box<dyn std::error::Error>> {
    let db = migrations::migrator().testing().database()?;
    assert_eq!(add_note(&db, 1, "four")?, 4);
    assert!(add_note(&db, 99, "nowhere").is_err());
    Ok(())
}

#[test]
fn migrations_lead_there_and_back() -> Result<(), dbmigrate_runtime::Faults> {
    migrations::migrator().testing().check_all().map(drop)
}

/// What most tests of this program start from.
fn library() -> Testing<'static, Rusqlite> {
    migrations::migrator()
        .testing()
        .seed("INSERT INTO notebooks VALUES (3, 'of the tests')")
        .seed_with(|db| (1..=100).try_for_each(|at| add_note(db, 3, &format!("note {at}")).map(drop)))
}

#[test]
fn a_notebook_takes_its_notes_with_it() -> Result<(), Box<dyn std::error::Error>> {
    let db = library().database()?;
    assert_eq!(count_notes(&db)?, 103);
    db.execute("DELETE FROM notebooks WHERE id = 3", [])?;
    assert_eq!(count_notes(&db)?, 3);
    Ok(())
}

#[test]
fn two_connections_see_one_file() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("two-connections.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(&path);
    let db = library().file(&path)?;
    let other = Connection::open(&path)?;
    add_note(&db, 3, "seen by both")?;
    assert_eq!(count_notes(&other)?, 104);
    Ok(())
}
