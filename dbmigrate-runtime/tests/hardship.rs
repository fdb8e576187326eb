//! A full disk, a limit on the size of files, what can't be written, corrupt pages, writers and readers in the way:
//! nothing is lost, one error says it, and once the cause is gone the next run completes.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dbmigrate_runtime::{Error, JournalMode, Migrator, NoBackend};
use rusqlite::{Connection, OpenFlags};
use support::fault::{Fault, FaultyDriver};
use support::*;

const MODES: [&str; 2] = ["delete", "wal"];

/// Growth, a rebuild that children hang on, and a file without a transaction.
fn files() -> Vec<File> {
    vec![
        family("ON DELETE CASCADE"),
        file(
            "002_fill",
            &[
                "CREATE TABLE fill (n INTEGER PRIMARY KEY, text TEXT)",
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) \
                 INSERT INTO fill SELECT i, 'a text of some length, number ' || i FROM n",
            ],
        ),
        rebuild("003_rebuild"),
        file(
            "004_steps",
            &[
                "INSERT INTO fill SELECT n + 1000, text FROM fill",
                "VACUUM",
                "CREATE INDEX fill_text ON fill (text)",
                "DELETE FROM fill WHERE n % 2",
            ],
        )
        .no_transaction(),
        file("005_end", &["UPDATE fill SET text = text || ', and the end of it'"]),
    ]
}

/// What a database holds after each count of migrations.
fn states() -> Vec<String> {
    let mut db = memory();
    let state = |number: u64| {
        runner(files()).up_to(&mut db, number).unwrap();
        dump(&db)
    };
    (1..=5).map(state).collect()
}

/// A database that has the first migration.
fn base(folder: &Folder, name: &str, mode: &str) -> PathBuf {
    let path = folder.file(name);
    let mut db = open(&path);
    run(&db, &format!("PRAGMA page_size = 1024; PRAGMA journal_mode = {mode}"));
    runner(files()).up_to(&mut db, 1_u64).unwrap();
    path
}

fn open(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    // A database that can't even be read is for the runner to tell.
    let _ = db.execute_batch("PRAGMA foreign_keys = 1; PRAGMA synchronous = 0; PRAGMA cache_size = 5");
    db.busy_timeout(Duration::ZERO).unwrap();
    db
}

/// What a run that failed may leave: the migrations before the one that failed, and all of each.
fn assert_nothing_lost(path: &Path, states: &[String], when: &str) {
    let db = open(path);
    assert_eq!(ask(&db, "PRAGMA integrity_check"), "ok", "{when}");
    assert_eq!(ask(&db, "SELECT group_concat(id || ':' || parent, ' ') FROM child"), "10:1 20:2", "{when}");
    let applied: usize = ask(&db, "SELECT count(*) FROM _migrations WHERE state = 'applied'").parse().unwrap();
    if ask(&db, "SELECT count(*) FROM _migrations WHERE state <> 'applied'") == "0" {
        assert!(dump(&db) == states[applied - 1], "{when}: {}", history(&db));
    } else {
        assert!(history(&db).starts_with("001_family 002_fill 003_rebuild 004_steps:"), "{when}: {}", history(&db));
    }
}

/// The cause is gone: the next run does the rest.
fn assert_completes(path: &Path, states: &[String], when: &str) {
    let mut db = open(path);
    runner(files()).up(&mut db).unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(dump(&db) == states[4], "{when}");
    assert_eq!(ask(&db, "PRAGMA integrity_check"), "ok", "{when}");
}

/// The cause, once, and what to do about it, which is not to edit a migration.
fn assert_says(error: &Error, causes: &[&str], when: &str) {
    let text = error.to_string();
    let count: usize = causes.iter().map(|cause| text.matches(cause).count()).sum();
    assert_eq!(count, 1, "{when}: {text}");
    assert!(
        error.help()[0].contains("try again") || error.help()[0].contains("`cargo dbmigrate restore`"),
        "{when}: {text}"
    );
    assert!(!text.contains("correct the file"), "{when}: {text}");
}

#[test]
fn case_48_a_full_disk() {
    let (folder, states) = (Folder::new(), states());
    for mode in MODES {
        let mut failed = 0;
        for pages in 10.. {
            let path = base(&folder, &format!("{mode}-{pages}.db"), mode);
            let when = format!("{mode}, {pages} pages");
            let mut db = open(&path);
            let before: u32 = ask(&db, "PRAGMA page_count").parse().unwrap();
            run(&db, &format!("PRAGMA max_page_count = {}", before + pages - 10));
            match runner(files()).up(&mut db) {
                Ok(_) => break,
                Err(error) => assert_says(&error, &["database or disk is full"], &when),
            }
            failed += 1;
            assert!(db.is_autocommit() && ask(&db, "PRAGMA foreign_keys") == "1", "{when}");
            assert_nothing_lost(&path, &states, &when);
            // The program deletes something, and tries again on the same connection.
            run(&db, "PRAGMA max_page_count = 100000");
            runner(files()).up(&mut db).unwrap();
            drop(db);
            assert_completes(&path, &states, &when);
        }
        assert!(failed > 20, "{mode}: {failed}");
    }
}

const PATH: &str = "DBMIGRATE_TEST_PATH";

/// Runs a test of this file in a process of its own, on the database: `command` sets limits and runs what follows.
fn in_process(command: &[&str], program: &Path, test: &str, path: &Path) -> Result<(), String> {
    let mut process = Command::new(command[0]);
    process.args(&command[1..]).arg(program).args(["--exact", "--nocapture", test]).env(PATH, path);
    let output = process.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The run in that process; true if this is the process.
fn ran_here() -> bool {
    let Some(path) = std::env::var_os(PATH) else { return false };
    if let Err(error) = runner(files()).up(&mut open(Path::new(&path))) {
        panic!("{error}");
    }
    true
}

#[cfg(unix)]
#[test]
fn case_48_a_limit_on_the_size_of_files() {
    if ran_here() {
        return;
    }
    let (folder, states) = (Folder::new(), states());
    let program = std::env::current_exe().unwrap();
    for mode in MODES {
        let (mut failed, mut completed) = (0, false);
        // In blocks of 512 bytes; with fewer a WAL has no room for its shared memory, and nothing can be read.
        for blocks in (72..1000).step_by(16) {
            let path = base(&folder, &format!("{mode}-{blocks}.db"), mode);
            let when = format!("{mode}, {blocks} blocks");
            // The signal is ignored, as any program may, so that the write itself fails.
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            let result = in_process(&["sh", "-c", &script], &program, "case_48_a_limit_on_the_size_of_files", &path);
            let Err(said) = result else {
                completed = true;
                break;
            };
            failed += 1;
            let causes = ["disk I/O error", "database or disk is full"];
            assert!(causes.iter().any(|cause| said.contains(cause)), "{when}: {said}");
            // What only reads, as `status` does, would have to refuse a database that is left with a hot journal.
            let journal = fs::read(format!("{}-journal", path.display())).unwrap_or_default();
            assert!(journal.iter().take(8).all(|byte| *byte == 0), "{when}: rolled back when it says so");
            assert_nothing_lost(&path, &states, &when);
            assert_completes(&path, &states, &when);
        }
        assert!(failed > 3 && completed, "{mode}: {failed}");
    }
}

#[cfg(unix)]
#[test]
fn case_48_a_folder_that_can_not_be_written() {
    use std::os::unix::fs::PermissionsExt;

    if ran_here() {
        return;
    }
    let (states, programs) = (states(), Folder::new());
    // Somebody else may not be allowed to look into the folder of this program. Another process copies it: what has a
    // file open for writing, here or in a process that another test starts meanwhile, keeps it from being run.
    let program = programs.file("test");
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap().success());
    for mode in MODES {
        let folder = Folder::new();
        let path = base(&folder, "a.db", mode);
        let permit = |mode| fs::set_permissions(folder.file(""), fs::Permissions::from_mode(mode)).unwrap();
        permit(0o555);
        let mut command = &["env"][..];
        if fs::write(folder.file("probe"), "").is_ok() {
            fs::remove_file(folder.file("probe")).unwrap();
            // Permissions don't bind root, so somebody else has to try.
            command = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
            if Command::new("setpriv").arg("--version").output().is_err() {
                assert!(std::env::var_os("CI").is_none(), "this is root, and there is no `setpriv`");
                println!("not tested: this is root, and there is no `setpriv`");
                return;
            }
        }
        let before = fs::read(&path).unwrap();
        let result = in_process(command, &program, "case_48_a_folder_that_can_not_be_written", &path);
        permit(0o755);
        let said = result.unwrap_err();
        let causes = ["unable to open database file", "attempt to write a readonly database"];
        assert!(causes.iter().any(|cause| said.contains(cause)), "{mode}: {said}");
        assert_eq!(fs::read(&path).unwrap(), before, "{mode}");
        assert_completes(&path, &states, mode);
    }
}

/// A log in WAL mode wants memory that processes share, which there is none on the file system of a network. SQLite's own
/// way to work there has none either.
#[cfg(unix)]
#[test]
fn case_48_a_file_system_that_can_have_no_log() {
    let (folder, states) = (Folder::new(), states());
    let there = |path: &Path| Connection::open_with_flags_and_vfs(path, OpenFlags::default(), "unix-dotfile").unwrap();
    // A database that is in WAL mode already.
    let path = base(&folder, "wal.db", "wal");
    let before = fs::read(&path).unwrap();
    let error = runner(files()).up(&mut there(&path)).unwrap_err();
    assert_says(&error, &["unable to open database file"], "wal");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_completes(&path, &states, "wal");
    // One that the program asks to be.
    let path = base(&folder, "delete.db", "delete");
    let error = runner(files()).journal_mode(JournalMode::Wal).up(&mut there(&path)).unwrap_err().to_string();
    assert!(error.contains("the journal mode is `delete` instead of `wal`"), "{error}");
    assert!(error.contains("the file system or the VFS may not support it"), "{error}");
    assert!(dump(&open(&path)) == states[0]);
    runner(files()).up(&mut there(&path)).unwrap();
    assert!(dump(&open(&path)) == states[4]);
}

#[test]
fn case_48_a_connection_that_can_not_write() {
    let (folder, states) = (Folder::new(), states());
    for mode in MODES {
        let path = base(&folder, &format!("{mode}.db"), mode);
        let before = fs::read(&path).unwrap();
        let mut read_only = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let error = runner(files()).up(&mut read_only).unwrap_err();
        assert_says(&error, &["attempt to write a readonly database"], mode);
        drop(read_only);
        assert_eq!(fs::read(&path).unwrap(), before, "{mode}");
        assert_completes(&path, &states, mode);
    }
}

#[test]
fn case_48_a_corrupt_page() {
    const SIZE: usize = 1024;
    let folder = Folder::new();
    let sound = fs::read(base(&folder, "sound.db", "delete")).unwrap();
    let (mut failed, pages) = (0, sound.len() / SIZE);
    for page in 0..pages {
        for garbage in [0, 0xa5] {
            let path = folder.file(&format!("{page}-{garbage}.db"));
            let when = format!("page {} of {pages}, {garbage}", page + 1);
            let mut corrupt = sound.clone();
            corrupt[page * SIZE..][..SIZE].fill(garbage);
            fs::write(&path, &corrupt).unwrap();
            // The rebuild is the first thing that is pending.
            let files = || vec![family("ON DELETE CASCADE"), rebuild("002_rebuild")];
            let mut db = open(&path);
            let result = runner(files()).up(&mut db);
            drop(db);
            if let Err(error) = result {
                failed += 1;
                assert_says(&error, &["database disk image is malformed", "file is not a database"], &when);
                // Whatever can still be saved is as it was.
                assert!(fs::read(&path).unwrap() == corrupt, "{when}");
                fs::write(&path, &sound).unwrap();
            } else {
                // Nobody needed the page, and nobody has it on his mind.
                let mut now = fs::read(&path).unwrap();
                assert!(now[page * SIZE..][..SIZE] == corrupt[page * SIZE..][..SIZE], "{when}");
                now[page * SIZE..][..SIZE].copy_from_slice(&sound[page * SIZE..][..SIZE]);
                fs::write(&path, now).unwrap();
            }
            let mut db = open(&path);
            runner(files()).up(&mut db).unwrap();
            assert_eq!(history(&db), "001_family 002_rebuild", "{when}");
            assert_eq!(ask(&db, "PRAGMA integrity_check"), "ok", "{when}");
            assert_eq!(ask(&db, "SELECT group_concat(id || ':' || parent, ' ') FROM child"), "10:1 20:2", "{when}");
            drop(db);
        }
    }
    assert!(failed > pages, "{failed} of {pages} pages");
}

/// Which call of an impatient run, which fails, is the first of this statement.
fn first_call(db: &mut Connection, statement: &str) -> usize {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files())).busy_timeout(Duration::ZERO);
    let mut driver = FaultyDriver::new(db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap_err();
    driver.calls.iter().position(|sql| sql == statement).unwrap()
}

#[test]
fn case_47_a_writer_at_work() {
    let (folder, states) = (Folder::new(), states());
    for mode in MODES {
        let path = base(&folder, &format!("{mode}.db"), mode);
        let writer = open(&path);
        run(&writer, "BEGIN IMMEDIATE; INSERT INTO child VALUES (30, 1)");
        let mut db = open(&path);
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
        let impatient = runner(files()).busy_timeout(Duration::from_millis(20));
        let error = impatient.up(&mut db).unwrap_err();
        assert!(error.is_busy(), "{mode}: {error}");
        assert_says(&error, &["another connection holds the write lock"], mode);
        assert_eq!(history(&db), "001_family", "{mode}");

        // It commits while the runner waits: what it wrote is there for the migrations.
        let attempt = first_call(&mut db, "BEGIN IMMEDIATE");
        let mut commit = || run(&writer, "COMMIT");
        migrator.up_with(&mut FaultyDriver::meddled(&mut db, attempt + 3, &mut commit)).unwrap();
        assert_eq!(ask(&db, "SELECT group_concat(id) FROM child"), "10,20,30", "{mode}");
        run(&db, "DELETE FROM child WHERE id = 30");
        assert!(dump(&db) == states[4], "{mode}");
    }
}

#[test]
fn case_47_a_reader_that_stays() {
    let (folder, states) = (Folder::new(), states());
    let count = "SELECT count(*) FROM parent";
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
    for mode in MODES {
        let path = base(&folder, &format!("{mode}.db"), mode);
        let reader = open(&path);
        run(&reader, "BEGIN");
        assert_eq!(ask(&reader, count), "2");
        let mut db = open(&path);
        if mode == "wal" {
            migrator.up_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap();
            // To the reader nothing has happened yet.
            assert_eq!(history(&reader), "001_family");
            run(&reader, "COMMIT");
            // The runner holds nothing: what it wrote goes into the database, and the log is empty then.
            assert_eq!(ask(&reader, "PRAGMA wal_checkpoint(TRUNCATE)"), "0");
            assert_eq!(fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
        } else {
            let error = runner(files()).busy_timeout(Duration::from_millis(20)).up(&mut db).unwrap_err();
            assert!(error.is_busy(), "{error}");
            assert_says(&error, &["another connection holds a read lock"], mode);
            assert!(dump(&db) == states[0]);
            // It ends while the runner waits with its commit, which is then done, and done once.
            let attempt = first_call(&mut db, "COMMIT");
            let mut end = || run(&reader, "COMMIT");
            migrator.up_with(&mut FaultyDriver::meddled(&mut db, attempt + 3, &mut end)).unwrap();
        }
        assert!(dump(&db) == states[4] && dump(&reader) == states[4], "{mode}");
        assert_eq!(ask(&reader, "PRAGMA integrity_check"), "ok");
    }
}

#[test]
fn a_reader_in_the_way_of_another_journal_mode() {
    let (folder, states) = (Folder::new(), states());
    for (from, to) in [("delete", JournalMode::Wal), ("wal", JournalMode::Delete)] {
        let path = base(&folder, &format!("{from}.db"), from);
        let reader = open(&path);
        run(&reader, "BEGIN");
        ask(&reader, "SELECT count(*) FROM parent");
        let migrator = runner(files()).journal_mode(to).busy_timeout(Duration::from_millis(20));
        let mut db = open(&path);
        let error = migrator.up(&mut db).unwrap_err();
        assert!(error.is_busy(), "{from}: {error}");
        assert_says(&error, &["could not change the journal mode"], from);
        assert!(dump(&db) == states[0], "{from}");
        run(&reader, "COMMIT");
        drop(reader);
        migrator.up(&mut db).unwrap();
        assert!(dump(&db) == states[4], "{from}");
        assert_eq!(ask(&db, "PRAGMA journal_mode"), to.name());
    }
}
