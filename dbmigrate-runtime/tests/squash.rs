//! A squash meets databases that have what it replaces, while everything goes wrong, and somebody else is at work.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use dbmigrate_runtime::{Error, Migrator, NoBackend, Set, Squash};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::*;

fn originals() -> Vec<File> {
    vec![
        file("001_a", &["CREATE TABLE a (x)"]),
        file("002_b", &["CREATE TABLE b (x)", "INSERT INTO b VALUES (1)"]),
        file("003_c", &["CREATE TABLE c (x)"]),
    ]
}

fn later() -> File {
    file("004_d", &["CREATE TABLE d (x)"])
}

/// All four, as the program was before the squash.
fn before() -> Vec<File> {
    originals().into_iter().chain([later()]).collect()
}

/// A squash of the first three, and what comes after it.
fn squashed() -> &'static Set<'static> {
    let all = ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)", "INSERT INTO b VALUES (1)"];
    let squash = file("003_all", &all).irreversible("it replaces 001 to 003");
    let migrations = set(originals()).migrations;
    let squash_of = Squash { name: "003_all", migrations, inner: None, pruned: None };
    Box::leak(Box::new(Set { squash: Some(squash_of), ..*set(vec![squash, later()]) }))
}

fn runner_of(set: &'static Set<'static>) -> Migrator<'static, NoBackend> {
    Migrator::new(set).busy_timeout(Duration::ZERO)
}

/// Everything but the history, which tells what the times were.
fn made(db: &Connection) -> String {
    let tables = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE tbl_name NOT LIKE '\\_migr%' \
                  ESCAPE '\\' ORDER BY name)";
    let rows = if ask(db, tables).contains('b') { ask(db, "SELECT group_concat(x) FROM b") } else { String::new() };
    format!("{}: {rows}", ask(db, tables))
}

const WHOLE: &str = "a,b,c,d,sqlite_sequence: 1";

/// A database file with the first migrations of the program from before.
fn database(folder: &Folder, version: u64) -> (std::path::PathBuf, Connection) {
    let path = folder.file("app.db");
    let _ = std::fs::remove_file(&path);
    let mut db = Connection::open(&path).unwrap();
    run(&db, "PRAGMA synchronous = 0");
    if version > 0 {
        runner(before()).up_to(&mut db, version).unwrap();
    }
    (path, db)
}

#[test]
fn a_start_with_nothing_pending_is_one_read_once_it_is_recorded() {
    for version in [0, 2, 3, 4] {
        let (mut db, set) = (memory(), squashed());
        if version > 0 {
            runner(before()).up_to(&mut db, version as u64).unwrap();
        }
        let calls = |db: &mut Connection| {
            let mut driver = FaultyDriver::new(db, Fault::None, 0);
            runner_of(set).up_with(&mut driver).unwrap();
            driver.calls.len()
        };
        assert!(calls(&mut db) > 1, "{version}");
        assert_eq!(calls(&mut db), 1, "{version}");
        // What it says of the squash is none of what it said of one of those that it replaces.
        let row = "SELECT statements_done || ' ' || (duration_us IS NULL AND steps_us IS NULL) FROM _migrations \
                   WHERE number = 3";
        assert_eq!(ask(&db, row), if version == 0 { "4 0" } else { "4 1" }, "{version}");
        assert_eq!((made(&db).as_str(), history(&db).as_str()), (WHOLE, "003_all 004_d"), "{version}");
    }
}

#[test]
fn a_fault_at_any_call_leaves_a_whole_step_and_the_next_start_ends_it() {
    let folder = Folder::new();
    for version in [1, 3, 4] {
        let (_, mut db) = database(&folder, version);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        runner_of(squashed()).up_with(&mut driver).unwrap();
        let calls = driver.calls;
        assert!(calls.len() > 10, "{calls:#?}");
        for fault in [Fault::Once, Fault::Dead, Fault::Panic, Fault::Busy, Fault::Gone, Fault::Lost] {
            for (at, call) in calls.iter().enumerate() {
                let (path, mut db) = database(&folder, version);
                let mut driver = FaultyDriver::new(&mut db, fault, at);
                let result = catch_unwind(AssertUnwindSafe(|| runner_of(squashed()).up_with(&mut driver)));
                drop(driver);
                if fault == Fault::Dead {
                    drop(db);
                    db = Connection::open(&path).unwrap();
                } else {
                    assert!(db.is_autocommit(), "{version}: {fault:?} at {call}");
                }
                // Either the rows of the originals, as many as there are, or the one of the squash: never both.
                let rows = history(&db);
                let known = [
                    "001_a",
                    "001_a 002_b",
                    "001_a 002_b 003_c",
                    "001_a 002_b 003_c 004_d",
                    "003_all",
                    "003_all 004_d",
                ];
                assert!(known.contains(&rows.as_str()), "{version}: {fault:?} at {call}: {rows}");
                if matches!(result, Ok(Ok(_))) {
                    assert_eq!(made(&db), WHOLE, "{version}: {fault:?} at {call}");
                }
                runner_of(squashed()).up_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap();
                assert_eq!(made(&db), WHOLE, "{version}: {fault:?} at {call}");
                assert_eq!(history(&db), "003_all 004_d", "{version}: {fault:?} at {call}");
            }
        }
    }
}

#[test]
fn somebody_who_is_faster_at_any_call_leaves_the_same() {
    let folder = Folder::new();
    for version in [0, 1, 3, 4] {
        let (_, mut db) = database(&folder, version);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        runner_of(squashed()).up_with(&mut driver).unwrap();
        for at in 0..driver.calls.len() {
            let (path, mut db) = database(&folder, version);
            let mut other = || {
                let mut other = Connection::open(&path).unwrap();
                other.busy_timeout(Duration::ZERO).unwrap();
                // Whoever holds the lock already is left alone.
                let mut driver = FaultyDriver::new(&mut other, Fault::None, 0);
                let _ = runner_of(squashed()).up_with(&mut driver);
            };
            let mut driver = FaultyDriver::meddled(&mut db, at, &mut other);
            runner_of(squashed()).up_with(&mut driver).unwrap_or_else(|error| panic!("{version}, {at}: {error}"));
            assert_eq!(made(&db), WHOLE, "{version}, {at}");
            assert_eq!(history(&db), "003_all 004_d", "{version}, {at}");
        }
    }
}

#[test]
fn rows_that_are_not_those_that_it_replaces_are_never_taken_for_it() {
    type Is = fn(&Error) -> bool;
    let cases: [(&str, Is); 5] = [
        ("UPDATE _migrations SET checksum = 'v1:x' WHERE number = 2", Error::is_edited),
        ("UPDATE _migrations SET name = '002_other' WHERE number = 2", Error::is_renamed),
        ("UPDATE _migrations SET name = '003_other' WHERE number = 3", Error::is_renamed),
        ("UPDATE _migrations SET state = 'running' WHERE number = 2", Error::is_interrupted),
        ("DELETE FROM _migrations WHERE number = 2", Error::is_late),
    ];
    for (change, is) in cases {
        for version in [3_u64, 4] {
            let mut db = memory();
            runner(before()).up_to(&mut db, version).unwrap();
            run(&db, change);
            let rows = history(&db);
            let error = runner_of(squashed()).up_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap_err();
            assert!(is(&error), "{change}: {error}");
            assert_eq!(history(&db), rows, "{change}");
        }
    }
}

/// Whoever changes the history by hand, or by an older version, meets a row that he does not know, and a reason.
#[test]
fn the_program_from_before_is_refused_and_changes_nothing() {
    let mut db = memory();
    runner(before()).up(&mut db).unwrap();
    runner_of(squashed()).up_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap();
    let whole = dump(&db);
    let error = runner(before()).up(&mut db).unwrap_err();
    assert!(error.is_renamed() && error.is_late(), "{error}");
    assert!(error.to_string().contains("`003_c` has the number of `003_all`, which is applied"), "{error}");
    assert_eq!(dump(&db), whole);
}

#[test]
fn who_is_overtaken_in_a_file_without_a_transaction_goes_on_from_the_squash() {
    let steps = ["CREATE TABLE b (x)", "INSERT INTO b VALUES (1)"];
    let bare =
        || vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_b", &steps).no_transaction(), originals()[2].clone()];
    let squash_of = Squash { migrations: set(bare()).migrations, ..squashed().squash.unwrap() };
    let squashed: &'static Set<'static> = Box::leak(Box::new(Set { squash: Some(squash_of), ..*squashed() }));
    let folder = Folder::new();
    let at = {
        let (_, mut db) = database(&folder, 1);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        runner_of(squashed).up_with(&mut driver).unwrap();
        driver.begin_of(steps[1])
    };
    let (path, mut db) = database(&folder, 1);
    let mut finish = || {
        drop(
            runner_of(squashed)
                .up_with(&mut FaultyDriver::new(&mut Connection::open(&path).unwrap(), Fault::None, 0))
                .unwrap(),
        )
    };
    let mut driver = FaultyDriver::meddled(&mut db, at, &mut finish);
    runner_of(squashed).up_with(&mut driver).unwrap();
    assert_eq!((made(&db).as_str(), history(&db).as_str()), (WHOLE, "003_all 004_d"));
}
