//! A step that can't just run again, and whoever finds it begun: a live owner is waited for, a dead one is not.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use dbmigrate_runtime::{BoxError, Migrator, Stopped};
use rusqlite::Connection;
use support::package::package;
use support::*;

const TEN: &str = "INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)";

type Coded<'a> = Migrator<'a, driver::Rusqlite>;

fn files() -> Vec<File> {
    vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_code", &["rust:0"]).down(&["rust:1"]).no_transaction()]
}

fn coded<'a>(body: impl Fn(&Connection) -> Result<(), BoxError> + 'a) -> Coded<'a> {
    Migrator::new(set(files())).with_code(move |_, db: &Connection| body(db))
}

fn insert(db: &Connection) -> Result<(), BoxError> {
    db.execute_batch("INSERT INTO t VALUES (1)")?;
    Ok(())
}

/// Starts a process and waits until it says that its step has begun.
fn begin(command: &mut Command) -> Child {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("begun")));
    child
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The files beside the database that are ours.
fn beside(path: &Path) -> Vec<String> {
    let names = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("dbmigrate")).collect()
}

#[test]
fn a_live_owner_is_waited_for_and_nobody_settles_its_step() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (begun, is_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let (begun, may_go_on) = (begun, may_go_on);
            let work = |db: &Connection| {
                begun.send(()).unwrap();
                // Until the test says so, or has failed.
                let _ = may_go_on.recv();
                insert(db)
            };
            coded(work).up(&mut Connection::open(&path).unwrap()).unwrap().applied.len()
        });
        let go_on = go_on;
        is_begun.recv().unwrap();
        let mut db = Connection::open(&path).unwrap();
        let error = coded(insert).busy_timeout(Duration::ZERO).up(&mut db).unwrap_err();
        assert!(error.is_busy() && !error.is_interrupted(), "{error}");
        assert!(error.to_string().contains("`002_code` is being run by another process, which is at step 1"));
        for stopped in [None, Some(Stopped::Retry), Some(Stopped::Done)] {
            let left = coded(insert).repair(&mut db, 2_u64, stopped).unwrap().left;
            assert!(left[0].problem.message.contains("is being run by another process"), "{left:?}");
        }
        // Nor is the database taken from under it.
        let copy = coded(insert).back_up(&mut db).unwrap();
        let quick = || coded(insert).busy_timeout(Duration::ZERO);
        for error in [quick().restore(&mut db, &copy).unwrap_err(), quick().reset(&mut db).unwrap_err()] {
            assert!(error.is_busy() && error.to_string().contains("another process is in the middle of"), "{error}");
        }
        // Not by another set of the database either.
        let files = vec![file("001_o", &["CREATE TABLE o (x)"])];
        let other = package(files).own("other").runner().busy_timeout(Duration::ZERO);
        other.up(&mut db).unwrap();
        let error = other.restore(&mut db, &copy).unwrap_err();
        assert!(error.is_busy() && error.to_string().contains("another process is in the middle of"), "{error}");
        assert_eq!(history(&db), "001_t 002_code:started0");
        assert_eq!(beside(&path), ["a.db.dbmigrate-step-_migrations"]);
        let waiting = scope.spawn(|| {
            coded(insert).busy_timeout(Duration::MAX).up(&mut Connection::open(&path).unwrap()).unwrap().applied.len()
        });
        go_on.send(()).unwrap();
        assert!(owner.join().unwrap() == 2 && waiting.join().unwrap() <= 1);
    });
    let db = Connection::open(&path).unwrap();
    assert_eq!((ask(&db, "SELECT group_concat(x) FROM t"), history(&db)), ("1".into(), "001_t 002_code".into()));
    assert_eq!(beside(&path), [""; 0]);
}

#[test]
fn nothing_waits_for_a_process_that_was_killed() {
    const PATH: &str = "DBMIGRATE_TEST_PATH";
    if let Some(path) = std::env::var_os(PATH) {
        let migrator = coded(|_| {
            println!("begun");
            // Whoever started this process kills it, or is gone.
            let _ = std::io::stdin().read_line(&mut String::new());
            Err("nobody killed it".into())
        });
        let mut db = Connection::open(path).unwrap();
        match std::env::var_os("DBMIGRATE_TEST_DOWN") {
            Some(_) => migrator.down(&mut db).unwrap(),
            None => migrator.up(&mut db).unwrap(),
        };
        return;
    }
    for wal in [true, false] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let mut db = Connection::open(&path).unwrap();
        ask(&db, if wal { "PRAGMA journal_mode = wal" } else { "PRAGMA journal_mode = delete" });
        for (down, stopped) in [(false, Stopped::Retry), (true, Stopped::Retry), (false, Stopped::Done)] {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "nothing_waits_for_a_process_that_was_killed", "--nocapture"]).env(PATH, &path);
            if down {
                command.env("DBMIGRATE_TEST_DOWN", "1");
            }
            let mut child = begin(&mut command);
            let work = |db: &mut Connection, timeout| {
                let migrator = coded(insert).busy_timeout(timeout);
                if down { migrator.down(db) } else { migrator.up(db) }
            };
            assert!(work(&mut db, Duration::ZERO).unwrap_err().is_busy());
            kill(&mut child);
            // It would wait for ever.
            for _ in 0..2 {
                let error = work(&mut db, Duration::MAX).unwrap_err();
                assert!(error.is_interrupted(), "{error}");
                assert!(error.to_string().contains("it is unknown whether that step ran"), "{error}");
            }
            assert_eq!(beside(&path).len(), 1);
            assert!(coded(insert).repair(&mut db, 2_u64, Some(stopped)).unwrap().left.is_empty());
            assert_eq!(beside(&path), [""; 0]);
            work(&mut db, Duration::MAX).unwrap();
            assert_eq!(beside(&path), [""; 0]);
        }
        assert_eq!(history(&db), "001_t 002_code");
        assert_eq!(ask(&db, "SELECT count(*) FROM t"), "2", "up, down, and what counts as done");
    }
}

#[test]
fn batches_go_on_where_their_process_was_killed() {
    const PATH: &str = "DBMIGRATE_TEST_BATCHES";
    let files = || vec![file("001_t", &["CREATE TABLE t (x)", TEN]), file("002_code", &["rust:0"]).no_transaction()];
    let coded = |kill: bool| -> Coded<'static> {
        Migrator::new(set(files())).with_code(move |_, db: &Connection| {
            driver::in_batches(db, |db, batch| {
                let rows = db.execute(
                    "UPDATE t SET x = x + 100 WHERE rowid IN (SELECT rowid FROM t WHERE x < 100 LIMIT 3)",
                    [],
                )?;
                if kill && batch.number == 3 {
                    println!("begun");
                    let _ = std::io::stdin().read_line(&mut String::new());
                }
                Ok::<_, rusqlite::Error>(rows)
            })?;
            Ok(())
        })
    };
    if let Some(path) = std::env::var_os(PATH) {
        coded(true).up(&mut Connection::open(path).unwrap()).unwrap();
        return;
    }
    let folder = Folder::new();
    let path = folder.file("a.db");
    kill(&mut begin(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "batches_go_on_where_their_process_was_killed", "--nocapture"])
            .env(PATH, &path),
    ));
    let mut db = Connection::open(&path).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM t WHERE x > 100"), "6", "two batches are committed");
    assert!(coded(false).busy_timeout(Duration::MAX).up(&mut db).unwrap_err().is_interrupted());
    coded(false).repair(&mut db, 2_u64, Some(Stopped::Retry)).unwrap();
    coded(false).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) || ' ' || sum(x) FROM t"), "10 1055");
}

#[test]
fn a_step_that_panics_or_fails_leaves_nothing_to_wait_for() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = Connection::open(&path).unwrap();
    coded(|_| Err("no luck".into())).up(&mut db).unwrap_err();
    assert_eq!((history(&db), beside(&path).len()), ("001_t 002_code:running0".into(), 0));
    let panicking = coded(|_| std::panic::resume_unwind(Box::new("a bug")));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panicking.up(&mut db))).unwrap_err();
    let error = coded(insert).busy_timeout(Duration::MAX).up(&mut db).unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    coded(insert).repair(&mut db, 2_u64, Some(Stopped::Retry)).unwrap();
    coded(insert).up(&mut db).unwrap();
    assert_eq!((history(&db), beside(&path).len()), ("001_t 002_code".into(), 0));
}

#[test]
fn what_another_process_left_does_not_speak_for_one_that_holds_no_lock() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = Connection::open(&path).unwrap();
    let name = "a.db.dbmigrate-step-_migrations";
    // It can't be locked, as a file that is no database.
    std::fs::write(folder.file(name), "x".repeat(2000)).unwrap();
    let looked = std::cell::Cell::new(false);
    coded(|db| {
        assert_eq!(beside(&path), [""; 0]);
        let other = coded(|_| Err("it runs once".into())).busy_timeout(Duration::ZERO);
        let error = other.up(&mut Connection::open(&path)?).unwrap_err();
        assert!(error.is_interrupted(), "without a lock, nobody can tell: {error}");
        looked.set(true);
        insert(db)
    })
    .up(&mut db)
    .unwrap();
    assert!(looked.get());
    assert_eq!(history(&db), "001_t 002_code");
}
