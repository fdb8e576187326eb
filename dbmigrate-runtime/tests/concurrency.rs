//! Several at once: one applies, the others wait and find nothing to do.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::time::Duration;

use dbmigrate_runtime::{JournalMode, Migrator, NoBackend};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::*;

fn files() -> Vec<File> {
    vec![
        file("001_t", &["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"]),
        file("002_u", &["CREATE TABLE u (x)", "INSERT INTO u VALUES (1)"]).foreign_keys(false),
        file("003_bare", &["INSERT INTO t VALUES (2)", "VACUUM", "INSERT INTO t VALUES (3)"]).no_transaction(),
        file("004_v", &["CREATE TABLE v (x)", "INSERT INTO v VALUES (1)"]),
    ]
}

/// A start of the program: its own busy handler is off, so that the runner's patience is what counts.
fn start(path: &Path, wal: bool) -> usize {
    let mut db = Connection::open(path).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    let migrator = runner(files());
    let migrator = if wal { migrator.journal_mode(JournalMode::Wal) } else { migrator };
    migrator.up(&mut db).unwrap().applied.len()
}

fn assert_applied_once(path: &Path) {
    let db = Connection::open(path).unwrap();
    assert_eq!(history(&db), "001_t 002_u 003_bare 004_v");
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2,3");
    assert_eq!(ask(&db, "SELECT (SELECT count(*) FROM u) + (SELECT count(*) FROM v)"), "2");
}

#[test]
fn only_another_connection_is_worth_waiting_for() {
    use dbmigrate_runtime::Driver;
    use rusqlite::ErrorCode::DatabaseLocked;
    let is_busy = <support::driver::RusqliteDriver<'_> as Driver>::is_busy;

    // A statement of this very connection, which reads on as long as anybody waits.
    let db = memory();
    run(&db, "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
    let mut statement = db.prepare("SELECT x FROM t").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    let error = db.execute_batch("DROP TABLE t").unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(DatabaseLocked));
    assert!(!is_busy(&error), "{error}");

    // Another connection over the same cache.
    let shared = "file:dbmigrate-shared?mode=memory&cache=shared";
    let [one, other] = [Connection::open(shared).unwrap(), Connection::open(shared).unwrap()];
    run(&one, "CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES (1)");
    let error = other.query_row("SELECT count(*) FROM t", [], |_| Ok(())).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(DatabaseLocked));
    assert!(is_busy(&error), "{error}");
}

#[test]
fn eight_threads_start_on_a_new_database() {
    for round in 0..6 {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    start(&path, round % 2 == 0)
                });
            }
        });
        assert_applied_once(&path);
    }
}

#[test]
fn eight_processes_start_on_a_new_database() {
    const PATH: &str = "DBMIGRATE_TEST_PATH";
    if let Some(path) = std::env::var_os(PATH) {
        start(Path::new(&path), std::env::var_os("DBMIGRATE_TEST_WAL").is_some());
        return;
    }
    for wal in [true, false] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let processes: Vec<_> = (0..8)
            .map(|_| {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["--exact", "eight_processes_start_on_a_new_database"]).env(PATH, &path);
                if wal {
                    command.env("DBMIGRATE_TEST_WAL", "1");
                }
                command.stdout(std::process::Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        assert_applied_once(&path);
    }
}

#[test]
fn a_lock_that_stays_is_an_error_that_changes_nothing() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let holder = Connection::open(&path).unwrap();
    run(&holder, "CREATE TABLE old (x); BEGIN IMMEDIATE");
    let mut db = Connection::open(&path).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    let migrator = runner(files()).allow_existing_schema().busy_timeout(Duration::from_millis(20));
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.is_busy() && error.to_string().contains("could not lock the database for migrating"), "{error}");
    run(&holder, "ROLLBACK; BEGIN; SELECT * FROM old");
    // A reader is in the way of the commit, where there is no WAL.
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.is_busy() && error.to_string().contains("could not commit"), "{error}");
    assert!(db.is_autocommit());
    assert_eq!(objects(&db), "old");
    run(&holder, "COMMIT");
    assert_eq!(migrator.up(&mut db).unwrap().applied.len(), 4);
}

#[test]
fn a_busy_commit_is_tried_again_and_not_rolled_back() {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()[..1].to_vec()));
    let mut db = memory();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    let commit = driver.calls.iter().position(|sql| sql == "COMMIT").unwrap();
    let mut db = memory();
    let mut driver = FaultyDriver::new(&mut db, Fault::Busy, commit);
    assert_eq!(migrator.up_with(&mut driver).unwrap().applied.len(), 1);
    let calls: Vec<&str> = driver.calls.iter().map(String::as_str).collect();
    assert_eq!(calls[commit..commit + 2], ["COMMIT", "COMMIT"]);
    assert_eq!(calls.iter().filter(|sql| **sql == "INSERT INTO t VALUES (1)").count(), 1);
}

#[test]
fn a_process_that_applied_it_first_leaves_nothing_to_do() {
    // The other one comes between the first look and the lock.
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = Connection::open(&path).unwrap();
    let mut second = Connection::open(&path).unwrap();
    runner(files()).up_to(&mut db, 1_u64).unwrap();
    let migrator: Runner = Migrator::new(set(vec![
        files()[0].clone(),
        file("002_code", &["rust:0"]).foreign_keys(true),
        files()[3].clone(),
    ]))
    .with_code(|_, _: &Connection| Ok(()));
    migrator.up(&mut db).unwrap();
    assert!(migrator.up(&mut second).unwrap().is_empty());
    assert_eq!(ask(&second, "SELECT count(*) FROM v"), "1");
}

#[test]
fn code_outside_of_a_transaction_runs_once() {
    for _ in 0..20 {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let (barrier, ran) = (Barrier::new(8), std::sync::atomic::AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut db = Connection::open(&path).unwrap();
                    let files =
                        vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_code", &["rust:0"]).no_transaction()];
                    let migrator: Migrator<'_, driver::Rusqlite> = Migrator::new(set(files)).with_code(|_, _| {
                        ran.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        Ok(())
                    });
                    barrier.wait();
                    migrator.up(&mut db).unwrap();
                });
            }
        });
        assert_eq!(ran.into_inner(), 1);
    }
}

#[test]
fn another_process_may_come_between_any_two_calls() {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
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
            // It fails only where the first one holds the lock.
            let result = runner(files()).busy_timeout(Duration::ZERO).up(&mut open(&path));
            assert!(result.as_ref().map_or_else(|error| error.is_busy(), |_| true), "{at}: {result:?}");
        };
        migrator.up_with(&mut FaultyDriver::meddled(&mut db, at, &mut other)).unwrap();
        assert_applied_once(&path);
    }
}

#[test]
fn a_busy_switch_of_the_journal_mode_is_tried_again() {
    let folder = Folder::new();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files())).journal_mode(JournalMode::Wal);
    let switch = |calls: &[String]| calls.iter().position(|sql| sql == "PRAGMA main.journal_mode = wal").unwrap();
    let mut db = Connection::open(folder.file("a.db")).unwrap();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    let at = switch(&driver.calls);
    let mut db = Connection::open(folder.file("b.db")).unwrap();
    migrator.up_with(&mut FaultyDriver::new(&mut db, Fault::Busy, at)).unwrap();
    assert_eq!(ask(&db, "PRAGMA journal_mode"), "wal");
}
