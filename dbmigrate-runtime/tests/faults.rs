//! A fault at every call that the runner makes: the database is old or new, never between, and goes on afterwards.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use dbmigrate_runtime::{Error, Migrator, NoBackend, Report, Rules, TransactionMode};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::package::{Package, package};
use support::*;

type Work = fn(&Migrator<'static, NoBackend>, &mut FaultyDriver<'_>) -> Result<Report, Error>;

const UP: Work = |migrator, driver| migrator.up_with(driver);
const DOWN: Work = |migrator, driver| migrator.down_all_with(driver);
const REDO: Work = |migrator, driver| migrator.redo_with(driver);

/// One run with a fault, and what came of it.
struct Case {
    files: Vec<File>,
    /// What the set has besides them.
    besides: fn(Package) -> Package,
    rules: Rules,
    /// What the database had before beside the first migrations.
    had: fn(Package) -> Package,
    /// How many are applied before.
    applied: usize,
    work: Work,
    /// What completes it after a fault.
    finish: Work,
    /// Whether a fault may leave some of the migrations done.
    stepwise: bool,
}

fn case(files: Vec<File>, applied: usize) -> Case {
    let nothing: fn(Package) -> Package = |package| package;
    let (rules, besides, had) = (Rules::DEFAULT, nothing, nothing);
    Case { files, besides, rules, had, applied, work: UP, finish: UP, stepwise: true }
}

impl Case {
    fn migrator(&self) -> Migrator<'static, NoBackend> {
        let package = (self.besides)(package(self.files.clone()).rules(self.rules));
        Migrator::new(package.set()).busy_timeout(Duration::from_secs(5))
    }

    /// A database before the run, with the settings that have to be given back.
    fn open(&self, path: &Path) -> Connection {
        let _ = std::fs::remove_file(path);
        let mut db = settings(Connection::open(path).unwrap());
        if self.applied > 0 {
            (self.had)(package(self.files[..self.applied].to_vec())).runner().up(&mut db).unwrap();
        }
        db
    }

    fn check(&self) {
        let folder = Folder::new();
        let (path, migrator) = (folder.file("a.db"), self.migrator());
        let mut db = self.open(&path);
        let old = dump(&db);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        (self.work)(&migrator, &mut driver).unwrap();
        let calls = driver.calls;
        let new = dump(&db);
        drop(db);
        for fault in [Fault::Once, Fault::Dead, Fault::Panic, Fault::Busy, Fault::Gone, Fault::Lost] {
            for (at, call) in calls.iter().enumerate() {
                self.fault(&path, &migrator, (fault, at), call, &old, &new);
            }
        }
    }

    fn fault(
        &self,
        path: &Path,
        migrator: &Migrator<'static, NoBackend>,
        (fault, at): (Fault, usize),
        call: &str,
        old: &str,
        new: &str,
    ) {
        let name = format!("{fault:?} at {at}: {call}");
        let name = name.as_str();
        let mut db = self.open(path);
        let mut driver = FaultyDriver::new(&mut db, fault, at);
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(migrator, &mut driver)));
        drop(driver);
        if fault == Fault::Dead {
            // The process is gone, and with it its connection.
            drop(db);
            db = settings(Connection::open(path).unwrap());
        } else {
            assert!(db.is_autocommit(), "{name}");
            assert_eq!(read_settings(&db), "110", "{name}");
        }
        let after = dump(&db);
        if matches!(result, Ok(Ok(_))) && fault != Fault::Dead {
            assert_eq!(after, new, "{name}");
        } else if !self.stepwise {
            assert!(after == old || after == new, "{name}\n{after}");
        }
        if let (Fault::Busy, Ok(Err(error))) = (fault, &result) {
            // Whoever was in the way is gone when it is tried again.
            panic!("{name}: {error}");
        }
        self.check_history(&db, name);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        (self.finish)(migrator, &mut driver).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(dump(&db), new, "{name}");
    }

    /// Every row of the history stands for a migration that is there as a whole, and only those.
    fn check_history(&self, db: &Connection, name: &str) {
        let has_history = ask(db, "SELECT count(*) FROM sqlite_master WHERE name = '_migrations'") == "1";
        let recorded = if has_history { history(db) } else { String::new() };
        for file in ["001_a", "002_b", "003_c"] {
            let letter = &file[4..];
            let done = ask(db, &format!("SELECT count(*) FROM sqlite_master WHERE name = '{letter}_last'")) == "1";
            let unfinished = recorded.contains(&format!("{file}:"));
            assert!(unfinished || recorded.contains(file) == done, "{name}: {recorded}, {file} is there: {done}");
        }
    }
}

fn settings(db: Connection) -> Connection {
    run(
        &db,
        "PRAGMA synchronous = 0; PRAGMA foreign_keys = 1; PRAGMA cell_size_check = 1; PRAGMA legacy_alter_table = 0",
    );
    db
}

fn read_settings(db: &Connection) -> String {
    ["foreign_keys", "cell_size_check", "legacy_alter_table"].map(|name| ask(db, &format!("PRAGMA {name}"))).concat()
}

fn plain() -> Vec<File> {
    ["001_a", "002_b", "003_c"]
        .into_iter()
        .map(|name| {
            let letter = &name[4..];
            let sql = |text: &str| -> &'static str { text.replace('?', letter).leak() };
            file(
                name,
                &[sql("CREATE TABLE ? (x)"), sql("INSERT INTO ? VALUES (1), (2)"), sql("CREATE INDEX ?_last ON ? (x)")],
            )
            .down(&[sql("DROP INDEX ?_last"), sql("DROP TABLE ?")])
        })
        .collect()
}

fn rebuilds() -> Vec<File> {
    let parents = file(
        "001_a",
        &[
            "CREATE TABLE a (id INTEGER PRIMARY KEY)",
            "CREATE TABLE kid (id INTEGER PRIMARY KEY, a REFERENCES a (id) ON DELETE CASCADE)",
            "INSERT INTO a VALUES (1), (2)",
            "INSERT INTO kid VALUES (10, 1), (20, 2)",
            "CREATE INDEX a_last ON a (id)",
        ],
    );
    let change = file(
        "002_b",
        &[
            "CREATE TABLE a_new (id INTEGER PRIMARY KEY, more)",
            "INSERT INTO a_new SELECT id, 1 FROM a",
            "DROP TABLE a",
            "ALTER TABLE a_new RENAME TO a",
            "CREATE INDEX a_last ON a (id)",
            "PRAGMA legacy_alter_table = 1",
            "CREATE INDEX b_last ON a (more)",
        ],
    );
    vec![parents, change]
}

#[test]
fn a_normal_file() {
    Case { stepwise: false, ..case(plain(), 2) }.check();
}

#[test]
fn a_rebuild() {
    Case { stepwise: false, ..case(rebuilds(), 1) }.check();
}

#[test]
fn a_fresh_database() {
    Case { stepwise: false, ..case(plain(), 0) }.check();
    case(rebuilds(), 0).check();
}

/// What [`plain`] leads to, all of it or but for the last.
fn begun(package: Package) -> Package {
    package.snapshot(
        2,
        &[
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x)",
            "INSERT INTO a (rowid, x) VALUES (1, 1), (2, 2)",
            "INSERT INTO b (rowid, x) VALUES (1, 1), (2, 2)",
            "CREATE INDEX a_last ON a (x)",
            "CREATE INDEX b_last ON b (x)",
        ],
    )
}

#[test]
fn a_fresh_database_with_a_snapshot() {
    let mut db = settings(memory());
    assert!(begun(package(plain())).runner().up(&mut db).unwrap().snapshot.is_some());
    Case { besides: begun, ..case(plain(), 0) }.check();
    Case { besides: |package| repeating(begun(package)), ..case(plain(), 0) }.check();
    let files = || plain().into_iter().take(2).collect();
    Case { besides: begun, stepwise: false, ..case(files(), 0) }.check();
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    Case { besides: begun, rules, stepwise: false, ..case(files(), 0) }.check();
}

#[test]
fn all_in_one_transaction() {
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    Case { rules, stepwise: false, ..case(plain(), 1) }.check();
}

#[test]
fn a_file_without_a_transaction() {
    let bare = file(
        "002_b",
        &[
            "CREATE TABLE b (x)",
            "PRAGMA cell_size_check = 0",
            "VACUUM",
            "BEGIN",
            "INSERT INTO b VALUES (1)",
            "INSERT INTO b VALUES (2)",
            "COMMIT",
            "CREATE INDEX b_last ON b (x)",
        ],
    );
    case(vec![plain().remove(0), bare.no_transaction(), plain().remove(2)], 1).check();
}

#[test]
fn a_file_with_an_assertion() {
    let asserting = file(
        "002_b",
        &["assert:SELECT count(*) = 2 FROM a", "DELETE FROM a", "CREATE TABLE b (x)", "CREATE INDEX b_last ON b (x)"],
    );
    let files = |asserting| vec![plain().remove(0), asserting, plain().remove(2)];
    case(files(asserting.clone()), 1).check();
    case(files(asserting.no_transaction()), 1).check();
}

#[test]
fn the_down_script() {
    Case { work: DOWN, finish: DOWN, ..case(plain(), 3) }.check();
    let bare = plain().into_iter().map(File::no_transaction).collect();
    Case { work: DOWN, finish: DOWN, ..case(bare, 3) }.check();
}

#[test]
fn applying_again() {
    Case { work: REDO, finish: UP, ..case(plain(), 3) }.check();
}

/// Hooks that do the same however often they run, as hooks should.
fn hooked(package: Package) -> Package {
    package
        .before(&["CREATE TABLE IF NOT EXISTS hooked (x UNIQUE)", "INSERT OR IGNORE INTO hooked VALUES (1)"])
        .after(&["UPDATE hooked SET x = x"])
}

/// Takes the rows away through the view of a repeatable.
const WRITES: &str = "CREATE TRIGGER writes INSTEAD OF INSERT ON counts BEGIN DELETE FROM a; END";
const OTHER: &str = "CREATE TRIGGER other AFTER DELETE ON a BEGIN SELECT 1; END";

fn repeating(package: Package) -> Package {
    let counts = "CREATE VIEW counts AS SELECT count(*) AS x FROM a";
    package.repeatable("counts", &[counts, WRITES]).repeatable("other", &[OTHER])
}

fn repeating_otherwise(package: Package) -> Package {
    let counts = "CREATE VIEW counts AS SELECT max(x) AS x FROM a";
    package.repeatable("counts", &[counts, WRITES]).repeatable("other", &[OTHER])
}

#[test]
fn hooks() {
    for mode in [TransactionMode::Each, TransactionMode::All] {
        let rules = Rules { transaction: mode, ..Rules::DEFAULT };
        for applied in [0, 2] {
            Case { besides: hooked, rules, ..case(plain(), applied) }.check();
        }
    }
}

#[test]
fn repeatables_after_migrations() {
    Case { besides: repeating, ..case(plain(), 0) }.check();
    Case { besides: repeating, had: repeating, work: REDO, ..case(plain(), 3) }.check();
    Case { besides: |package| hooked(repeating(package)), had: repeating_otherwise, ..case(plain(), 2) }.check();
    let bare = plain().into_iter().map(File::no_transaction).collect();
    Case { besides: repeating, had: repeating, ..case(bare, 2) }.check();
}

#[test]
fn repeatables_alone() {
    Case { besides: repeating, had: repeating_otherwise, stepwise: false, ..case(plain(), 3) }.check();
    Case { besides: repeating, stepwise: false, ..case(plain(), 3) }.check();
}
