//! `hooks/before_all.sql` and `hooks/after_all.sql`: each in a transaction of its own, around what `up` applies.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use dbmigrate_runtime::{Migrator, NoBackend, Rehearse, Rules, TransactionMode};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::package::{Package, package};
use support::*;

const BEFORE: &[&str] = &["CREATE TABLE IF NOT EXISTS log (x)", "INSERT INTO log VALUES ('before')"];
const AFTER: &[&str] = &["INSERT INTO log VALUES ('after')"];
const FILE_BEFORE: &str = "migrations/hooks/before_all.sql";
const FILE_AFTER: &str = "migrations/hooks/after_all.sql";

/// As many migrations as asked for that each leave a word in the log.
fn files(count: usize) -> Vec<File> {
    let words = [
        file("001_a", &["INSERT INTO log VALUES ('a')"]).down(&["INSERT INTO log VALUES ('-a')"]),
        file("002_b", &["INSERT INTO log VALUES ('b')"]).foreign_keys(false).down(&["INSERT INTO log VALUES ('-b')"]),
        file("003_c", &["INSERT INTO log VALUES ('c')"]).no_transaction(),
        file("004_d", &["INSERT INTO log VALUES ('d')"]).down(&["INSERT INTO log VALUES ('-d')"]),
    ];
    words.into_iter().take(count).collect()
}

fn hooked(count: usize) -> Package {
    package(files(count)).before(BEFORE).after(AFTER)
}

fn log(db: &Connection) -> String {
    ask(db, "SELECT group_concat(x, ' ') FROM (SELECT x FROM log ORDER BY rowid)")
}

#[test]
fn they_run_once_around_what_is_applied() {
    let mut db = memory();
    let report = hooked(2).runner().up(&mut db).unwrap();
    assert_eq!(log(&db), "before a b after");
    assert_eq!((report.applied.len(), history(&db).as_str()), (2, "001_a 002_b"));
    assert!(hooked(2).runner().up(&mut db).unwrap().is_empty());
    assert!(hooked(4).runner().up_to(&mut db, 2_u64).unwrap().is_empty());
    assert_eq!(log(&db), "before a b after");
    hooked(4).runner().up_to(&mut db, 3_u64).unwrap();
    hooked(4).runner().up(&mut db).unwrap();
    assert_eq!(log(&db), "before a b after before c after before d after");
    assert!(hooked(4).runner().verify(&mut db).unwrap().is_ok());
}

#[test]
fn they_are_no_part_of_the_down_script_but_of_its_repetition() {
    let mut db = memory();
    hooked(2).runner().up(&mut db).unwrap();
    hooked(2).runner().down(&mut db).unwrap();
    assert_eq!(log(&db), "before a b after -b");
    hooked(2).runner().up(&mut db).unwrap();
    hooked(2).runner().redo(&mut db).unwrap();
    assert_eq!(log(&db), "before a b after -b before b after -b before b after");
}

#[test]
fn they_have_transactions_of_their_own_where_all_share_one() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let mut db = memory();
    let failing = || {
        let mut files = files(2);
        files.push(file("003_c", &["INSERT INTO log VALUES ('c')", "INSERT INTO nowhere VALUES (1)"]));
        package(files).rules(rules).before(BEFORE).after(AFTER).runner()
    };
    failing().up(&mut db).unwrap_err();
    assert_eq!((log(&db).as_str(), history(&db).as_str()), ("before", ""));
    // `b` wants foreign keys off, so that the first attempt starts over; the hooks don't.
    hooked(2).rules(rules).runner().up(&mut db).unwrap();
    assert_eq!(log(&db), "before before a b after");
    let mut db = memory();
    let failing = package(files(2)).rules(rules).before(BEFORE).after(&["INSERT INTO nowhere VALUES (1)"]);
    assert_eq!(failing.runner().up(&mut db).unwrap_err().report().applied.len(), 2);
    assert_eq!((log(&db).as_str(), history(&db).as_str()), ("before a b", "001_a 002_b"));
}

#[test]
fn each_has_the_foreign_keys_that_it_needs_where_all_share_one_transaction() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    const REBUILD: [&str; 4] = [
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO n SELECT * FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE n RENAME TO parent",
    ];
    // What one needs off is on for the next, so that its cascade happens.
    let check = |before: &[&'static str], migration: &[&'static str], after: &[&'static str]| {
        let family = || vec![family("ON DELETE CASCADE")];
        let mut db = memory();
        package(family()).runner().up(&mut db).unwrap();
        let mut files = family();
        files.push(file("002_b", migration));
        package(files).rules(rules).before(before).after(after).runner().up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT group_concat(parent) FROM child"), "2");
    };
    const DELETE: &[&str] = &["DELETE FROM parent WHERE id = 1"];
    check(&REBUILD, DELETE, &[]);
    check(&[], &REBUILD, DELETE);
}

#[test]
fn what_nobody_can_write_runs_in_a_transaction_all_the_same() {
    let mut db = memory();
    hooked(1).hooks_without_transaction().runner().up(&mut db).unwrap();
    assert_eq!(log(&db), "before a after");
}

#[test]
fn a_run_ends_with_the_last_whatever_that_does() {
    let after = &["INSERT INTO log VALUES ('after')", "DELETE FROM _migrations WHERE number = 2"];
    let mut db = memory();
    let migrator = || package(files(2)).before(BEFORE).after(after).runner();
    migrator().up(&mut db).unwrap();
    assert_eq!((log(&db).as_str(), history(&db).as_str()), ("before a b after", "001_a"));
    migrator().up(&mut db).unwrap();
    assert_eq!(log(&db), "before a b after before b after");
}

#[test]
fn progress_names_their_files_and_other_calls_do_not_know_them() {
    let (steps, others) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let migrator: Migrator<'_, driver::Rusqlite> = Migrator::new(hooked(1).set())
        .on_progress(|progress| {
            steps.borrow_mut().push(format!("{} {}/{}", progress.name, progress.step, progress.of));
        })
        .before_each(|upcoming| {
            others.borrow_mut().push(upcoming.name.to_owned());
            Ok(())
        })
        .after_each(|done| others.borrow_mut().push(done.name.clone()));
    migrator.up(&mut memory()).unwrap();
    let hooks = [format!("{FILE_BEFORE} 1/2"), format!("{FILE_BEFORE} 2/2"), format!("{FILE_AFTER} 1/1")];
    assert_eq!(*steps.borrow(), [&hooks[0], &hooks[1], "001_a 1/1", &hooks[2]]);
    assert_eq!(*others.borrow(), ["001_a", "001_a"]);
}

#[test]
fn a_program_that_objects_is_not_told_to_correct_a_file() {
    let migrator: Migrator<'_, driver::Rusqlite> = Migrator::new(package(files(1)).set());
    let mut db = memory();
    let error = migrator.before_each(|_| Err("not today".into())).up(&mut db).unwrap_err();
    assert!(error.is_hook() && error.to_string().contains("stopped before `001_a`: not today"), "{error}");
    assert_eq!(error.help(), ["the next run continues there"]);
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
}

#[test]
fn nothing_is_applied_where_the_first_fails() {
    let failing = || package(files(2)).before(&["CREATE TABLE log (x)", "INSERT INTO nowhere VALUES (1)"]).runner();
    let mut db = memory();
    let error = failing().up(&mut db).unwrap_err();
    assert!(error.report().is_empty());
    assert_eq!((error.file(), error.line()), (Some(FILE_BEFORE), Some(3)));
    let text = error.to_string();
    assert!(text.starts_with(&format!("`{FILE_BEFORE}` failed: no such table: nowhere")), "{text}");
    assert!(text.contains("note: it was rolled back, and nothing was applied"), "{text}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
    run(&db, "CREATE TABLE nowhere (x)");
    failing().allow_existing_schema().up(&mut db).unwrap();
    assert_eq!(log(&db), "a b");
}

#[test]
fn what_was_applied_stays_where_the_last_fails() {
    let failing = |count| package(files(count)).before(BEFORE).after(&["INSERT INTO nowhere VALUES (1)"]).runner();
    let mut db = memory();
    let error = failing(2).up(&mut db).unwrap_err();
    assert_eq!((error.file(), error.report().applied.len()), (Some(FILE_AFTER), 2));
    let text = error.to_string();
    assert!(text.contains("the 2 before it stay as they are"), "{text}");
    assert!(text.contains("it runs again after what the next `cargo dbmigrate up` applies"), "{text}");
    assert_eq!((log(&db).as_str(), history(&db).as_str()), ("before a b", "001_a 002_b"));
    assert!(failing(2).up(&mut db).unwrap().is_empty());
    assert_eq!(failing(4).up(&mut db).unwrap_err().report().applied.len(), 2);
    assert_eq!(log(&db), "before a b before c d");
}

#[test]
fn what_a_migration_leaves_undone_ends_the_run_before_the_last() {
    let mut files = files(3);
    files[1] = file("002_b", &["INSERT INTO nowhere VALUES (1)"]);
    let mut db = memory();
    package(files).before(BEFORE).after(AFTER).runner().up(&mut db).unwrap_err();
    assert_eq!(log(&db), "before a");
}

#[test]
fn foreign_keys_hold_in_them_as_in_migrations() {
    let check = |statements: &[&'static str]| {
        let mut db = memory();
        package(vec![family("ON DELETE CASCADE")]).runner().up(&mut db).unwrap();
        let files = || vec![family("ON DELETE CASCADE"), file("002_b", &["CREATE TABLE b (x)"])];
        let before = package(files()).before(statements).runner().up(&mut db);
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
        assert_eq!(objects(&db).contains('b'), before.is_ok());
        let after = package(files()).after(statements).runner().up(&mut db);
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
        assert!(after.is_ok() || before.is_err());
        assert!(db.is_autocommit());
        (before.map(drop), ask(&db, "SELECT group_concat(parent) FROM child"))
    };
    // A rebuild loses no child; an orphan is refused, and so is whoever takes the transaction away.
    let rebuild = [
        "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO n SELECT * FROM parent",
        "DROP TABLE parent",
        "ALTER TABLE n RENAME TO parent",
    ];
    let (result, children) = check(&rebuild);
    result.unwrap();
    assert_eq!(children, "1,2");
    let mut orphan = rebuild;
    orphan[1] = "INSERT INTO n SELECT * FROM parent WHERE id = 1";
    let (result, children) = check(&orphan);
    assert!(result.unwrap_err().is_foreign_key());
    assert_eq!(children, "1,2");
    let (result, _) = check(&["COMMIT"]);
    assert!(result.unwrap_err().is_transaction_ended());
}

#[test]
fn what_they_tolerate_is_reported() {
    let mut db = memory();
    run(&db, "CREATE TABLE log (x)");
    let before = &["CREATE TABLE log (x)", "INSERT INTO log VALUES ('before')"];
    let migrator = package(files(1)).before(before).tolerant_hooks().runner().allow_existing_schema();
    let skipped = [format!("skipped {FILE_BEFORE}:2: table log already exists")];
    assert_eq!(migrator.rehearse(&mut db, Rehearse::Up).unwrap().notes, skipped);
    assert_eq!(migrator.up(&mut db).unwrap().notes, skipped);
    assert_eq!(log(&db), "before a");
}

#[test]
fn they_assert_too() {
    let mut db = memory();
    let before = &["assert:SELECT count(*) = 0 FROM sqlite_master WHERE name = 'b'", "CREATE TABLE b (x)"];
    run(&db, "CREATE TABLE log (x); CREATE TABLE b (x)");
    let migrator = || package(files(1)).before(before).runner().allow_existing_schema();
    assert!(migrator().up(&mut db).unwrap_err().is_assertion());
    run(&db, "DROP TABLE b");
    migrator().up(&mut db).unwrap();
    assert_eq!(log(&db), "a");
}

/// Each migration ran once, and with the hooks of some run around all of them.
fn assert_ends_well(path: &Path) {
    let db = Connection::open(path).unwrap();
    let log = log(&db);
    let words: Vec<&str> = log.split(' ').collect();
    let at = |word: &str| words.iter().position(|other| *other == word).unwrap();
    assert_eq!(words.iter().filter(|word| word.len() == 1).copied().collect::<String>(), "abcd", "{log}");
    let last_before = words.iter().rposition(|word| *word == "before").unwrap();
    assert!(words[0] == "before" && last_before < at("d"), "{log}");
    assert_eq!(words.last(), Some(&"after"), "{log}");
}

#[test]
fn eight_threads_at_once() {
    for _ in 0..6 {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut db = Connection::open(&path).unwrap();
                    db.busy_timeout(Duration::ZERO).unwrap();
                    barrier.wait();
                    hooked(4).runner().up(&mut db).unwrap();
                });
            }
        });
        assert_ends_well(&path);
    }
}

#[test]
fn another_process_may_come_between_any_two_calls() {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(hooked(4).set());
    let open = |path: &Path| {
        let db = Connection::open(path).unwrap();
        db.busy_timeout(Duration::ZERO).unwrap();
        run(&db, "PRAGMA synchronous = 0");
        db
    };
    let folder = Folder::new();
    let mut first = open(&folder.file("first.db"));
    let mut driver = FaultyDriver::new(&mut first, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    for at in 0..driver.calls.len() {
        let path = folder.file(&format!("{at}.db"));
        let mut db = open(&path);
        let mut other = || {
            let result = hooked(4).runner().busy_timeout(Duration::ZERO).up(&mut open(&path));
            assert!(result.as_ref().map_or_else(|error| error.is_busy(), |_| true), "{at}: {result:?}");
        };
        migrator.up_with(&mut FaultyDriver::meddled(&mut db, at, &mut other)).unwrap();
        assert_ends_well(&path);
    }
}
