//! Migrations on diesel's connection.

use dbmigrate_runtime::{Driver, Value};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use with_diesel::{DieselDriver, migrations, open};

diesel::table! {
    notes (id) {
        id -> BigInt,
        notebook -> BigInt,
        text -> Text,
        stars -> Integer,
    }
}

/// A path at which there is nothing.
fn fresh(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(format!("{path}{suffix}"));
    }
    path
}

#[test]
fn the_program_migrates_at_its_start() -> Result<(), Box<dyn std::error::Error>> {
    let path = fresh("diesel.db");
    for _ in 0..2 {
        let mut db = open(&path)?;
        // The notebooks were made anew, and no note is gone.
        let texts: Vec<String> = notes::table.select(notes::text).order(notes::id).load(&mut db)?;
        assert_eq!(texts, ["one", "two", "three"]);
    }
    let mut db = open(&path)?;
    let mut driver = DieselDriver(&mut db);
    assert!(migrations::migrator().verify_with(&mut driver)?.problems.is_empty());
    assert_eq!(migrations::migrator().history_with(&mut driver)?.len(), 3);
    Ok(())
}

#[test]
fn a_test_gets_a_database_in_memory() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = open(":memory:")?;
    let row = (notes::notebook.eq(9), notes::text.eq("nowhere"));
    assert!(diesel::insert_into(notes::table).values(row).execute(&mut db).is_err(), "there is no such notebook");
    Ok(())
}

#[test]
fn a_transaction_of_the_program_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = SqliteConnection::establish(":memory:")?;
    db.transaction(|db| {
        let error = migrations::migrator().up_with(&mut DieselDriver(db)).unwrap_err();
        assert!(error.is_open_transaction(), "{error}");
        QueryResult::Ok(())
    })?;
    migrations::migrator().up_with(&mut DieselDriver(&mut db))?;
    Ok(())
}

#[test]
fn who_holds_a_lock_is_waited_for() -> Result<(), Box<dyn std::error::Error>> {
    let path = fresh("diesel-locked.db");
    let mut other = SqliteConnection::establish(&path)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    let mut db = SqliteConnection::establish(&path)?;
    let at_once = migrations::migrator().busy_timeout(std::time::Duration::ZERO);
    let error = at_once.up_with(&mut DieselDriver(&mut db)).unwrap_err();
    assert!(error.is_busy(), "{error}");
    other.batch_execute("ROLLBACK")?;
    at_once.up_with(&mut DieselDriver(&mut db))?;
    Ok(())
}

#[test]
fn values_come_back_as_they_went() -> Result<(), Box<dyn std::error::Error>> {
    let mut db = SqliteConnection::establish(":memory:")?;
    let mut driver = DieselDriver(&mut db);
    let values = [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("it's 'ä'".to_owned()),
        Value::Blob(vec![0, 255]),
        Value::Text(String::new()),
        Value::Blob(Vec::new()),
    ];
    let rows = driver.query("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 UNION ALL SELECT 1, 2, 3, 4, 5, 6, 7", &values)?;
    assert_eq!(rows, [values.to_vec(), (1..=7).map(Value::Integer).collect()]);
    Ok(())
}
