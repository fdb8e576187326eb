//! Fresh databases that start from a snapshot: the same database and the same history as the whole way makes, and the
//! whole way wherever something speaks against it.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use dbmigrate_runtime::{Migrator, Report, Rules, Set, TransactionMode};
use rusqlite::Connection;
use support::driver::Rusqlite;
use support::fault::{Fault, FaultyDriver};
use support::package::{Package, package};
use support::*;

fn files() -> Vec<File> {
    vec![
        file("001_a", &["CREATE TABLE a (id INTEGER PRIMARY KEY, x)", "INSERT INTO a (x) VALUES ('one'), ('two')"])
            .down(&["DROP TABLE a"]),
        file("002_b", &["CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a)", "INSERT INTO b VALUES (7, 2)"])
            .down(&["DROP TABLE b"]),
        file("003_c", &["CREATE TABLE c (x)", "INSERT INTO c SELECT x FROM a"]),
    ]
}

/// The child comes first, as no file may write it.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a)",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, x)",
    "INSERT INTO b (id, a) VALUES (7, 2)",
    "INSERT INTO a (id, x) VALUES (1, 'one'), (2, 'two')",
];

fn with_snapshot() -> Package {
    package(files()).snapshot(2, STATEMENTS)
}

/// As many migrations as the snapshot stood for; 0 where all of them ran.
fn stood_for(report: &Report) -> usize {
    report.snapshot.as_ref().map_or(0, |started| started.migrations)
}

fn names(report: &Report) -> Vec<&str> {
    report.applied.iter().map(|done| done.name.as_str()).collect()
}

/// What the whole way makes of an empty database.
fn walked() -> String {
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    dump(&db)
}

#[test]
fn a_fresh_database_starts_from_it_and_takes_the_rest() {
    let mut db = memory();
    let report = with_snapshot().runner().up(&mut db).unwrap();
    let started = report.snapshot.as_ref().unwrap();
    assert_eq!((started.file.as_str(), started.migrations), ("migrations/snapshot.sql", 2));
    assert_eq!(names(&report), ["001_a", "002_b", "003_c"]);
    assert!(report.applied[..2].iter().all(|done| done.duration == Duration::ZERO && done.steps.is_empty()));
    assert_eq!(dump(&db), walked());
    assert_eq!(ask(&db, "SELECT group_concat(id) FROM (SELECT id FROM _migrations ORDER BY id)"), "1,2,3");
    assert_eq!(ask(&db, "SELECT group_concat(duration_us IS NULL) FROM _migrations"), "1,1,0");
    assert_eq!(ask(&db, "SELECT count(*) FROM _migrations WHERE abs(julianday(applied_at) - julianday()) < 1"), "3");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    // From here on it is a database like any other.
    let migrator = with_snapshot().runner();
    assert!(migrator.up(&mut db).unwrap().is_empty());
    assert!(migrator.verify(&mut db).unwrap().is_ok());
    migrator.verify_schema(&mut db).unwrap();
    assert!(migrator.down_to(&mut db, 1_u64).unwrap_err().message().contains("003_c"));
}

#[test]
fn what_is_stored_for_the_down_script_is_what_the_whole_way_stores() {
    let down = |package: Package| {
        let mut db = memory();
        package.runner().up_to(&mut db, 2_u64).unwrap();
        let stored = ask(&db, "SELECT group_concat(down_sql, '|') FROM (SELECT * FROM _migrations ORDER BY id)");
        // A program that has the files no longer.
        runner(Vec::new()).down_all(&mut db).unwrap();
        (stored, objects(&db))
    };
    assert_eq!(down(with_snapshot()), down(package(files())));
}

#[test]
fn nothing_pending_stays_one_read() {
    let mut db = memory();
    let migrator = with_snapshot().runner();
    migrator.up(&mut db).unwrap();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    assert_eq!(driver.calls.len(), 1, "{:?}", driver.calls);
}

/// The whole way is gone, and the same comes out.
#[track_caller]
fn walks(package: Package, prepare: impl FnOnce(&mut Connection)) {
    let mut db = memory();
    prepare(&mut db);
    let report = package.runner().up(&mut db).unwrap();
    assert_eq!((stood_for(&report), names(&report)), (0, vec!["001_a", "002_b", "003_c"]));
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM c"), "one,two");
}

#[test]
fn whatever_is_in_doubt_walks() {
    walks(with_snapshot(), |db| run(db, "PRAGMA encoding = 'UTF-16'"));
    walks(with_snapshot(), |db| run(db, "PRAGMA user_version = 3"));
    walks(with_snapshot(), |db| run(db, "PRAGMA application_id = 3"));
    walks(with_snapshot(), |db| run(db, "PRAGMA case_sensitive_like = 1"));
    // It registers a function in the place of SQLite's, as a program may, be it the same.
    walks(with_snapshot(), |db| run(db, "PRAGMA case_sensitive_like = 0"));
    walks(with_snapshot(), |db| run(db, "PRAGMA full_column_names = 1"));
    walks(with_snapshot(), |db| run(db, "PRAGMA short_column_names = 0"));
    walks(with_snapshot(), |db| {
        let compares = |a: &str, b: &str| a.to_lowercase().cmp(&b.to_lowercase());
        db.create_collation("NOCASE", compares).unwrap();
    });
    walks(with_snapshot(), |db| run(db, "PRAGMA legacy_alter_table = 1"));
    walks(with_snapshot(), |db| run(db, "PRAGMA recursive_triggers = 1"));
    walks(with_snapshot(), |db| run(db, "PRAGMA reverse_unordered_selects = 1"));
    walks(with_snapshot(), |db| run(db, "CREATE TEMP TABLE mine (x)"));
    walks(with_snapshot(), |db| run(db, "ATTACH ':memory:' AS other"));
    walks(with_snapshot(), |db| run(db, "CREATE TABLE s (x INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE s; ANALYZE"));
    // A statement of it fails, at the beginning, in the middle, or as the database holds a table of this name by then.
    walks(package(files()).snapshot(2, &["CREATE TABLE a (id,"]), |_| {});
    walks(package(files()).snapshot(2, &["CREATE TABLE a (x)", "INSERT INTO nowhere VALUES (1)"]), |_| {});
    walks(package(files()).snapshot(2, &["ROLLBACK"]), |_| {});
    walks(package(files()).snapshot(2, &["CREATE TABLE _migrations (x)"]), |_| {});
    // No migration has that number.
    walks(package(files()).snapshot(9, STATEMENTS), |_| {});
    // The hook makes something.
    walks(with_snapshot().before(&["CREATE TABLE IF NOT EXISTS hooked (x)"]), |_| {});
    walks(with_snapshot().before(&["PRAGMA user_version = 1"]), |_| {});
    // What follows would have to fall with it.
    let all = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    walks(with_snapshot().rules(all), |_| {});
}

#[test]
fn what_it_set_before_it_failed_is_not_found_by_the_migrations() {
    let mut files = files();
    files[2] = file("003_c", &["CREATE TABLE c (x)", "INSERT INTO c SELECT 'a' LIKE 'A'"]);
    let mut db = memory();
    let set = &["PRAGMA case_sensitive_like = 1", "nonsense"];
    let report = package(files).snapshot(2, set).runner().up(&mut db).unwrap();
    assert_eq!((stood_for(&report), ask(&db, "SELECT x FROM c").as_str()), (0, "1"));
}

#[test]
fn of_other_migrations_it_is_of_no_use() {
    let set = with_snapshot().set();
    let mut files = files();
    files[1] = file("002_b", &["CREATE TABLE b (id INTEGER PRIMARY KEY, a)", "INSERT INTO b VALUES (8, 2)"]);
    let edited = package(files).set();
    let set: &'static Set<'static> = Box::leak(Box::new(Set { snapshot: set.snapshot, ..*edited }));
    let mut db = memory();
    let report = Migrator::<Rusqlite>::new(set).up(&mut db).unwrap();
    assert_eq!((stood_for(&report), ask(&db, "SELECT id FROM b").as_str()), (0, "8"));
}

#[test]
fn a_target_before_its_end_walks_and_one_after_does_not() {
    for (target, expect) in [(1_u64, 0), (2, 2), (3, 2)] {
        let mut db = memory();
        let report = with_snapshot().runner().up_to(&mut db, target).unwrap();
        assert_eq!((stood_for(&report), report.applied.len() as u64), (expect, target));
        with_snapshot().runner().up(&mut db).unwrap();
        assert_eq!(dump(&db), walked());
    }
}

#[test]
fn a_database_that_was_rolled_back_walks() {
    let mut db = memory();
    let mut files = files();
    files.truncate(2);
    let migrator = package(files).snapshot(2, STATEMENTS).runner();
    assert_eq!(stood_for(&migrator.up(&mut db).unwrap()), 2);
    migrator.down_all(&mut db).unwrap();
    assert_eq!(stood_for(&migrator.up(&mut db).unwrap()), 0);
    assert_eq!(ask(&db, "SELECT x FROM a WHERE id = 2"), "two");
}

#[test]
fn hooks_that_make_nothing_run_around_it() {
    let mut db = memory();
    let hooked =
        with_snapshot().before(&["SELECT 1", "PRAGMA user_version = 0"]).after(&["INSERT INTO c VALUES ('after')"]);
    let report = hooked.repeatable("v", &["CREATE VIEW v AS SELECT * FROM a"]).runner().up(&mut db).unwrap();
    assert_eq!(stood_for(&report), 2);
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM c"), "one,two,after");
    assert_eq!(ask(&db, "SELECT count(*) FROM v"), "2");
}

#[test]
fn all_in_one_transaction_starts_where_it_is_all() {
    let all = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let mut files = files();
    files.truncate(2);
    let mut db = memory();
    assert_eq!(stood_for(&package(files).snapshot(2, STATEMENTS).rules(all).runner().up(&mut db).unwrap()), 2);
}

#[test]
fn the_program_is_told_of_each_and_may_object() {
    let told = RefCell::new(Vec::new());
    let say = |what: String| told.borrow_mut().push(what);
    let migrator = with_snapshot()
        .runner()
        .before_each(|it| {
            say(format!("before {}", it.name));
            Ok(())
        })
        .on_progress(|it| say(format!("{} {}/{}", it.name, it.step, it.of)))
        .after_each(|done| say(format!("after {}", done.name)));
    migrator.up(&mut memory()).unwrap();
    assert_eq!(
        told.take(),
        [
            "before 001_a",
            "before 002_b",
            "migrations/snapshot.sql 1/4",
            "migrations/snapshot.sql 2/4",
            "migrations/snapshot.sql 3/4",
            "migrations/snapshot.sql 4/4",
            "after 001_a",
            "after 002_b",
            "before 003_c",
            "003_c 1/2",
            "003_c 2/2",
            "after 003_c"
        ]
    );
    let mut db = memory();
    let objects_to = |name: &'static str| {
        with_snapshot().runner().before_each(move |it| if it.name == name { Err("not now".into()) } else { Ok(()) })
    };
    let error = objects_to("002_b").up(&mut db).unwrap_err();
    assert!(error.message().contains("stopped before `002_b`: not now"), "{error}");
    // As on the whole way: what is before it stays.
    assert_eq!((history(&db).as_str(), objects(&db).as_str()), ("001_a", "a"));
}

#[test]
fn a_rehearsal_says_what_each_would_do_and_nothing_rests_on_a_snapshot() {
    // It is a lie, and who looks at the migrations themselves does not see it.
    let lie =
        || package(files()).snapshot(2, &["CREATE TABLE a (id, x)", "CREATE TABLE b (x)", "CREATE TABLE lie (x)"]);
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("a.db")).unwrap();
    let rehearsal = lie().runner().rehearse(&mut db, dbmigrate_runtime::Rehearse::Up).unwrap();
    assert_eq!(rehearsal.migrations.len(), 3);
    assert!(rehearsal.error.is_none(), "{:?}", rehearsal.error);
    runner(files()).up(&mut db).unwrap();
    assert!(lie().runner().verify_schema(&mut db).unwrap().replayed);
    #[cfg(feature = "testing")]
    lie().runner().testing().check_all().unwrap();
}

fn start(path: &Path, wal: bool) -> usize {
    let mut db = Connection::open(path).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    let migrator = with_snapshot().runner();
    let migrator = if wal { migrator.journal_mode(dbmigrate_runtime::JournalMode::Wal) } else { migrator };
    stood_for(&migrator.up(&mut db).unwrap())
}

#[test]
fn of_many_starts_one_makes_it() {
    for round in 0..6 {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let barrier = Barrier::new(8);
        let stood: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        start(&path, round % 2 == 0)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(stood, 2);
        assert_eq!(dump(&Connection::open(&path).unwrap()), walked());
    }
}
