//! A set that needs a part of the runner and does not name it is refused: nothing runs otherwise than it should.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::{Migrator, Parts, Rules, Set, StoreSql};
use support::*;

const PLAIN: Rules = Rules { store_sql: StoreSql::None, ..Rules::DEFAULT };

fn with_parts(files: Vec<File>, rules: Rules, parts: Parts) -> Runner {
    Migrator::new(Box::leak(Box::new(Set { parts, ..*set_with(files, rules) })))
}

/// What needs `part` is refused without it, and runs with it.
fn check(needy: File, rules: Rules, part: Parts, what: &str) {
    let mut db = memory();
    let files = vec![file("001_a", &["CREATE TABLE a (x)"]), needy];
    let first = with_parts(files[..1].to_vec(), PLAIN, Parts::NONE);
    assert_eq!(first.up(&mut db).unwrap().applied.len(), 1);

    let error = with_parts(files.clone(), rules, Parts::NONE).up(&mut db).unwrap_err();
    let message = format!("the program was built without the part of the runner that {what}");
    assert!(error.to_string().contains(&message), "{error}");
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM _migrations"), "001_a");
    assert_eq!(ask(&db, "SELECT count(*) FROM a"), "0");

    let run = |_: u32, _: &rusqlite::Connection| Ok(());
    let report = with_parts(files, rules, part).with_code(run).up(&mut db).unwrap();
    assert_eq!(report.applied.len(), 1);
}

#[test]
fn what_needs_a_part_does_not_run_without_it() {
    let none = Parts::NONE;
    let fill = || file("002_b", &["INSERT INTO a VALUES (1)"]);
    check(file("002_b", &["assert:SELECT 1", "CREATE TABLE b (x)"]), PLAIN, none.assertions(), "asks for what");
    check(file("002_b", &["DROP TABLE a"]), PLAIN, none.foreign_keys(), "drops tables");
    check(fill().foreign_keys(false), PLAIN, none.foreign_keys(), "runs scripts without foreign keys");
    check(fill().requires(&["001_a"]), PLAIN, none.requirements(), "looks for required migrations");
    check(file("002_b", &["PRAGMA cache_size = 9"]), PLAIN, none.settings(), "puts settings back");
    let vacuum = || file("002_b", &["VACUUM"]).no_transaction();
    let both = none.settings().without_transaction();
    check(vacuum(), PLAIN, both, "runs scripts without a transaction");
    check(fill().no_transaction(), PLAIN, none.without_transaction(), "runs scripts without a transaction");
    check(fill().down(&["DELETE FROM a"]), Rules::DEFAULT, none.texts(), "keeps texts");
    check(fill(), Rules { store_sql: StoreSql::All, ..PLAIN }, none.texts(), "keeps texts");
}

#[test]
fn what_sets_something_without_a_transaction_needs_the_part_that_puts_it_back() {
    let files = || vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_b", &["VACUUM"]).no_transaction()];
    let mut db = memory();
    let bare = Parts::NONE.without_transaction();
    let error = with_parts(files(), PLAIN, bare).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("that puts settings back"), "{error}");
    assert_eq!(ask(&db, "SELECT group_concat(name) FROM _migrations"), "001_a");
    with_parts(files(), PLAIN, bare.settings()).up(&mut db).unwrap();
}

#[test]
fn rust_runs_with_its_part_alone() {
    let files = || vec![file("001_a", &["CREATE TABLE a (x)", "rust:1"])];
    let run = |_: u32, _: &rusqlite::Connection| Ok(());
    let mut db = memory();
    let error =
        with_parts(files(), PLAIN, Parts::NONE.foreign_keys().settings()).with_code(run).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("that runs Rust"), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'a'"), "0");
    with_parts(files(), PLAIN, Parts::NONE.foreign_keys().code().settings()).with_code(run).up(&mut db).unwrap();
}

#[test]
fn what_another_program_stopped_in_is_told_without_the_part_that_goes_on() {
    let mut db = memory();
    let runner = || with_parts(vec![file("001_a", &["CREATE TABLE a (x)"])], PLAIN, Parts::NONE);
    runner().up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET state = 'running'");
    let error = runner().up(&mut db).unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    assert!(error.to_string().contains("`001_a` was interrupted"), "{error}");
}

#[test]
fn a_down_script_has_all_parts() {
    let back = file("001_a", &["CREATE TABLE a (x)"]).down(&["assert:SELECT 1", "DROP TABLE a"]);
    let mut db = memory();
    let runner = with_parts(vec![back], Rules::DEFAULT, Parts::NONE.texts());
    runner.up(&mut db).unwrap();
    assert_eq!(runner.down(&mut db).unwrap().rolled_back.len(), 1);
}
