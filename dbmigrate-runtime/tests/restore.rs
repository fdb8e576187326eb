//! Putting a copy back: all of it, into the file that other connections have open.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod support;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dbmigrate_runtime::{Backup, BackupWhen, Error, Migrator};
use rusqlite::Connection;
use support::{File, Folder, Runner, ask, file, history, memory, run, runner, set};

const MODES: [&str; 2] = ["delete", "wal"];

/// The adapter as programs have it that do not ask for more.
mod plain {
    #![allow(dead_code, unreachable_pub)]

    dbmigrate_runtime::rusqlite_driver!(::rusqlite);
}

fn files() -> Vec<File> {
    vec![
        file("001_base", &["CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2)"]),
        file("002_more", &["CREATE TABLE more (a)"]),
    ]
}

fn migrator() -> Runner {
    runner(files()).busy_timeout(Duration::from_millis(20))
}

fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// A database with both migrations, and a copy of it from when it had one of them.
fn database(folder: &Folder, mode: &str) -> (Connection, PathBuf) {
    let mut db = open(&folder.file("app.db"));
    db.busy_timeout(Duration::ZERO).unwrap();
    run(&db, &format!("PRAGMA journal_mode = {mode}"));
    migrator().up_to(&mut db, 1_u64).unwrap();
    let copy = migrator().back_up(&mut db).unwrap();
    migrator().up(&mut db).unwrap();
    run(&db, "DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (3)");
    (db, copy)
}

fn rows(db: &Connection) -> String {
    ask(db, "SELECT group_concat(a) FROM t")
}

fn assert_unchanged(db: &Connection, folder: &Folder) {
    assert_eq!((history(db).as_str(), rows(db).as_str()), ("001_base 002_more", "2,3"));
    assert_eq!(ask(db, "PRAGMA integrity_check"), "ok");
    let copies = fs::read_dir(folder.file("")).unwrap();
    let names = copies.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains(".bak")).count(), 1, "what was kept first is gone, and nothing else");
}

#[test]
fn everything_comes_back_and_what_was_there_is_kept() {
    for mode in MODES {
        let folder = Folder::new();
        let mut db = open(&folder.file("app.db"));
        run(
            &db,
            &format!(
                "PRAGMA page_size = 1024; PRAGMA journal_mode = {mode}; PRAGMA user_version = 7; PRAGMA application_id = 99"
            ),
        );
        let files = || {
            vec![file(
                "001_base",
                &[
                    "CREATE TABLE note (text)",
                    "CREATE VIRTUAL TABLE search USING fts5 (text, content = 'note')",
                    "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)",
                    "INSERT INTO note (rowid, text) VALUES (5, 'five'), (900, 'nine hundred')",
                    "INSERT INTO search (search) VALUES ('rebuild')",
                    "INSERT INTO counted VALUES (41)",
                ],
            )]
        };
        runner(files()).up(&mut db).unwrap();
        run(
            &db,
            "DELETE FROM note WHERE rowid = 5; INSERT INTO search (search) VALUES ('rebuild'); DELETE FROM counted",
        );
        let copy = runner(files()).back_up(&mut db).unwrap();
        run(
            &db,
            "DROP TABLE note; DROP TABLE search; DROP TABLE counted; PRAGMA user_version = 8; PRAGMA application_id = 1",
        );
        run(&db, "CREATE TABLE later (a); INSERT INTO later VALUES (randomblob(100000))");

        let restored = runner(files()).restore(&mut db, &copy).unwrap();
        assert_eq!((restored.before, restored.after), (Some(1), Some(1)));
        assert_eq!(ask(&db, "SELECT group_concat(rowid || text) FROM note"), "900nine hundred", "{mode}");
        assert_eq!(ask(&db, "SELECT rowid FROM search WHERE search MATCH 'hundred'"), "900", "{mode}");
        run(&db, "INSERT INTO search (search, rank) VALUES ('integrity-check', 1); INSERT INTO counted DEFAULT VALUES");
        assert_eq!(ask(&db, "SELECT id FROM counted"), "42", "{mode}");
        assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'later'"), "0");
        for (pragma, value) in [
            ("user_version", "7"),
            ("application_id", "99"),
            ("page_size", "1024"),
            ("journal_mode", mode),
            ("integrity_check", "ok"),
        ] {
            assert_eq!(ask(&db, &format!("PRAGMA {pragma}")), value, "{mode}");
        }
        runner(files()).verify(&mut db).unwrap();
        let kept = open(&restored.kept.unwrap());
        assert_eq!(ask(&kept, "SELECT length(a) FROM later"), "100000");
        assert_eq!(ask(&kept, "PRAGMA user_version"), "8");
    }
}

#[test]
fn other_connections_see_it_and_lose_nothing_that_they_write_afterwards() {
    for mode in MODES {
        let folder = Folder::new();
        let (mut db, copy) = database(&folder, mode);
        let other = open(&folder.file("app.db"));
        assert_eq!(rows(&other), "2,3");
        let restored = migrator().restore(&mut db, &copy).unwrap();
        assert_eq!((restored.before, restored.after), (Some(2), Some(1)));
        assert_eq!((rows(&other).as_str(), history(&other).as_str()), ("1,2", "001_base"), "{mode}");
        run(&other, "INSERT INTO t VALUES (4)");
        assert_eq!(rows(&db), "1,2,4", "{mode}");
        drop((db, other));
        let again = open(&folder.file("app.db"));
        assert_eq!((rows(&again).as_str(), ask(&again, "PRAGMA integrity_check").as_str()), ("1,2,4", "ok"), "{mode}");
    }
}

#[test]
fn who_is_in_the_way_is_waited_for_and_then_an_error() {
    for (mode, does) in [
        ("delete", "BEGIN; SELECT * FROM t"),
        ("delete", "BEGIN IMMEDIATE; INSERT INTO t VALUES (9)"),
        ("wal", "BEGIN IMMEDIATE; INSERT INTO t VALUES (9)"),
    ] {
        let folder = Folder::new();
        let (mut db, copy) = database(&folder, mode);
        let other = open(&folder.file("app.db"));
        run(&other, "BEGIN");
        run(&other, does.strip_prefix("BEGIN;").unwrap_or("ROLLBACK; BEGIN IMMEDIATE; INSERT INTO t VALUES (9)"));
        assert!(does.starts_with("BEGIN IMMEDIATE") || rows(&other) == "2,3");
        let error = migrator().restore(&mut db, &copy).unwrap_err();
        assert!(error.is_busy(), "{mode} {does}: {error}");
        assert!(error.to_string().contains("the database is unchanged"), "{error}");
        run(&other, "ROLLBACK");
        assert_unchanged(&db, &folder);
        // No lock stays, and nothing else has to be done before the next attempt.
        run(&other, "DELETE FROM t WHERE a = 9");
        migrator().restore(&mut db, &copy).unwrap();
        assert_eq!(rows(&other), "1,2", "{mode}");
    }
}

#[test]
fn a_reader_of_a_log_goes_on_with_what_it_sees() {
    let folder = Folder::new();
    let (mut db, copy) = database(&folder, "wal");
    let reader = open(&folder.file("app.db"));
    run(&reader, "BEGIN");
    assert_eq!(rows(&reader), "2,3");
    migrator().restore(&mut db, &copy).unwrap();
    assert_eq!(rows(&reader), "2,3");
    run(&reader, "COMMIT");
    assert_eq!(rows(&reader), "1,2");
}

#[test]
fn nobody_writes_between_what_is_kept_and_what_is_put_back() {
    for mode in MODES {
        let folder = Folder::new();
        let (mut db, copy) = database(&folder, mode);
        let (path, from) = (folder.file("app.db"), folder.file("app.db"));
        let migrator = migrator().backup_with(move |to| {
            let other = open(&path);
            other.busy_timeout(Duration::ZERO)?;
            let error = other.execute_batch("INSERT INTO t VALUES (9)").unwrap_err();
            assert!(error.to_string().contains("locked"), "{error}");
            open(&from).execute("VACUUM INTO ?1", [to.to_str()])?;
            Ok(())
        });
        let kept = migrator.restore(&mut db, &copy).unwrap().kept.unwrap();
        assert_eq!(rows(&open(&kept)), "2,3", "{mode}");
        assert_eq!(ask(&db, "PRAGMA locking_mode"), "normal");
        run(&open(&folder.file("app.db")), "INSERT INTO t VALUES (9)");
    }
}

#[test]
fn what_can_not_be_kept_first_is_not_overwritten() {
    for mode in MODES {
        let folder = Folder::new();
        let (mut db, copy) = database(&folder, mode);
        let error = migrator().backup_with(|_| Err("no room".into())).restore(&mut db, &copy).unwrap_err();
        assert!(error.is_copy() && error.to_string().contains("no room"), "{error}");
        assert_unchanged(&db, &folder);
        let panics = migrator().backup_with(|_| std::panic::resume_unwind(Box::new("x")));
        catch_unwind(AssertUnwindSafe(|| panics.restore(&mut db, &copy))).unwrap_err();
        assert_unchanged(&db, &folder);
        run(&open(&folder.file("app.db")), "INSERT INTO t VALUES (9)");
    }
}

fn refused(result: Result<dbmigrate_runtime::Restored, Error>, says: &str) {
    let error = result.unwrap_err();
    assert!(error.is_copy(), "{error}");
    assert!(error.to_string().contains(says), "`{says}`: {error}");
}

#[test]
fn what_is_no_sound_copy_is_refused() {
    let folder = Folder::new();
    let (mut db, copy) = database(&folder, "wal");
    run(
        &db,
        "CREATE TABLE big (a); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO big SELECT i FROM n",
    );
    migrator().copy_to(&mut db, &folder.file("big")).unwrap();
    let bytes = fs::read(folder.file("big")).unwrap();
    fs::write(folder.file("half"), &bytes[..bytes.len() / 2]).unwrap();
    let mut torn = bytes.clone();
    torn[bytes.len() / 2..][..4096].fill(0);
    fs::write(folder.file("torn"), torn).unwrap();
    fs::write(folder.file("text"), "no database, but long enough to be looked at\n".repeat(40)).unwrap();
    fs::write(folder.file("empty"), "").unwrap();
    for (name, says) in [
        ("half", "half"),
        ("torn", "torn"),
        ("text", "is not a copy of a database: file is not a database"),
        ("empty", "is empty"),
        ("missing", "there is no file"),
        ("", "there is no file"),
        ("app.db", "is the database itself"),
    ] {
        refused(migrator().restore(&mut db, &folder.file(name)), says);
    }
    assert_unchanged(&db, &folder);
    run(&db, "BEGIN");
    assert!(migrator().restore(&mut db, &copy).unwrap_err().is_open_transaction());
}

#[test]
fn a_driver_without_the_backup_api_says_what_to_turn_on() {
    let folder = Folder::new();
    let (mut db, copy) = database(&folder, "wal");
    let plain = Migrator::<plain::Rusqlite>::new(set(files()));
    refused(plain.restore(&mut db, &copy), "the feature `backup` of rusqlite");
    assert_unchanged(&db, &folder);
}

#[test]
fn another_page_size_is_taken_where_there_is_no_log() {
    for mode in MODES {
        let folder = Folder::new();
        let (mut db, copy) = database(&folder, mode);
        let other = folder.file("other.db");
        run(&open(&copy), &format!("PRAGMA page_size = 8192; VACUUM INTO '{}'", other.display()));
        if mode == "wal" {
            refused(migrator().restore(&mut db, &other), "have 8192 bytes and those of the database 4096");
            assert_unchanged(&db, &folder);
        } else {
            migrator().restore(&mut db, &other).unwrap();
            assert_eq!((rows(&db).as_str(), ask(&db, "PRAGMA page_size").as_str()), ("1,2", "8192"));
            assert_eq!(ask(&open(&folder.file("app.db")), "PRAGMA integrity_check"), "ok");
        }
    }
}

#[test]
fn a_database_in_memory_and_one_without_anything_are_filled() {
    let folder = Folder::new();
    let (_, copy) = database(&folder, "delete");
    let mut db = memory();
    let restored = migrator().restore(&mut db, &copy).unwrap();
    assert_eq!((restored.before, restored.after, restored.kept), (None, Some(1), None));
    assert_eq!(rows(&db), "1,2");
    refused(migrator().restore(&mut db, &copy), "`Backup::dir`");
    let keeps = migrator().backup(Backup::new(BackupWhen::Always).dir(folder.file("kept")));
    assert!(keeps.restore(&mut db, &copy).unwrap().kept.unwrap().starts_with(folder.file("kept")));

    // The pages of what is there already have their size; of nothing, that of the copy is taken.
    let other = folder.file("other.db");
    run(&open(&copy), &format!("PRAGMA page_size = 8192; VACUUM INTO '{}'", other.display()));
    refused(keeps.restore(&mut db, &other), "have 8192 bytes and those of the database 4096");
    let mut new = memory();
    migrator().restore(&mut new, &other).unwrap();
    assert_eq!(rows(&new), "1,2");

    let mut new = open(&folder.file("new.db"));
    assert_eq!(migrator().restore(&mut new, &copy).unwrap().kept, None);
    assert_eq!(rows(&new), "1,2");
}

#[test]
fn a_copy_without_a_history_says_so() {
    let folder = Folder::new();
    let (mut db, _) = database(&folder, "delete");
    run(&open(&folder.file("other.db")), "CREATE TABLE other (a)");
    let restored = migrator().restore(&mut db, &folder.file("other.db")).unwrap();
    assert_eq!((restored.before, restored.after), (Some(2), None));
}
