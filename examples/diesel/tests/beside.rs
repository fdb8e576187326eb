//! The other way: rusqlite migrates the file, and diesel opens it then. Code migrations work only so.

use diesel::prelude::*;

mod program {
    dbmigrate_runtime::include_migrations!(pub mod migrations);
}

diesel::table! {
    notebooks (id) {
        id -> BigInt,
        title -> Text,
    }
}

#[test]
fn rusqlite_migrates_what_diesel_opens() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/diesel-beside.db");
    // What a run before this one has left.
    let _ = std::fs::remove_file(path);
    program::migrations::migrator().up(&mut rusqlite::Connection::open(path)?)?;
    let mut db = SqliteConnection::establish(path)?;
    let titles: Vec<String> = notebooks::table.select(notebooks::title).load(&mut db)?;
    assert_eq!(titles, ["first", "untitled"]);
    Ok(())
}
