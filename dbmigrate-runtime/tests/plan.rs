//! What a run would do, and what forbids it, without doing it.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::time::Duration;

use dbmigrate_runtime::{Backup, BackupWhen, OutOfOrder, Rules, Together, TransactionMode};
use rusqlite::Connection;
use support::package::package;
use support::*;

fn three() -> Vec<File> {
    vec![
        file("001_a", &["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"]).down(&["DROP TABLE a"]),
        file("002_b", &["CREATE TABLE b (x)"]).down(&["DROP TABLE b"]),
        file("003_c", &["CREATE TABLE c (x)"]),
    ]
}

#[test]
fn a_plan_counts_what_the_run_then_does_and_changes_nothing() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    let mut db = Connection::open(&path).unwrap();
    let migrator = package(three()).repeatable("v", &["CREATE VIEW v AS SELECT x FROM a"]).runner();
    let bytes = || std::fs::read(&path).unwrap();
    let before = bytes();
    let plan = migrator.up_plan(&mut db, None).unwrap();
    assert_eq!((plan.migrations, plan.repeatables, plan.takes_over, plan.copies), (3, 1, false, false));
    let plan = migrator.up_plan(&mut db, Some(2)).unwrap();
    assert_eq!((plan.migrations, plan.repeatables, plan.is_empty()), (2, 0, false));
    assert!(migrator.up_plan(&mut db, Some(9)).unwrap_err().is_unknown_migration());
    assert!(migrator.down_plan(&mut db, None).unwrap().is_empty());
    assert!(migrator.down_plan(&mut db, Some(1)).unwrap_err().is_not_applied());
    assert_eq!(bytes(), before);

    assert_eq!(migrator.up_to(&mut db, 2_u64).unwrap().applied.len(), 2);
    assert_eq!(migrator.up_plan(&mut db, Some(2)).unwrap().migrations, 0);
    assert_eq!(migrator.up_plan(&mut db, Some(3)).unwrap().newest.as_deref(), Some("002_b"));
    assert_eq!(migrator.down_plan(&mut db, Some(1)).unwrap().migrations, 1);
    assert_eq!(migrator.down_plan(&mut db, None).unwrap().migrations, 2);
    let before = bytes();
    migrator.up_plan(&mut db, None).unwrap();
    migrator.can_write(&mut db).unwrap();
    assert_eq!(bytes(), before);
    migrator.up(&mut db).unwrap();
    assert!(migrator.up_plan(&mut db, None).unwrap().is_empty());
    // What the history holds beyond a target is not read.
    let newest = [None, Some(2)].map(|to| migrator.up_plan(&mut db, to).unwrap().newest);
    assert_eq!(newest, [Some("003_c".to_owned()), None]);
    // Nothing leads back from the newest one, and that is known before.
    assert!(migrator.down_plan(&mut db, Some(1)).unwrap_err().is_no_down());
}

#[test]
fn what_forbids_a_run_forbids_its_plan() {
    let mut db = memory();
    run(&db, "CREATE TABLE foreign_to_us (x)");
    let migrator = runner(three());
    assert!(migrator.up_plan(&mut db, None).unwrap_err().is_existing_schema());
    let migrator = migrator.allow_existing_schema();
    assert_eq!(migrator.up_plan(&mut db, None).unwrap().migrations, 3);
    migrator.up(&mut db).unwrap();
    run(&db, "UPDATE _migrations SET checksum = 'v1:0' WHERE number = 2");
    assert!(migrator.up_plan(&mut db, None).unwrap_err().is_edited());
    assert!(runner(three()[..2].to_vec()).up_plan(&mut db, None).unwrap_err().is_newer_database());
    // A transaction of the program, Rust that nobody can run, what shares no transaction, and what comes late.
    let mut db = memory();
    run(&db, "BEGIN");
    assert!(runner(three()).up_plan(&mut db, None).unwrap_err().is_open_transaction());
    run(&db, "ROLLBACK");
    runner(three()).up_to(&mut db, 2_u64).unwrap();
    let more = |third: File, rules| Runner::new(set_with([three()[..2].to_vec(), vec![third]].concat(), rules));
    let code = more(file("003_c", &["rust:0"]), Rules::DEFAULT);
    assert!(code.up_plan(&mut db, None).unwrap_err().to_string().contains("contains Rust"));
    let all = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let bare = more(file("003_c", &["SELECT 1"]).no_transaction(), all);
    assert!(bare.up_plan(&mut db, None).unwrap_err().to_string().contains("runs without a transaction, but all share"));
    let late = Rules { out_of_order: OutOfOrder::APPLY, ..Rules::DEFAULT };
    let files = vec![file("000_a", &["CREATE TABLE IF NOT EXISTS a (y)"]), three().remove(0), three().remove(1)];
    let error = Runner::new(set_with(files, late)).up_plan(&mut db, None).unwrap_err();
    assert!(error.to_string().contains("000_a"), "{error}");
}

#[test]
fn a_plan_knows_whether_a_copy_is_kept() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    let migrator = runner(three()).backup(Backup::new(BackupWhen::Destructive));
    migrator.up_to(&mut db, 2_u64).unwrap();
    assert!(!migrator.up_plan(&mut db, None).unwrap().copies, "the third takes nothing away");
    assert!(migrator.down_plan(&mut db, None).unwrap().copies);
    let always = runner(three()).backup(Backup::new(BackupWhen::Always));
    assert!(always.up_plan(&mut db, None).unwrap().copies);
    always.up(&mut db).unwrap();
    assert!(!always.up_plan(&mut db, None).unwrap().copies, "there is nothing to do");
}

#[test]
fn who_holds_the_lock_is_noticed() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("app.db")).unwrap();
    let migrator = runner(three()).busy_timeout(Duration::ZERO);
    migrator.up_to(&mut db, 1_u64).unwrap();
    // The connection has a patience of its own.
    db.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(folder.file("app.db")).unwrap();
    run(&other, "BEGIN IMMEDIATE");
    // To read is no reason to wait.
    assert_eq!(migrator.up_plan(&mut db, None).unwrap().migrations, 2);
    assert!(migrator.can_write(&mut db).unwrap_err().is_busy());
    run(&other, "ROLLBACK");
    migrator.can_write(&mut db).unwrap();
    assert!(db.is_autocommit());
}

#[test]
fn several_sets_have_one_plan() {
    let mut db = memory();
    let first = || package(three()).own("first");
    let second = || {
        package(vec![file("001_d", &["CREATE TABLE d (x)"]).requires(&["first/001_a"])])
            .own("second")
            .repeatable("w", &["CREATE VIEW w AS SELECT x FROM d"])
    };
    let together = || Together::new().add(first().runner()).add(second().runner());
    let plan = together().up_plan(&mut db).unwrap();
    assert_eq!((plan.migrations, plan.repeatables, plan.copies), (4, 1, false));
    assert_eq!(objects(&db), "");
    together().up(&mut db).unwrap();
    assert!(together().up_plan(&mut db).unwrap().is_empty());
    // What is as it should be is not counted.
    let more = || package([three(), vec![file("004_e", &["CREATE TABLE e (x)"])]].concat()).own("first").runner();
    let both = |first: Runner| Together::new().add(first).add(second().runner());
    let plan = both(more()).up_plan(&mut db).unwrap();
    assert_eq!((plan.migrations, plan.repeatables, plan.copies), (1, 0, false));
    let keeps = || Backup::new(BackupWhen::Always);
    assert!(both(more().backup(keeps())).up_plan(&mut db).unwrap().copies);
    // It is refused where the run would be.
    run(&db, "BEGIN");
    assert!(together().up_plan(&mut db).unwrap_err().is_open_transaction());
    let mut foreign = memory();
    run(&foreign, "CREATE TABLE foreign_to_us (x)");
    assert!(together().up_plan(&mut foreign).unwrap_err().is_existing_schema());
    let twice = Together::new().add(first().runner()).add(first().runner());
    assert!(twice.up_plan(&mut db).unwrap_err().is_set());
}
