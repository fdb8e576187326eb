//! Several versions of a program work on one database in an order made by chance, up and down, with faults and with
//! others at work meanwhile: what the history says has run is always exactly what has run.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use dbmigrate_runtime::{
    Error, ErrorKind, Migrator, NewerDatabase, NoBackend, Report, Rules, Set, Stopped, TransactionMode,
};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::*;

/// Numbers that look like chance, and are the same each time.
struct Die(u64);

impl Die {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }
}

/// Of how many steps a migration is, each way.
const STEPS: usize = 3;

const NAMES: [&str; 6] = ["001_a", "002_b", "003_c", "004_d", "005_e", "006_f"];

/// A migration each of whose steps counts itself, and that of the down script takes off again.
fn migration(at: usize, bare: bool, edited: bool) -> File {
    let number = at + 1;
    let step = |sql: String| -> &'static str { sql.leak() };
    let up = |s| step(format!("INSERT INTO log (number, step, times) VALUES ({number}, {s}, 1)"));
    let down = |s| step(format!("INSERT INTO log VALUES ({number}, {s}, -1)"));
    let mut ups: Vec<&str> = (0..STEPS).map(up).collect();
    if edited {
        // What it does is the same, so that an edit can be accepted.
        ups[STEPS - 1] = step(format!("INSERT INTO log VALUES ({number}, {}, 1)", STEPS - 1));
    }
    let downs: Vec<&str> = (0..STEPS).map(down).collect();
    file(NAMES[at], &ups).down(&downs).no_transaction_if(bare)
}

/// A version of the program.
fn version(die: &mut Die) -> &'static Set<'static> {
    let (count, missing, edited) = (1 + die.below(NAMES.len()), die.below(20), die.below(20));
    let all = die.below(4) == 0;
    let files = (0..count).filter(|at| *at != missing).map(|at| migration(at, at % 2 == 1 && !all, at == edited));
    let newer_database = if die.below(2) == 0 { NewerDatabase::Allow } else { NewerDatabase::Refuse };
    let transaction = if all { TransactionMode::All } else { TransactionMode::Each };
    set_with(files.collect(), Rules { newer_database, transaction, ..Rules::DEFAULT })
}

fn open(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    run(&db, "PRAGMA foreign_keys = 1; PRAGMA busy_timeout = 0; PRAGMA synchronous = OFF");
    db
}

type Counts = BTreeMap<(i64, i64), i64>;

/// How often each step has run, beside what the history says of it.
fn difference(db: &Connection) -> Counts {
    let mut counts = Counts::new();
    for number in 1..=NAMES.len() as i64 {
        for step in 0..STEPS as i64 {
            let sql = format!("SELECT coalesce(sum(times), 0) FROM log WHERE number = {number} AND step = {step}");
            let has_run: i64 = db.query_row(&sql, [], |row| row.get(0)).unwrap();
            let sql = format!("SELECT state, statements_done FROM _migrations WHERE number = {number}");
            let row = db.query_row(&sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).ok();
            let is_said = match row {
                None => false,
                Some((state, done)) => match state.as_str() {
                    "applied" => true,
                    "running" => step < done,
                    "reverting" => step >= done,
                    other => panic!("{other}"),
                },
            };
            counts.insert((number, step), has_run - i64::from(is_said));
        }
    }
    counts
}

type Work = Box<dyn Fn(&Migrator<'static, NoBackend>, &mut FaultyDriver<'_>) -> Result<Report, Error>>;

fn work(die: &mut Die) -> (String, Work) {
    let number = 1 + die.below(NAMES.len()) as u64;
    match die.below(7) {
        0..=2 => ("up".to_owned(), Box::new(|it, driver| it.up_with(driver))),
        3 => (format!("up to {number}"), Box::new(move |it, driver| it.up_to_with(driver, number))),
        4 => ("down".to_owned(), Box::new(|it, driver| it.down_with(driver))),
        5 => (format!("down to {number}"), Box::new(move |it, driver| it.down_to_with(driver, number))),
        _ => ("redo".to_owned(), Box::new(|it, driver| it.redo_with(driver))),
    }
}

/// One walk; how many calls have succeeded.
fn walk(seed: u64, folder: &Folder) -> usize {
    let mut die = Die(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 3);
    let path = folder.file(&format!("{seed}.db"));
    let mut db = open(&path);
    if die.below(2) == 0 {
        run(&db, "PRAGMA journal_mode = WAL");
    }
    run(&db, "CREATE TABLE log (number, step, times)");
    let first: Runner = Migrator::new(set(vec![migration(0, false, false)])).allow_existing_schema();
    first.up(&mut db).unwrap();
    let mut before = difference(&db);
    let mut trail = format!("seed {seed}");
    let mut successes = 0;
    for _ in 0..20 {
        let version = version(&mut die);
        let patience = Duration::from_millis(if die.below(2) == 0 { 0 } else { 20 });
        let migrator: Migrator<'_, NoBackend> = Migrator::new(version).busy_timeout(patience);
        let names: Vec<&str> = version.migrations.iter().map(|it| it.name).collect();
        if die.below(6) == 0 {
            // What changes the history alone.
            let full: Runner = Migrator::new(version).allow_mismatch();
            let number = 1 + die.below(NAMES.len()) as u64;
            let log = ask(&db, "SELECT count(*) FROM log");
            let done = match die.below(3) {
                0 => full.forget(&mut db, number).map(drop),
                1 => full.mark_only(&mut db, &[number]).map(drop),
                _ => full.repair_all(&mut db, Some(Stopped::Retry)).map(drop),
            };
            trail.push_str(&format!("\n{names:?}: history only, {number}: {:?}", done.is_ok()));
            assert_eq!(ask(&db, "SELECT count(*) FROM log"), log, "{trail}");
            before = difference(&db);
            continue;
        }
        let (name, work) = work(&mut die);
        let faults = [Fault::Once, Fault::Dead, Fault::Busy, Fault::Lost, Fault::Gone, Fault::Panic, Fault::Meddle];
        let fault = if die.below(2) == 0 { Fault::None } else { faults[die.below(faults.len())] };
        let at = die.below(60);
        trail.push_str(&format!("\n{names:?} {:?}: {name} with {fault:?} at {at}", version.rules.transaction));
        let (other, other_work) = (self::version(&mut die), self::work(&mut die));
        let mut meddle = || {
            let mut db = open(&path);
            let other = Migrator::new(other).busy_timeout(Duration::ZERO);
            let _ = (other_work.1)(&other, &mut FaultyDriver::new(&mut db, Fault::None, 0));
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            if fault == Fault::Meddle {
                return work(&migrator, &mut FaultyDriver::meddled(&mut db, at, &mut meddle));
            }
            work(&migrator, &mut FaultyDriver::new(&mut db, fault, at))
        }));
        if fault == Fault::Dead {
            db = open(&path);
        }
        assert!(db.is_autocommit(), "{trail}");
        assert_eq!(difference(&db), before, "{trail}\n{result:?}");
        let Ok(Ok(report)) = result else { continue };
        successes += 1;
        // Nobody was at work besides.
        if fault == Fault::Meddle || fault == Fault::Dead {
            continue;
        }
        let all: Runner = Migrator::new(version);
        let problems = all.verify(&mut db).unwrap().problems;
        assert!(problems.iter().all(|it| it.kind != ErrorKind::Head), "{trail}\n{problems:?}");
        let status = all.status(&mut db).unwrap();
        for done in &report.applied {
            let entry = status.entries.iter().find(|it| it.number == done.number).unwrap();
            assert!(entry.state.is_applied(), "{trail}\n{entry:?}");
        }
        if name == "up" {
            assert!(status.entries.iter().all(|it| it.state.is_applied()), "{trail}\n{status:?}");
        }
    }
    drop(db);
    let _ = std::fs::remove_file(path);
    successes
}

#[test]
fn what_the_history_says_is_what_has_run() {
    // `DBMIGRATE_WALKS=5000` walks further.
    let count = std::env::var("DBMIGRATE_WALKS").ok().and_then(|it| it.parse().ok()).unwrap_or(60_u64);
    let folder = Folder::new();
    let successes: usize = (0..count).map(|seed| walk(seed, &folder)).sum();
    assert!(successes as u64 > count * 4, "{successes} of {count} walks");
}
