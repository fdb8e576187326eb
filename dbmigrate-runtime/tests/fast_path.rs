//! A start with nothing pending: one read, no lock, no write, and still the truth.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::{Migrator, NewerDatabase, NoBackend, Rules};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::*;

fn three() -> Vec<File> {
    vec![
        file("001_a", &["CREATE TABLE a (x)"]),
        file("002_b", &["CREATE TABLE b (x)"]),
        file("003_c", &["CREATE TABLE IF NOT EXISTS c (x)"]),
    ]
}

/// The statements of an `up`.
fn calls(db: &mut Connection) -> Vec<String> {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(three()));
    let mut driver = FaultyDriver::new(db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    driver.calls
}

#[test]
fn one_read_and_nothing_else() {
    let mut db = memory();
    assert!(calls(&mut db).len() > 1);
    assert_eq!(
        calls(&mut db),
        ["SELECT set_name, format, chain, EXISTS (SELECT 1 FROM main.\"_migrations\") FROM main.\"_migrations_head\""]
    );
}

#[test]
fn it_needs_no_lock_and_no_right_to_write() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    runner(three()).up(&mut Connection::open(&path).unwrap()).unwrap();
    let writer = Connection::open(&path).unwrap();
    run(&writer, "BEGIN IMMEDIATE");
    let mut reader = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(calls(&mut reader).len(), 1);
}

#[test]
fn it_leaves_nothing_open_and_sees_what_others_have_done_since() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = Connection::open(&path).unwrap();
    runner(three()[..2].to_vec()).up(&mut db).unwrap();
    // The connection knows the schema from now on, and another one changes that.
    assert!(runner(three()[..2].to_vec()).up(&mut db).unwrap().is_empty());
    let mut other = Connection::open(&path).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    run(&other, "BEGIN EXCLUSIVE; ROLLBACK");
    assert_eq!(runner(three()).up(&mut other).unwrap().applied.len(), 1);
    assert!(runner(three()).up(&mut db).unwrap().is_empty());
    assert!(runner(three()[..2].to_vec()).up(&mut db).unwrap_err().is_newer_database());
    run(&other, "BEGIN EXCLUSIVE; ROLLBACK");
}

#[test]
fn whoever_changes_the_history_by_hand_is_believed() {
    let check = |change: &str| {
        let mut db = memory();
        runner(three()).up(&mut db).unwrap();
        run(&db, change);
        assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), "", "{change}");
        runner(three()).up(&mut db).map(|report| report.applied.len())
    };
    // Forgetting one runs it again.
    assert_eq!(check("DELETE FROM _migrations WHERE number = 3").unwrap(), 1);
    assert!(check("DELETE FROM _migrations WHERE number = 2").unwrap_err().is_late());
    assert!(check("UPDATE _migrations SET checksum = 'x' WHERE number = 1").unwrap_err().is_edited());
    assert!(
        check(
            "INSERT INTO _migrations (name, number, checksum, state, statements_done) VALUES ('9', 9, '', 'applied', 0)"
        )
        .unwrap_err()
        .is_newer_database()
    );
    assert_eq!(check("UPDATE _migrations SET tool = 'me'").unwrap(), 0);
}

#[test]
fn a_history_that_is_gone_is_noticed() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    run(&db, "DROP TABLE _migrations");
    assert!(runner(three()).up(&mut db).unwrap_err().is_existing_schema());
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    run(&db, "DROP TABLE _migrations_head");
    assert!(calls(&mut db).len() > 1);
    assert_eq!(calls(&mut db).len(), 1);
    // A table that was made again by hand has no triggers, and the head knows nothing of it.
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    let history = ask(&db, "SELECT sql FROM sqlite_master WHERE name = '_migrations'");
    run(&db, &format!("DROP TABLE _migrations; {history}"));
    assert_eq!(runner(three()).up(&mut db).unwrap_err().file(), Some("migrations/001_a.sql"));
}

#[test]
fn a_head_that_was_cleared_is_written_again_if_it_can_be() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = Connection::open(&path).unwrap();
    runner(three()).up(&mut db).unwrap();
    let clear = || run(&Connection::open(&path).unwrap(), "UPDATE _migrations_head SET chain = ''");
    clear();
    let mut reader = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert!(calls(&mut reader).len() > 1);
    let writer = Connection::open(&path).unwrap();
    run(&writer, "BEGIN IMMEDIATE");
    db.busy_timeout(std::time::Duration::ZERO).unwrap();
    assert!(calls(&mut db).len() > 1);
    run(&writer, "ROLLBACK");
    assert!(calls(&mut db).len() > 1);
    assert_eq!(calls(&mut db).len(), 1);
}

#[test]
fn a_head_that_lies_is_found_by_verify() {
    let mut db = memory();
    runner(three()).up_to(&mut db, 2_u64).unwrap();
    assert!(runner(three()).verify(&mut db).unwrap().is_ok());
    db.execute("UPDATE _migrations_head SET chain = ?1", [set(three()).migrations[2].chain]).unwrap();
    let problems = runner(three()).verify(&mut db).unwrap().problems;
    assert_eq!(problems[0].kind, dbmigrate_runtime::ErrorKind::Head);
    assert!(problems[0].help[0].contains("repair --all"), "{problems:?}");
    let plan = runner(three()).repair_plan(&mut db).unwrap();
    let repairs = runner(three()).repair_all(&mut db, None).unwrap();
    assert_eq!((plan, repairs.left.len()), (repairs.done, 0));
    assert!(runner(three()).repair_plan(&mut db).unwrap().is_empty());
    assert!(runner(three()).verify(&mut db).unwrap().is_ok());
    assert_eq!(runner(three()).up(&mut db).unwrap().applied.len(), 1);
}

#[test]
fn an_older_program_that_is_let_run_leaves_the_head_of_the_newer_one() {
    let mut db = memory();
    runner(three()).up(&mut db).unwrap();
    let rules = Rules { newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
    let older: Migrator<'_, driver::Rusqlite> = Migrator::new(set_with(three()[..2].to_vec(), rules));
    let before = db.total_changes();
    assert!(older.up(&mut db).unwrap().is_empty());
    assert_eq!(db.total_changes(), before);
    assert_eq!(calls(&mut db).len(), 1);
}

#[test]
fn the_work_of_a_run_is_linear() {
    let count = |number: usize| {
        let files: Vec<File> = (1..=number)
            .map(|number| file(format!("{number:04}_x").leak(), &[format!("CREATE TABLE t{number} (x)").leak()]))
            .collect();
        let mut db = memory();
        run(&db, "CREATE TABLE old (x)");
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files)).allow_existing_schema();
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        migrator.up_with(&mut driver).unwrap();
        // Walking the rows once for each migration would be quadratic.
        let walks = driver.calls.iter().filter(|sql| sql.contains("ORDER BY id")).count();
        (driver.calls.len(), walks)
    };
    let (few, many) = (count(10), count(100));
    assert!(many.0 < few.0 * 11, "{few:?} {many:?}");
    assert_eq!(few.1, many.1);
}
