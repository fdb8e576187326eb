//! The copy that is kept before a run: when there is one, that it is whole, and which copies stay.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod support;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use dbmigrate_runtime::{Backup, BackupWhen, JournalMode, Kept};
use rusqlite::Connection;
use support::{File, Folder, Runner, ask, family, file, history, rebuild, run, runner};

const MODES: [&str; 2] = ["delete", "wal"];

fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// A database with one table, two rows and one migration.
fn base(folder: &Folder, mode: &str) -> Connection {
    let mut db = open(&folder.file("app.db"));
    run(&db, &format!("PRAGMA journal_mode = {mode}"));
    runner(vec![base_file()]).up(&mut db).unwrap();
    db
}

fn base_file() -> File {
    file("001_base", &["CREATE TABLE t (a)", "CREATE TABLE empty (a)", "INSERT INTO t VALUES (1), (2)"])
        .down(&["DROP TABLE t"])
}

fn with(files: &[File]) -> Runner {
    let mut all = vec![base_file()];
    all.extend_from_slice(files);
    runner(all)
}

fn destructive(runner: Runner) -> Runner {
    runner.backup(Backup::new(BackupWhen::Destructive))
}

/// The names in the folder, but for the database and what SQLite keeps beside it.
fn copies(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(folder.file("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| !["app.db", "app.db-wal", "app.db-shm", "app.db-journal"].contains(&&**name)).collect();
    names.sort();
    names
}

fn only(folder: &Folder) -> Connection {
    let names = copies(folder);
    let [name] = names.as_slice() else { panic!("{names:?}") };
    open(&folder.file(name))
}

#[test]
fn a_copy_is_kept_before_what_takes_something_away() {
    let code = |files| runner(files).with_code(|_, _| Ok(()));
    for (statements, is_kept) in [
        (&["DROP TABLE t"][..], true),
        (&["drop", "ALTER TABLE t RENAME TO u", "DROP TABLE u"], true),
        (&["UPDATE t SET a = 3"], true),
        (&["DELETE FROM t"], true),
        (&["rust:1"], true),
        (&["DROP TABLE empty"], false),
        (&["DELETE FROM empty"], false),
        (&["CREATE TABLE u (a)", "INSERT INTO t VALUES (3)"], false),
    ] {
        let statements: Vec<&'static str> = statements.iter().copied().filter(|it| *it != "drop").collect();
        let folder = Folder::new();
        let mut db = base(&folder, "wal");
        let files = vec![base_file(), file("002_next", &statements)];
        let report = destructive(code(files)).up(&mut db).unwrap();
        assert_eq!(report.backup.is_some(), is_kept, "{statements:?}");
        if let Some(path) = report.backup {
            let copy = open(&path);
            assert_eq!(history(&copy), "001_base", "{statements:?}");
            assert_eq!(ask(&copy, "SELECT group_concat(a) FROM t"), "1,2", "{statements:?}");
            assert_eq!(ask(&copy, "PRAGMA integrity_check"), "ok");
        }
        assert_eq!(copies(&folder).len(), usize::from(is_kept), "{statements:?}");
    }
}

#[test]
fn without_rows_there_is_nothing_to_keep() {
    let folder = Folder::new();
    let mut db = open(&folder.file("app.db"));
    let always = |files: Vec<File>| runner(files).backup(Backup::new(BackupWhen::Always));
    let files = || vec![file("001_a", &["CREATE TABLE a (b)"]).down(&["DROP TABLE a"])];
    assert_eq!(always(files()).up(&mut db).unwrap().backup, None);
    assert_eq!(always(files()).down(&mut db).unwrap().backup, None);
    always(files()).up(&mut db).unwrap();
    run(&db, "INSERT INTO a VALUES (1)");
    assert!(always(files()).up(&mut db).unwrap().backup.is_none(), "nothing was to do");
    let path = always(files()).down(&mut db).unwrap().backup.unwrap();
    assert!(path.to_str().unwrap().ends_with(".001.bak"), "{path:?}");
    assert_eq!(copies(&folder).len(), 1);
}
