//! The copy that is kept before a run: that it is whole and has a name of its own; `when` there is one, and which are `kept`.

#![allow(clippy::unwrap_used)] // Helpers of tests.

mod kept;
#[path = "../support/mod.rs"]
mod support;
mod when;

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use dbmigrate_runtime::{Backup, BackupWhen, BoxError, Error, Migrator, NoBackend, Rehearse, Rules, TransactionMode};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::package::package;
use support::probe::{self, Probe};
use support::{File, Folder, Runner, ask, family, file, history, memory, objects, rebuild, run, runner, set};

const MODES: [&str; 2] = ["delete", "wal"];

/// A file that takes rows away.
const TAKES: &[&str] = &["DELETE FROM t WHERE a = 1"];

fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn base() -> File {
    file("001_base", &["CREATE TABLE t (a)", "CREATE TABLE empty (a)", "INSERT INTO t VALUES (1), (2)"])
        .down(&["DROP TABLE t", "DROP TABLE empty"])
}

/// A database with two tables, two rows and one migration.
fn database(folder: &Folder, mode: &str) -> Connection {
    let mut db = open(&folder.file("app.db"));
    run(&db, &format!("PRAGMA journal_mode = {mode}"));
    runner(vec![base()]).up(&mut db).unwrap();
    db
}

fn with(name: &'static str, statements: &[&'static str]) -> Runner {
    runner(vec![base(), file(name, statements)]).backup(Backup::new(BackupWhen::Destructive))
}

/// The names in the folder, but for the database and what SQLite keeps beside it.
fn others(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(folder.file("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_own = |name: &String| name == "app.db" || name.starts_with("app.db-");
    let mut names: Vec<String> = names.filter(|name| !is_own(name)).collect();
    names.sort();
    names
}

fn assert_refused(result: Result<dbmigrate_runtime::Report, Error>, folder: &Folder, db: &Connection, says: &[&str]) {
    let error = result.unwrap_err();
    assert!(error.is_copy(), "{error}");
    for text in says {
        assert!(error.to_string().contains(text), "`{text}`: {error}");
    }
    assert_eq!(history(db), "001_base");
    assert_eq!(ask(db, "SELECT group_concat(a) FROM t"), "1,2");
    assert_eq!(others(folder), [""; 0]);
}

#[test]
fn a_writer_at_work_neither_tears_the_copy_nor_comes_between() {
    for mode in MODES {
        let folder = Folder::new();
        let mut db = database(&folder, mode);
        let (path, ends) = (folder.file("app.db"), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (begun, wait) = std::sync::mpsc::channel();
            let ends = &ends;
            scope.spawn(move || {
                let writer = open(&path);
                writer.busy_timeout(Duration::from_secs(60)).unwrap();
                run(&writer, "PRAGMA synchronous = OFF");
                for number in 10.. {
                    run(&writer, &format!("INSERT INTO t VALUES ({number})"));
                    let _ = begun.send(());
                    if ends.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::yield_now();
                }
            });
            wait.recv().unwrap();
            let migrator = with(
                "002_seen",
                &["CREATE TABLE seen AS SELECT count(*) AS n, max(a) AS a FROM t", "UPDATE t SET a = a"],
            );
            let report = migrator.up(&mut db);
            ends.store(true, Ordering::Relaxed);
            let copy = open(&report.unwrap().backup.unwrap());
            assert_eq!(ask(&copy, "PRAGMA integrity_check"), "ok", "{mode}");
            assert_eq!(
                ask(&copy, "SELECT count(*) || ' ' || max(a) FROM t"),
                ask(&db, "SELECT n || ' ' || a FROM seen"),
                "{mode}"
            );
        });
    }
}

#[test]
fn who_writes_while_the_runner_begins_again_is_in_the_copy() {
    let folder = Folder::new();
    let path = folder.file("app.db");
    let mut db = open(&path);
    let files = || vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")];
    run(&db, "PRAGMA foreign_keys = 1");
    runner(files()).up_to(&mut db, 1_u64).unwrap();
    let other = open(&path);
    let mut times = 0;
    // Foreign keys have to be switched off for the rebuild, and that is outside of the transaction.
    probe::on_done(move |sql| {
        times += usize::from(sql == "ROLLBACK");
        if sql == "ROLLBACK" && times == 1 {
            run(&other, "INSERT INTO child VALUES (30, 2)");
        }
    });
    let report = Migrator::<Probe>::new(set(files())).backup(Backup::new(BackupWhen::Always)).up(&mut db).unwrap();
    let copy = open(&report.backup.unwrap());
    assert_eq!(ask(&copy, "SELECT group_concat(id) FROM child"), "10,20,30");
    assert_eq!(history(&copy), "001_family");
    assert_eq!(others(&folder).len(), 1, "the first copy is gone");
}

#[test]
fn the_name_says_when_and_what_version() {
    let folder = Folder::new();
    let mut db = open(&folder.file("app.db"));
    let files = [base(), file("002_two", TAKES), file("003_three", &["UPDATE t SET a = 3"])];
    let always =
        |count: usize| runner(files[..count].to_vec()).backup(Backup::new(BackupWhen::Always).dir("kept/here"));
    run(&db, "CREATE TABLE old (a); INSERT INTO old VALUES (1)");
    let copies = [
        always(1).allow_existing_schema().up(&mut db),
        always(2).up(&mut db),
        always(3).up(&mut db),
        always(3).down_all(&mut db),
    ];
    let names: Vec<String> = copies
        .into_iter()
        .flatten()
        .map(|report| {
            let path = report.backup.unwrap();
            let canonical = |path: &Path| fs::canonicalize(path).unwrap();
            assert_eq!(canonical(path.parent().unwrap()), canonical(&folder.file("kept/here")));
            path.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    let versions: Vec<&str> =
        names.iter().map(|name| name.strip_prefix("app.db.").unwrap().get(15..).unwrap()).collect();
    assert_eq!(versions, [".0.bak", ".001.bak", ".002.bak"], "{names:?}");
    for kept in always(3).backups(&mut db).unwrap() {
        let name = kept.path.file_name().unwrap().to_str().unwrap();
        let digits: String = kept.time.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(name, format!("app.db.{}-{}.{}.bak", &digits[..8], &digits[8..], kept.version));
        assert_eq!(kept.bytes, kept.path.metadata().unwrap().len());
    }
}

#[test]
fn a_name_that_is_taken_is_never_taken_again() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let migrator = with("002_next", TAKES).backup(Backup::new(BackupWhen::Always).keep(100));
    let mut paths: Vec<PathBuf> = (0..5).map(|_| migrator.back_up(&mut db).unwrap()).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 5);
    // All of them were there to be found, the newest first.
    let listed: Vec<PathBuf> = migrator.backups(&mut db).unwrap().into_iter().map(|kept| kept.path).collect();
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().all(|path| paths.contains(path)), "{listed:?}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_in_the_way_as_well() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let taken = folder.file("copy.db");
    std::os::unix::fs::symlink(folder.file("nowhere"), &taken).unwrap();
    let error = with("002_next", TAKES).copy_to(&mut db, &taken).unwrap_err();
    assert!(error.to_string().contains("copy.db` exists"), "{error}");
    assert!(!folder.file("nowhere").exists());
    assert_eq!(others(&folder), ["copy.db"]);
}

#[test]
fn what_can_not_be_copied_is_refused_before_anything_runs() {
    let mut db = memory();
    let migrator = with("002_next", TAKES);
    runner(vec![base()]).up(&mut db).unwrap();
    let folder = Folder::new();
    let says = ["nothing was run", "`backup_with` of the migrator", "`--no-backup`"];
    let into = |when| Backup::new(when).dir(folder.file(""));
    let result = migrator.backup(into(BackupWhen::Destructive)).up(&mut db);
    assert_refused(result, &folder, &db, &[&says[..], &["in memory"]].concat());

    let folder = Folder::new();
    let mut db = database(&folder, "delete");
    run(&db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    let result = with("002_next", TAKES).up(&mut db);
    assert_refused(result, &folder, &db, &[&says[..], &["locking_mode = EXCLUSIVE"]].concat());

    for (cause, help) in [("database or disk is full", "`--backup-dir PATH`"), ("file is not a database", "encrypted")]
    {
        let folder = Folder::new();
        let mut db = database(&folder, "wal");
        probe::on_open(move |_| Err(BoxError::from(cause)));
        let files = vec![base(), file("002_next", TAKES)];
        let migrator = Migrator::<Probe>::new(set(files)).backup(Backup::new(BackupWhen::Destructive));
        assert_refused(migrator.up(&mut db), &folder, &db, &[cause, help, "`--no-backup`"]);
    }

    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let result = with("002_next", TAKES).free_space(|_| Some(100)).up(&mut db);
    assert_refused(result, &folder, &db, &["may take", "has 100 free", "`--backup-dir PATH`"]);
}

#[test]
fn a_torn_copy_is_noticed_before_anything_runs() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    run(
        &db,
        "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO empty SELECT i FROM n",
    );
    probe::on_open(|path| {
        // What another program does to it, before it is looked at.
        if path.to_str().unwrap().ends_with(".part") {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 4096].fill(0xa5);
            fs::write(path, bytes).unwrap();
        }
        Ok(())
    });
    let files = vec![base(), file("002_next", TAKES)];
    let migrator = Migrator::<Probe>::new(set(files)).backup(Backup::new(BackupWhen::Destructive));
    assert_refused(
        migrator.up(&mut db),
        &folder,
        &db,
        &["could not check the copy: database disk image is malformed", "`--no-backup`"],
    );
}

#[test]
fn rows_that_break_a_rule_are_copied_as_they_are() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    run(
        &db,
        "CREATE TABLE ruled (a NOT NULL CHECK (a > 0)); PRAGMA ignore_check_constraints = 1; INSERT INTO ruled VALUES (-1); PRAGMA ignore_check_constraints = 0",
    );
    assert!(ask(&db, "PRAGMA quick_check").starts_with("CHECK constraint failed"));
    let path = with("002_next", TAKES).up(&mut db).unwrap().backup.unwrap();
    assert_eq!(ask(&open(&path), "SELECT a FROM ruled"), "-1");
}

#[test]
fn collations_of_the_program_need_its_own_copy() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    db.create_collation("ours", |a: &str, b: &str| a.cmp(b)).unwrap();
    run(&db, "CREATE INDEX by_a ON t (a COLLATE ours)");
    let result = with("002_next", TAKES).up(&mut db);
    assert_refused(result, &folder, &db, &["no such collation sequence: ours", "`backup_with` of the migrator"]);

    let path = folder.file("app.db");
    let made = with("002_next", TAKES).backup_with(move |copy| {
        let from = open(&path);
        from.create_collation("ours", |a: &str, b: &str| a.cmp(b))?;
        from.execute("VACUUM INTO ?1", [copy.to_str()])?;
        Ok(())
    });
    let path = made.up(&mut db).unwrap().backup.unwrap();
    assert_eq!(ask(&open(&path), "SELECT count(*) FROM _migrations"), "1");
}

#[test]
fn the_programs_own_copy_has_to_be_there() {
    for (what, says) in [("nothing", "made no copy"), ("error", "no room at the inn"), ("folder", "made no copy")] {
        let folder = Folder::new();
        let mut db = database(&folder, "wal");
        let migrator = with("002_next", TAKES).backup_with(move |path| match what {
            "error" => {
                fs::write(path, "half")?;
                Err("no room at the inn".into())
            }
            "folder" => Ok(fs::create_dir(path)?),
            _ => Ok(()),
        });
        let result = migrator.up(&mut db);
        if what == "folder" {
            let left = others(&folder);
            fs::remove_dir(folder.file(&left[0])).unwrap();
        }
        assert_refused(result, &folder, &db, &[says, "nothing was run"]);
    }
    // In memory there is no other way, and the folder has to be named.
    let folder = Folder::new();
    let mut db = memory();
    runner(vec![base()]).up(&mut db).unwrap();
    let migrator = || with("002_next", TAKES).backup_with(|path| Ok(fs::write(path, "encrypted")?));
    let error = migrator().up(&mut db).unwrap_err();
    assert!(error.is_copy() && error.to_string().contains("`Backup::dir`"), "{error}");
    let backup = Backup::new(BackupWhen::Destructive).dir(folder.file("copies"));
    let path = migrator().backup(backup).up(&mut db).unwrap().backup.unwrap();
    assert_eq!(fs::read(path).unwrap(), b"encrypted");
}

#[test]
fn what_a_killed_copy_to_a_file_left_is_in_nobodys_way() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    // In a container every process has the same number.
    let own = std::process::id();
    let left =
        [format!("b.db.part-{own}"), format!("b.db.20200101-000001.bak.part-{own}")].map(|name| folder.file(&name));
    for path in &left {
        fs::write(path, "half").unwrap();
        let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    with("002_next", TAKES).copy_to(&mut db, &folder.file("b.db")).unwrap();
    assert_eq!(history(&open(&folder.file("b.db"))), "001_base");
    assert!(!left[1].exists(), "abandoned");
}

#[test]
fn a_copy_to_a_file_never_overwrites_one() {
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    let migrator = with("002_next", TAKES);
    migrator.copy_to(&mut db, &folder.file("it's a copy.db")).unwrap();
    assert_eq!(others(&folder), ["it's a copy.db"]);
    assert_eq!(history(&open(&folder.file("it's a copy.db"))), "001_base");
    let error = migrator.copy_to(&mut db, &folder.file("it's a copy.db")).unwrap_err();
    assert!(error.is_copy() && error.to_string().contains("exists"), "{error}");
    let error = migrator.copy_to(&mut db, &folder.file("no/folder.db")).unwrap_err();
    assert!(error.is_copy() && error.to_string().contains("is not a folder: create it"), "{error}");
    run(&db, "BEGIN");
    assert!(migrator.copy_to(&mut db, &folder.file("b.db")).unwrap_err().is_open_transaction());
    assert!(migrator.back_up(&mut db).unwrap_err().is_open_transaction());
    assert_eq!(others(&folder), ["it's a copy.db"]);
}

#[cfg(unix)]
#[test]
fn only_those_may_read_a_copy_who_may_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut db = database(&folder, "wal");
    for mode in [0o600, 0o640] {
        fs::set_permissions(folder.file("app.db"), fs::Permissions::from_mode(mode)).unwrap();
        let path = with("002_next", TAKES).back_up(&mut db).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
    }
}

/// A database and another, of which the names are the same once what is no text in them was replaced.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_taken_for_no_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = Folder::new();
    let mut db = open(&folder.file("").join(OsStr::from_bytes(b"app\xff.db")));
    let mut other = open(&folder.file("app\u{fffd}.db"));
    runner(vec![base()]).up(&mut db).unwrap();
    runner(vec![base()]).up(&mut other).unwrap();
    run(&other, "DELETE FROM t");
    let copy = with("002_next", TAKES).up(&mut db).unwrap().backup.unwrap();
    assert_eq!(ask(&open(&copy), "SELECT group_concat(a) FROM t"), "1,2");
    assert_eq!(ask(&db, "SELECT group_concat(a) FROM t"), "2");

    // SQLite takes text for the name of a copy.
    let inner = folder.file("").join(OsStr::from_bytes(b"in\xff"));
    fs::create_dir(&inner).unwrap();
    let mut db = open(&inner.join("app.db"));
    runner(vec![base()]).up(&mut db).unwrap();
    let error = with("002_next", TAKES).up(&mut db).unwrap_err();
    assert!(
        error.is_copy() && error.message().contains("app.db.20") && error.message().contains("is not UTF-8"),
        "{error}"
    );
    assert!(error.to_string().contains("`--backup-dir PATH`"), "{error}");
    assert_eq!(history(&db), "001_base");
    assert!(!folder.file("in\u{fffd}").exists());
    assert!(with("002_next", TAKES).rehearse(&mut db, Rehearse::Up).unwrap().error.is_none());
    let elsewhere = Backup::new(BackupWhen::Destructive).dir(folder.file("copies"));
    let copy = with("002_next", TAKES).backup(elsewhere).up(&mut db).unwrap().backup.unwrap();
    assert_eq!(history(&open(&copy)), "001_base");
}
