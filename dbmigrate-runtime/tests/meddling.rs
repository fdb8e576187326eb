//! A history that does not take what is written to it, or that a file changes: nothing is called applied that is not
//! recorded.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::{Error, Migrator, NoBackend, Rules, Stopped, TransactionMode};
use support::*;

fn makes() -> File {
    file("001_a", &["CREATE TABLE t (x)"])
}

/// A database with the first migration, and something on its history.
fn meddled(event: &str) -> rusqlite::Connection {
    let mut db = memory();
    runner(vec![makes()]).up(&mut db).unwrap();
    run(&db, &format!("CREATE TRIGGER meddles BEFORE {event} ON _migrations BEGIN SELECT RAISE(IGNORE); END"));
    db
}

#[test]
fn a_row_that_the_history_does_not_take_is_an_error_and_nothing_stays() {
    for rules in [Rules::DEFAULT, Rules { transaction: TransactionMode::All, ..Rules::DEFAULT }] {
        let mut db = meddled("INSERT");
        let files = || vec![makes(), file("002_b", &["INSERT INTO t VALUES (1)"]), file("003_c", &["SELECT 1"])];
        for _ in 0..2 {
            let error = Runner::new(set_with(files(), rules)).up(&mut db).unwrap_err();
            assert!(error.is_history() && error.to_string().contains("does not accept the record of `00"), "{error}");
            assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM t").as_str()), ("001_a", "0"));
        }
        run(&db, "DROP TRIGGER meddles");
        runner(files()).up(&mut db).unwrap();
        assert_eq!(history(&db), "001_a 002_b 003_c");
    }
    // Of many that fill a fresh database, only one may be swallowed.
    let mut db = memory();
    let swallows =
        "CREATE TRIGGER meddles BEFORE INSERT ON _migrations WHEN new.number = 3 BEGIN SELECT RAISE(IGNORE); END";
    let files =
        vec![makes(), file("002_b", &[swallows]), file("003_c", &["CREATE TABLE c (x)"]), file("004_d", &["SELECT 1"])];
    let error = runner(files).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("the record of `003_c`"), "{error}");
    assert_eq!((history(&db).as_str(), objects(&db).as_str()), ("001_a 002_b", "meddles t"));
}

#[test]
fn a_row_that_the_history_does_not_give_up_is_an_error_on_the_down_script() {
    for bare in [false, true] {
        let mut db = meddled("DELETE");
        let adds = || {
            let adds = file("002_b", &["INSERT INTO t VALUES (1)"]).down(&["INSERT INTO t VALUES (2)"]);
            adds.no_transaction_if(bare)
        };
        let migrator = || runner(vec![makes(), adds()]);
        migrator().up(&mut db).unwrap();
        let error = migrator().down(&mut db).unwrap_err();
        assert!(error.to_string().contains("does not accept the record of `002_b`"), "{error}");
        let rows = if bare { "1,2" } else { "1" };
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), rows);
        run(&db, "DROP TRIGGER meddles");
        migrator().down(&mut db).unwrap();
        assert_eq!((history(&db), ask(&db, "SELECT group_concat(x) FROM t")), ("001_a".into(), "1,2".into()));
    }
}

#[test]
fn without_a_transaction_nothing_runs_again_and_again_for_want_of_a_row() {
    for (event, statements, left) in [
        ("INSERT", &["INSERT INTO t VALUES (1)"][..], "001_a"),
        ("UPDATE", &["INSERT INTO t VALUES (1)"], "001_a 002_b:running0"),
        ("UPDATE", &["VACUUM"], "001_a 002_b:running0"),
        ("UPDATE OF applied_at", &["PRAGMA cache_size = 5"], "001_a 002_b:running1"),
    ] {
        let mut db = meddled(event);
        let error = runner(vec![makes(), file("002_b", statements).no_transaction()]).up(&mut db).unwrap_err();
        assert!(error.to_string().contains("does not accept the record of `002_b`"), "{event}: {error}");
        assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM t").as_str()), (left, "0"), "{event}");
    }
    let back = || file("002_b", &["SELECT 1"]).down(&["INSERT INTO t VALUES (1)"]).no_transaction();
    let mut db = memory();
    let migrator = runner(vec![makes(), back()]);
    migrator.up(&mut db).unwrap();
    run(&db, "CREATE TRIGGER meddles BEFORE UPDATE ON _migrations BEGIN SELECT RAISE(IGNORE); END");
    let error = migrator.down(&mut db).unwrap_err();
    assert!(error.to_string().contains("does not accept the record of `002_b`"), "{error}");
    assert_eq!((history(&db), ask(&db, "SELECT count(*) FROM t")), ("001_a 002_b".into(), "0".into()));
    // Nor where the file itself takes it out.
    let mut db = memory();
    let forgets = file("002_b", &["INSERT INTO t VALUES (1)", "DELETE FROM _migrations"]).no_transaction();
    let error = runner(vec![makes(), forgets]).up(&mut db).unwrap_err();
    assert!(error.to_string().contains("does not accept the record of `002_b`"), "{error}");
    assert_eq!(history(&db), "001_a 002_b:running1");
}

#[test]
fn another_process_that_changes_the_record_of_a_migration_while_it_runs_is_noticed() {
    let files =
        || vec![makes(), file("002_b", &["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"]).no_transaction()];
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
    let at = {
        let mut copy = memory();
        runner(vec![makes()]).up(&mut copy).unwrap();
        let mut driver = fault::FaultyDriver::new(&mut copy, fault::Fault::None, 0);
        migrator.up_with(&mut driver).unwrap();
        driver.begin_of("INSERT INTO t VALUES (2)")
    };
    for (meddles, says, left) in [
        ("DELETE FROM _migrations WHERE number = 2", "is no longer in the history", "001_a"),
        (
            "UPDATE _migrations SET state = 'paused' WHERE number = 2",
            "`002_b` has the state `paused` in the history, which this program does not know",
            "001_a 002_b:paused1",
        ),
    ] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        let mut db = rusqlite::Connection::open(&path).unwrap();
        runner(vec![makes()]).up(&mut db).unwrap();
        let mut meddle = || run(&rusqlite::Connection::open(&path).unwrap(), meddles);
        let mut driver = fault::FaultyDriver::meddled(&mut db, at, &mut meddle);
        let error = migrator.up_with(&mut driver).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((history(&db).as_str(), ask(&db, "SELECT group_concat(x) FROM t").as_str()), (left, "1"));
    }
}

#[test]
fn a_step_that_another_process_has_done_meanwhile_is_not_run_again() {
    let adds = || file("002_b", &["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"]).no_transaction();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(vec![makes(), adds()]));
    let at = {
        let mut copy = memory();
        runner(vec![makes()]).up(&mut copy).unwrap();
        let mut driver = fault::FaultyDriver::new(&mut copy, fault::Fault::None, 0);
        migrator.up_with(&mut driver).unwrap();
        driver.begin_of("INSERT INTO t VALUES (1)")
    };
    let folder = Folder::new();
    let path = folder.file("a.db");
    let mut db = rusqlite::Connection::open(&path).unwrap();
    runner(vec![makes()]).up(&mut db).unwrap();
    let does = "INSERT INTO t VALUES (1); UPDATE _migrations SET statements_done = 1 WHERE number = 2";
    let mut meddle = || run(&rusqlite::Connection::open(&path).unwrap(), does);
    migrator.up_with(&mut fault::FaultyDriver::meddled(&mut db, at, &mut meddle)).unwrap();
    assert_eq!((history(&db).as_str(), ask(&db, "SELECT group_concat(x) FROM t").as_str()), ("001_a 002_b", "1,2"));
    // Nor is one of this text run for another one that has taken over.
    run(&db, "DELETE FROM _migrations WHERE number = 2; DELETE FROM t");
    let takes_over = "UPDATE _migrations SET checksum = 'v1:other' WHERE number = 2";
    let mut meddle = || run(&rusqlite::Connection::open(&path).unwrap(), takes_over);
    let mut driver = fault::FaultyDriver::meddled(&mut db, at, &mut meddle);
    let error = migrator.up_with(&mut driver).unwrap_err();
    assert!(error.to_string().contains("continues `002_b` with a different text"), "{error}");
    assert_eq!((history(&db).as_str(), ask(&db, "SELECT count(*) FROM t").as_str()), ("001_a 002_b:running0", "0"));
}

#[test]
fn a_file_that_changes_the_history_is_not_followed_by_all_is_well() {
    for (changes, says) in [
        ("DELETE FROM _migrations", "`001_a` is not applied, but a later one is"),
        ("UPDATE _migrations SET checksum = 'v1:x'", "`001_a` was edited after it was applied"),
        ("UPDATE \"_MIGRATIONS\" SET name = 'other'", "`001_a` has the number of `other`"),
    ] {
        for has_history in [false, true] {
            let mut db = memory();
            if has_history {
                runner(vec![makes()]).up(&mut db).unwrap();
            }
            let files = || vec![makes(), file("002_b", &[changes])];
            runner(files()).up(&mut db).unwrap();
            let error = runner(files()).up(&mut db).unwrap_err();
            assert!(error.to_string().contains(says), "{changes}: {error}");
            // Nor is Rust that does so.
            let mut db = memory();
            if has_history {
                runner(vec![makes()]).up(&mut db).unwrap();
            }
            let migrator =
                runner(vec![makes(), file("002_b", &["rust:1"])]).with_code(move |_, db: &rusqlite::Connection| {
                    run(db, changes);
                    Ok(())
                });
            migrator.up(&mut db).unwrap();
            let error = migrator.up(&mut db).unwrap_err();
            assert!(error.to_string().contains(says), "{changes}: {error}");
        }
    }
}

#[test]
fn rows_that_go_when_another_is_written_are_not_followed_by_all_is_well() {
    for rules in [Rules::DEFAULT, Rules { transaction: TransactionMode::All, ..Rules::DEFAULT }] {
        let mut db = memory();
        runner(vec![makes()]).up(&mut db).unwrap();
        let deletes = "DELETE FROM _migrations WHERE number = new.number - 1";
        run(&db, &format!("CREATE TRIGGER meddles AFTER INSERT ON _migrations BEGIN {deletes}; END"));
        let files = || vec![makes(), file("002_b", &["SELECT 1"]), file("003_c", &["SELECT 1"])];
        let migrator = Runner::new(set_with(files(), rules));
        // What has run is recorded, and that is all that can be said of it.
        let first = migrator.up(&mut db);
        assert_eq!(first.is_ok(), rules.transaction == TransactionMode::Each, "{first:?}");
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_late() || error.is_history(), "{error}");
    }
}

#[test]
fn a_transaction_that_does_not_end_is_not_called_over() {
    let ends = |sql: &str| ["BEGIN", "COMMIT", "ROLLBACK"].iter().any(|word| sql.starts_with(word));
    for (last, bare) in [("CREATE TABLE c (x)", false), ("nonsense", false), ("CREATE TABLE c (x)", true)] {
        let files = || vec![makes(), file("002_b", &["INSERT INTO t VALUES (1)", last]).no_transaction_if(bare)];
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
        let begun = || {
            let mut db = memory();
            runner(vec![makes()]).up(&mut db).unwrap();
            db
        };
        let mut db = begun();
        let mut driver = fault::FaultyDriver::new(&mut db, fault::Fault::None, 0);
        let _ = migrator.up_with(&mut driver);
        let calls = driver.calls;
        for at in (0..calls.len()).filter(|at| ends(&calls[*at])) {
            let mut db = begun();
            let mut driver = fault::FaultyDriver::new(&mut db, fault::Fault::Ignored, at);
            let error = migrator.up_with(&mut driver).unwrap_err();
            // Who can't be given a connection without a transaction is told.
            let is_told = error.to_string().contains("could not roll back: the transaction is still open");
            assert_eq!(!db.is_autocommit(), is_told, "{}: {error}", calls[at]);
            assert_eq!(is_told, calls[at] == "ROLLBACK", "{error}");
        }
    }
}

#[test]
fn where_all_steps_have_run_there_is_none_to_retry() {
    let mut db = memory();
    let makes = || file("001_a", &["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)"]);
    let orphan = ["PRAGMA foreign_keys = 0", "INSERT INTO c VALUES (5)"];
    let migrator = runner(vec![makes(), file("002_b", &orphan).no_transaction()]);
    assert!(migrator.up(&mut db).unwrap_err().is_foreign_key());
    let error = migrator.repair(&mut db, 2_u64, Some(Stopped::Retry)).unwrap_err();
    assert!(error.to_string().starts_with("all steps of `002_b` have run: there is none to run again"), "{error}");
    assert_eq!(history(&db), "001_a 002_b:running2");
    // One of many is no reason to leave the others as they are.
    let mut db = memory();
    runner(vec![makes(), file("002_b", &["SELECT 1", "SELECT 2", "VACUUM"]).no_transaction()]).up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET state = 'started', statements_done = 2 WHERE number = 2");
    run(&db, "UPDATE _migrations SET checksum = 'v1:x' WHERE number = 1");
    let shorter = runner(vec![makes(), file("002_b", &["SELECT 1", "SELECT 2"]).no_transaction()]);
    let repairs = shorter.repair_all(&mut db, Some(Stopped::Retry)).unwrap();
    let numbers = |repairs: &[dbmigrate_runtime::Repair]| repairs.iter().filter_map(|it| it.number).collect::<Vec<_>>();
    assert_eq!((numbers(&repairs.done), numbers(&repairs.left)), (vec![1], vec![2]));
    assert!(repairs.left[0].problem.help[0].contains("records it"), "{repairs:?}");
}

#[test]
fn a_panic_leaves_no_transaction_open_be_it_the_history_alone_that_is_written() {
    type Work = fn(&Migrator<'static, NoBackend>, &mut fault::FaultyDriver<'_>) -> Result<(), Error>;
    let works: [Work; 4] = [
        |it, driver| it.up_with(driver).map(drop),
        |it, driver| it.forget_with(driver, 1_u64).map(drop),
        |it, driver| it.repair_with(driver, 1_u64, None).map(drop),
        |it, driver| it.verify_with(driver).map(drop),
    ];
    for work in works {
        for at in 0.. {
            let mut db = memory();
            runner(vec![makes()]).up(&mut db).unwrap();
            run(&db, "UPDATE _migrations SET tool = 'other'");
            let migrator: Migrator<'_, NoBackend> = Migrator::new(set(vec![makes()]));
            let mut driver = fault::FaultyDriver::new(&mut db, fault::Fault::Panic, at);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&migrator, &mut driver)));
            assert!(db.is_autocommit(), "{at}");
            if result.is_ok() {
                assert!(at > 3, "only {at} calls");
                break;
            }
        }
    }
}

#[test]
fn the_head_of_a_program_that_never_had_what_was_forgotten_is_no_lie() {
    let second = || file("002_b", &["CREATE TABLE b (x)"]);
    let third = || file("003_c", &["CREATE TABLE c (x)"]);
    let mut db = memory();
    let all = runner(vec![makes(), second(), third()]);
    all.up(&mut db).unwrap();
    all.forget(&mut db, 2_u64).unwrap();
    let without = runner(vec![makes(), third()]);
    without.repair_all(&mut db, None).unwrap();
    assert_eq!(ask(&db, "SELECT chain FROM _migrations_head"), set(vec![makes(), third()]).migrations[1].chain);
    assert_eq!(all.verify(&mut db).unwrap().problems, []);
    // One of its own would be.
    for migration in all.set().unwrap().migrations {
        run(&db, &format!("UPDATE _migrations_head SET chain = '{}'", migration.chain));
        assert_eq!(all.verify(&mut db).unwrap().problems.len(), 1, "{}", migration.name);
    }
}
