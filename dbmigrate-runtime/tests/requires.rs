//! `requires` of another set: a migration waits until that set, in the same history, has it applied.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::time::Duration;

use dbmigrate_runtime::{ErrorKind, Migrator, NoBackend};
use rusqlite::Connection;
use support::fault::FaultyDriver;
use support::package::package;
use support::*;

fn app() -> Runner {
    let needy = file("002_b", &["CREATE TABLE b (x)"]).requires(&["001_a", "billing/001_invoices"]);
    package(vec![file("001_a", &["CREATE TABLE a (x)"]), needy]).runner()
}

fn billing() -> Runner {
    let invoices = file("001_invoices", &["CREATE TABLE invoices (x)"]).down(&["DROP TABLE invoices"]);
    package(vec![invoices]).name("billing").runner().allow_existing_schema()
}

#[test]
fn it_is_met_once_the_other_set_has_it_applied() {
    let mut db = memory();
    let error = app().up(&mut db).unwrap_err();
    assert!(error.is_requirement(), "{error}");
    let message =
        "`002_b` requires `001_invoices` of the set `billing`, which is not applied\n  --> migrations/002_b.sql";
    assert!(error.to_string().starts_with(message), "{error}");
    assert!(error.help()[0].contains("apply the set `billing` first"), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    // There is a history, but not of that set.
    app().up_to(&mut db, 1_u64).unwrap();
    assert!(app().up(&mut db).unwrap_err().is_requirement());
    billing().up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET state = 'running' WHERE set_name = 'billing'");
    assert!(app().up(&mut db).unwrap_err().is_requirement());
    run(&db, "UPDATE _migrations SET state = 'applied' WHERE set_name = 'billing'");
    assert_eq!(app().up(&mut db).unwrap().applied.len(), 1);
    assert!(app().up(&mut db).unwrap().is_empty());
    // Who checks the history is told where it is no more.
    assert_eq!(app().verify(&mut db).unwrap().problems, []);
    billing().forget(&mut db, 1_u64).unwrap();
    let problems = app().verify(&mut db).unwrap().problems;
    assert_eq!((problems.len(), problems[0].kind), (1, ErrorKind::Requirement), "{problems:?}");
    assert!(problems[0].message.starts_with("`002_b` requires `001_invoices`"), "{problems:?}");
}

#[test]
fn redo_asks_before_it_rolls_back() {
    let needy = file("002_b", &["CREATE TABLE b (x)"]).down(&["DROP TABLE b"]).requires(&["billing/001_invoices"]);
    let app = package(vec![file("001_a", &["CREATE TABLE a (x)"]), needy]).runner();
    let mut db = memory();
    app.up_to(&mut db, 1_u64).unwrap();
    billing().up(&mut db).unwrap();
    app.up(&mut db).unwrap();
    run(&db, "INSERT INTO b VALUES (1)");
    billing().forget(&mut db, 1_u64).unwrap();
    assert!(app.redo(&mut db).unwrap_err().is_requirement());
    assert_eq!(ask(&db, "SELECT count(*) FROM b"), "1");
}

#[test]
fn the_same_name_in_this_set_does_not_meet_it() {
    let own = file("001_invoices", &["CREATE TABLE a (x)"]);
    let needy = file("002_b", &["CREATE TABLE b (x)"]).requires(&["billing/001_invoices"]);
    assert!(package(vec![own, needy]).runner().up(&mut memory()).unwrap_err().is_requirement());
}

#[test]
fn it_is_asked_again_under_the_lock() {
    for needy in [file("002_b", &["CREATE TABLE b (x)"]), file("002_b", &["CREATE TABLE b (x)"]).no_transaction()] {
        let files = vec![file("001_a", &["CREATE TABLE a (x)"]), needy.requires(&["billing/001_invoices"])];
        let migrator: Migrator<'_, NoBackend> = Migrator::new(package(files).set()).allow_existing_schema();
        let folder = Folder::new();
        let mut refused = 0;
        for at in 0.. {
            let path = folder.file(&format!("{at}.db"));
            let mut db = Connection::open(&path).unwrap();
            billing().up(&mut db).unwrap();
            let rolled_back = std::cell::Cell::new(false);
            let mut meddle = || {
                let mut other = Connection::open(&path).unwrap();
                other.busy_timeout(Duration::ZERO).unwrap();
                rolled_back.set(billing().busy_timeout(Duration::ZERO).down(&mut other).is_ok());
            };
            let mut driver = FaultyDriver::meddled(&mut db, at, &mut meddle);
            let result = migrator.up_with(&mut driver);
            let is_over = driver.calls.len() <= at;
            // From the first of these on it holds the lock, or is on record as running.
            let last = |start: &str| driver.calls.iter().rposition(|sql| sql.starts_with(start));
            let began = last("CREATE TABLE b").min(last("INSERT INTO main.\"_migrations\""));
            drop(driver);
            let has_b = ask(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'b'") == "1";
            match result {
                Ok(_) => assert!(has_b && (!rolled_back.get() || began.is_some_and(|began| began < at)), "{at}"),
                Err(error) => {
                    assert!(error.is_requirement() && rolled_back.get() && !has_b, "{at}: {error}");
                    refused += 1;
                }
            }
            if is_over {
                break;
            }
        }
        assert!(refused > 2, "{refused}");
    }
}

#[test]
fn mark_leaves_other_sets_out() {
    let mut db = memory();
    run(&db, "CREATE TABLE a (x); CREATE TABLE b (x)");
    assert_eq!(app().mark(&mut db).unwrap().recorded.len(), 2);
}
