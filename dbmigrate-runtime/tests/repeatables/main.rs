//! `repeatable/*.sql`: views and triggers, made anew when they change and after every migration.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod in_the_way;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use dbmigrate_runtime::{
    ErrorKind, Migrator, NewerDatabase, NoBackend, RepeatableState, ResetPlan, Rules, TransactionMode,
};
use rusqlite::Connection;
use support::fault::{Fault, FaultyDriver};
use support::package::{Package, package};
use support::*;

const TABLES: &[&str] = &["CREATE TABLE t (x)", "CREATE TABLE log (x)"];
const TRIGGER: &str = "CREATE TRIGGER logs AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.x); END";
const VIEW: &str = "CREATE VIEW v AS SELECT x FROM t";
const OTHER_VIEW: &str = "CREATE VIEW v AS SELECT x + 100 AS x FROM t";

fn files() -> Vec<File> {
    vec![
        file("001_t", TABLES).down(&["DROP TABLE t", "DROP TABLE log"]),
        file("002_rows", &["INSERT INTO t VALUES (1)"]).down(&["DELETE FROM t"]),
    ]
}

/// Rebuilds `t`, which takes its triggers with it.
fn rebuild() -> File {
    file(
        "003_rebuild",
        &[
            "CREATE TABLE n (x INTEGER)",
            "INSERT INTO n SELECT x FROM t",
            "DROP VIEW IF EXISTS v",
            "DROP TABLE t",
            "ALTER TABLE n RENAME TO t",
        ],
    )
}

fn with(files: Vec<File>, view: &'static str) -> Package {
    package(files).repeatable("logs", &[TRIGGER]).repeatable("view", &[view])
}

fn both() -> Package {
    with(files(), VIEW)
}

fn up(db: &mut Connection, package: Package) -> Vec<String> {
    let report = package.runner().up(db).unwrap();
    assert!(db.is_autocommit());
    report.repeated.into_iter().map(|repeated| repeated.name).collect()
}

/// The statements of an `up`.
fn calls(db: &mut Connection, package: Package) -> Vec<String> {
    let migrator: Migrator<'_, NoBackend> = Migrator::new(package.set());
    let mut driver = FaultyDriver::new(db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    driver.calls
}

fn states(db: &mut Connection, package: Package) -> String {
    let status = package.runner().status(db).unwrap();
    let states = status.repeatables.iter().map(|entry| {
        let at = if entry.applied_at.is_some() { "" } else { "!" };
        format!("{}:{:?}{at}", entry.name, entry.state)
    });
    states.collect::<Vec<_>>().join(" ")
}

fn records(db: &Connection) -> String {
    ask(
        db,
        "SELECT coalesce(group_concat(name, ' '), '') FROM (SELECT name FROM _migrations_repeatable WHERE checksum <> '' ORDER BY name)",
    )
}

fn head(db: &Connection) -> String {
    ask(db, "SELECT chain FROM _migrations_head")
}

#[test]
fn they_run_after_the_newest_migration_and_then_no_more() {
    let mut db = memory();
    assert_eq!(states(&mut db, both()), "logs:Pending! view:Pending!");
    assert_eq!(up(&mut db, both()), ["logs", "view"]);
    assert_eq!(ask(&db, "SELECT x FROM v"), "1");
    assert_eq!(ask(&db, "SELECT count(*) FROM log"), "0", "the trigger was made after the rows");
    assert_eq!(head(&db), both().set().repeatables[1].chain);
    assert_eq!(states(&mut db, both()), "logs:Applied view:Applied");
    let shape = "SELECT group_concat(name || ' ' || typeof(duration_us), ' ') FROM _migrations_repeatable";
    assert_eq!(ask(&db, shape), "logs integer view integer");
    let status = both().runner().status(&mut db).unwrap();
    assert_eq!((status.total(), status.pending()), (2, 0));
    assert_eq!(status.repeatables[0].file.as_deref(), Some("migrations/repeatable/logs.sql"));
}

#[test]
fn with_nothing_pending_a_start_stays_one_read() {
    let mut db = memory();
    up(&mut db, both());
    let one = ["SELECT set_name, format, chain, EXISTS (SELECT 1 FROM main.\"_migrations\") AND \
         EXISTS (SELECT 1 FROM main.\"_migrations_repeatable\") FROM main.\"_migrations_head\""];
    assert_eq!(calls(&mut db, both()), one);
    // Nor do those in a set without migrations cost more.
    let alone = || package(Vec::new()).repeatable("one", &["CREATE VIEW one AS SELECT 1"]);
    let mut db = memory();
    assert_eq!(up(&mut db, alone()), ["one"]);
    assert_eq!(calls(&mut db, alone()).len(), 1);
    // A program without any has no table for them.
    let mut db = memory();
    up(&mut db, package(files()));
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name LIKE '%repeatable%'"), "0");
}

#[test]
fn what_changed_or_is_new_runs_alone() {
    let mut db = memory();
    up(&mut db, both());
    assert_eq!(states(&mut db, with(files(), OTHER_VIEW)), "logs:Applied view:Changed");
    assert_eq!(up(&mut db, with(files(), OTHER_VIEW)), ["view"]);
    assert_eq!(ask(&db, "SELECT x FROM v"), "101");
    let more = || both().repeatable("w", &["CREATE VIEW w AS SELECT 1 AS x"]);
    assert_eq!(states(&mut db, more()), "logs:Applied view:Changed w:Pending!");
    assert_eq!(up(&mut db, more()), ["view", "w"]);
    assert_eq!(ask(&db, "SELECT v.x || w.x FROM v, w"), "11");
    assert_eq!(calls(&mut db, more()).len(), 1);
    // The older program finds its own again, and what the newer one made stays.
    assert_eq!(states(&mut db, both()), "logs:Applied view:Applied w:Missing");
    assert!(up(&mut db, both()).is_empty());
    assert_eq!(calls(&mut db, both()).len(), 1);
    assert_eq!(ask(&db, "SELECT x FROM w"), "1");
    let verification = both().runner().verify(&mut db).unwrap();
    assert!(verification.is_ok());
    assert_eq!(verification.repeatables[2].state, RepeatableState::Missing);
}

#[test]
fn what_one_program_names_otherwise_another_does_not_take_for_its_own() {
    let older = || package(files()).repeatable("view", &[VIEW]);
    let newer = || package(files()).repeatable("views", &[OTHER_VIEW]);
    let mut db = memory();
    for _ in 0..2 {
        assert_eq!(up(&mut db, older()), ["view"]);
        assert_eq!(ask(&db, "SELECT x FROM v"), "1");
        assert_eq!(up(&mut db, newer()), ["views"]);
        assert_eq!(ask(&db, "SELECT x FROM v"), "101");
        assert_eq!(calls(&mut db, newer()).len(), 1);
        assert_eq!(states(&mut db, older()), "view:Pending! views:Missing");
    }
}

#[test]
fn an_older_program_that_is_let_run_leaves_those_of_the_newer_one() {
    let newer = || with([files(), vec![rebuild()]].concat(), OTHER_VIEW);
    let rules = Rules { newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
    let mut db = memory();
    up(&mut db, newer());
    let before = db.total_changes();
    assert!(up(&mut db, both().rules(rules)).is_empty());
    assert_eq!((db.total_changes(), ask(&db, "SELECT x FROM v")), (before, "101".into()));
    assert_eq!(calls(&mut db, newer()).len(), 1);
}

#[test]
fn a_set_that_gets_its_first_ones_later_makes_room_for_them() {
    let mut db = memory();
    up(&mut db, package(files()));
    assert_eq!(up(&mut db, both()), ["logs", "view"]);
    assert_eq!(calls(&mut db, both()).len(), 1);
}

#[test]
fn after_a_migration_all_run_again() {
    for rebuild in [rebuild(), rebuild().no_transaction()] {
        let mut db = memory();
        up(&mut db, both());
        let mut more = files();
        more.push(rebuild);
        assert_eq!(up(&mut db, with(more, VIEW)), ["logs", "view"]);
        run(&db, "INSERT INTO t VALUES (7)");
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), "7", "the trigger fires again");
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM v"), "1,7");
    }
}

#[test]
fn a_program_without_them_lets_them_run_again_too() {
    let mut db = memory();
    up(&mut db, both());
    let mut more = files();
    more.push(rebuild());
    up(&mut db, package(more.clone()));
    assert_eq!(
        (records(&db).as_str(), ask(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'logs'")),
        ("", "0".into())
    );
    assert_eq!(up(&mut db, with(more, VIEW)), ["logs", "view"]);
}

#[test]
fn the_down_script_leaves_them_and_lets_them_run_again() {
    for files in [files(), files().into_iter().map(File::no_transaction).collect()] {
        let both = || with(files.clone(), VIEW);
        let mut db = memory();
        up(&mut db, both());
        both().runner().down(&mut db).unwrap();
        assert_eq!((records(&db).as_str(), objects(&db).as_str()), ("", "log logs t v"));
        assert_eq!(head(&db), both().set().migrations[0].chain);
        assert_eq!(up(&mut db, both()), ["logs", "view"]);
        assert_eq!(both().runner().redo(&mut db).unwrap().repeated.len(), 2);
        assert!(up(&mut db, both()).is_empty());
    }
}

#[test]
fn a_run_that_stops_before_the_newest_migration_runs_none() {
    let mut db = memory();
    let report = both().runner().up_to(&mut db, 1_u64).unwrap();
    assert!(report.repeated.is_empty());
    assert_eq!(objects(&db), "log t");
    assert_eq!(both().runner().up_to(&mut db, 2_u64).unwrap().repeated.len(), 2);
    // Nor does it see those that wait, which is one read as well.
    let migrator: Migrator<'_, NoBackend> = Migrator::new(with(files(), OTHER_VIEW).set());
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    assert!(migrator.up_to_with(&mut driver, 1_u64).unwrap().is_empty());
    assert_eq!(ask(&db, "SELECT x FROM v"), "1");
    both().runner().down(&mut db).unwrap();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    assert!(migrator.up_to_with(&mut driver, 1_u64).unwrap().is_empty());
    assert_eq!(driver.calls.len(), 1);
}

#[test]
fn a_view_that_can_not_be_read_is_no_view() {
    let with = |a, b| package(files()).repeatable("a", &[a]).repeatable("b", &[b]);
    let good = "CREATE VIEW a AS SELECT y FROM b";
    let mut db = memory();
    // Each needs what comes later, or what another program registers.
    up(&mut db, with(good, "CREATE VIEW b AS SELECT x AS y, nobody_has(x) AS z FROM t"));
    up(&mut db, with(good, "CREATE VIEW b AS SELECT x AS y FROM t"));
    let before = dump(&db);
    let error = with(good, "CREATE VIEW b AS SELECT x AS z FROM t").runner().up(&mut db).unwrap_err();
    assert_eq!(error.file(), Some("migrations/repeatable/a.sql"), "the one that lost what it reads: {error}");
    assert_eq!(dump(&db), before);
    let error = with(good, "CREATE VIEW b AS SELECT nowhere AS y FROM t").runner().up(&mut db).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("can't be read: no such column: nowhere"), "{text}");
    assert!(text.contains("rolled back"), "{text}");
    assert_eq!(dump(&db), before);
}

#[test]
fn one_that_fails_leaves_everything_as_it_was() {
    let mut db = memory();
    up(&mut db, both());
    let before = dump(&db);
    let broken = || {
        let package = package(files()).repeatable("logs", &[&TRIGGER.replace("log V", "other V").leak()[..]]);
        package.repeatable("view", &["CREATE VIEW w AS SELECT 1", "CREATE VIEW v AS SELEC x FROM t"])
    };
    let error = broken().runner().up(&mut db).unwrap_err();
    assert_eq!((error.file(), error.line()), (Some("migrations/repeatable/view.sql"), Some(3)));
    let text = error.to_string();
    assert!(text.contains("the repeatables were rolled back: their objects are as before"), "{text}");
    assert!(error.report().is_empty());
    assert_eq!(dump(&db), before);
    assert!(broken().runner().up(&mut db).is_err(), "it is tried again");
    assert_eq!(up(&mut db, with(files(), OTHER_VIEW)), ["view"]);
    // Nor is one of them made on a fresh database, or where all migrations share a transaction.
    for mode in [TransactionMode::Each, TransactionMode::All] {
        let mut db = memory();
        let rules = Rules { transaction: mode, ..Rules::DEFAULT };
        let error = with(files(), "CREATE VIEW v AS SELEC x FROM t").rules(rules).runner().up(&mut db).unwrap_err();
        assert_eq!((error.report().applied.len(), error.report().repeated.len()), (2, 0));
        assert_eq!((records(&db).as_str(), objects(&db).as_str()), ("", "log t"));
    }
    // After migrations these stay, and so do the objects that were there before.
    let mut more = files();
    more.push(file("003_more", &["CREATE TABLE more (x)"]));
    let error = with(more, "CREATE VIEW v AS SELEC x FROM t").runner().up(&mut db).unwrap_err();
    assert_eq!((error.report().applied.len(), error.report().repeated.len()), (1, 0));
    assert_eq!(ask(&db, "SELECT x FROM v"), "101");
    assert_eq!(records(&db), "");
}

#[test]
fn those_that_could_not_be_committed_are_named_together() {
    let mut db = memory();
    package(files()).runner().up(&mut db).unwrap();
    let before = dump(&db);
    let migrator: Migrator<'_, NoBackend> = Migrator::new(both().set());
    let mut whole = memory();
    package(files()).runner().up(&mut whole).unwrap();
    let mut driver = FaultyDriver::new(&mut whole, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    let commit = driver.calls.iter().position(|call| call == "COMMIT").unwrap();
    let error = migrator.up_with(&mut FaultyDriver::new(&mut db, Fault::Once, commit)).unwrap_err();
    let expect = "the repeatables: could not commit: disk I/O error\n\
                  note: the repeatables were rolled back: their objects are as before";
    assert_eq!(error.message(), expect);
    assert_eq!(dump(&db), before);
}

#[test]
fn a_name_that_something_else_has_is_an_error() {
    let mut db = memory();
    let error = with(files(), "CREATE VIEW log AS SELECT 1").runner().up(&mut db).unwrap_err();
    assert_eq!(error.file(), Some("migrations/repeatable/view.sql"));
    assert!(error.to_string().contains("log"), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM log"), "0");
    // The name of their own table as well.
    let mut db = memory();
    run(&db, "CREATE TABLE _migrations_repeatable (name)");
    assert_eq!(package(files()).runner().up(&mut db).unwrap().applied.len(), 2);
    let error = both().runner().up(&mut db).unwrap_err();
    assert!(error.is_history() && error.help()[0].contains("`table = "), "{error}");
}

#[test]
fn whoever_changes_the_records_by_hand_is_believed() {
    let check = |change: &str| {
        let mut db = memory();
        up(&mut db, both());
        run(&db, change);
        up(&mut db, both()).join(" ")
    };
    assert_eq!(check("DELETE FROM _migrations_repeatable WHERE name = 'view'"), "view");
    assert_eq!(check("UPDATE _migrations_repeatable SET checksum = 7"), "logs view");
    assert_eq!(check("INSERT INTO _migrations_repeatable (name, checksum) VALUES ('x', '')"), "");
    assert_eq!(check("DROP TABLE _migrations_repeatable"), "logs view");
    assert_eq!(check("UPDATE _migrations SET tool = 'me'"), "");
    assert_eq!(check("UPDATE _migrations_head SET chain = ''"), "");
}

#[test]
fn a_newer_program_is_no_reason_to_doubt_the_head_but_a_lie_is() {
    let mut db = memory();
    up(&mut db, both());
    let newer = || {
        let mut more = files();
        more.push(rebuild());
        with(more, OTHER_VIEW)
    };
    for package in [both(), newer(), with(files(), OTHER_VIEW), package(files())] {
        let runner = package.runner();
        assert!(runner.verify(&mut db).unwrap().is_ok());
        assert!(runner.repair_plan(&mut db).unwrap().is_empty());
    }
    // A head that says what the records don't.
    run(&db, "DROP TRIGGER _migrations_repeatable_delete; DELETE FROM _migrations_repeatable WHERE name = 'view'");
    let problems = both().runner().verify(&mut db).unwrap().problems;
    assert_eq!(problems[0].kind, ErrorKind::Head);
    both().runner().repair_all(&mut db, None).unwrap();
    assert!(both().runner().verify(&mut db).unwrap().is_ok());
    assert_eq!(up(&mut db, both()), ["view"]);
}

#[test]
fn mark_leaves_out_what_they_make_and_records_none() {
    let mut db = memory();
    // One of them is there, the other is not.
    run(&db, &format!("{}; {VIEW}", TABLES.join(";")));
    let with_hook = || both().before(&["CREATE TABLE nobody_marks (x)"]);
    assert_eq!(with_hook().runner().mark(&mut db).unwrap().recorded.len(), 2);
    assert_eq!(states(&mut db, with_hook()), "logs:Pending! view:Pending!");
    assert_eq!(up(&mut db, with_hook()), ["logs", "view"]);
    assert_eq!(objects(&db), "log logs nobody_marks t v", "a repeatable is something to apply");
    // A view that no repeatable makes still counts.
    let mut db = memory();
    run(&db, &format!("{}; CREATE VIEW other AS SELECT 1", TABLES.join(";")));
    assert!(both().runner().mark(&mut db).unwrap_err().is_mismatch());
}

#[test]
fn forget_and_repair_keep_their_records() {
    let mut db = memory();
    up(&mut db, both());
    both().runner().forget(&mut db, 2_u64).unwrap();
    assert_eq!(head(&db), "");
    assert_eq!(both().runner().mark(&mut db).unwrap().recorded.len(), 1);
    assert_eq!(head(&db), both().set().repeatables[1].chain, "none of it was touched");
    run(&db, "UPDATE _migrations_head SET chain = ''");
    both().runner().repair_all(&mut db, None).unwrap();
    assert_eq!(head(&db), both().set().repeatables[1].chain);
    assert_eq!(calls(&mut db, both()).len(), 1);
}

#[test]
fn reset_takes_their_table_with_it_and_the_table_alone_is_nothing() {
    let mut db = memory();
    let both = || with(vec![file("001_t", TABLES)], VIEW);
    up(&mut db, both());
    assert!(matches!(both().runner().reset_plan(&mut db).unwrap(), ResetPlan::DropEverything { .. }));
    both().runner().reset(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"), "0");
    up(&mut db, both());
    run(&db, "DROP TABLE _migrations; DROP TABLE _migrations_head; DROP TABLE t; DROP TABLE log; DROP VIEW v");
    assert_eq!(records(&db), "logs view");
    assert_eq!(up(&mut db, both()), ["logs", "view"], "what is left of an older history says nothing");
}

#[test]
fn they_do_not_run_on_what_somebody_else_made_unless_told_to() {
    let alone = || package(Vec::new()).repeatable("view", &[VIEW]);
    let mut db = memory();
    run(&db, "CREATE TABLE t (x)");
    assert!(alone().runner().up(&mut db).unwrap_err().is_existing_schema());
    assert_eq!(alone().runner().allow_existing_schema().up(&mut db).unwrap().repeated.len(), 1);
}

#[test]
fn the_sets_of_one_history_do_not_touch_each_others() {
    let other = |view| package(Vec::new()).name("other").repeatable("view", &[view]);
    let mut db = memory();
    up(&mut db, both());
    assert_eq!(up(&mut db, other("CREATE VIEW w AS SELECT 1")), ["view"]);
    // A set that is new to a history empties all heads, and no more.
    assert!(up(&mut db, both()).is_empty());
    assert_eq!(calls(&mut db, both()).len(), 1);
    both().runner().down(&mut db).unwrap();
    assert_eq!(
        ask(&db, "SELECT group_concat(set_name || name) FROM _migrations_repeatable WHERE checksum <> ''"),
        "otherview"
    );
    assert_eq!(calls(&mut db, other("CREATE VIEW w AS SELECT 1")).len(), 1);
}

#[test]
fn hooks_stand_around_them() {
    let hooked = |view| {
        let drops = &["DROP VIEW IF EXISTS v", "DROP TRIGGER IF EXISTS logs"];
        with(files(), view).before(drops).after(&["INSERT INTO t SELECT count(*) FROM v"])
    };
    let mut db = memory();
    up(&mut db, hooked(VIEW));
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), "1", "the last hook finds what they make");
    // The first one takes away what has not changed as well.
    assert_eq!(up(&mut db, hooked(OTHER_VIEW)), ["logs", "view"]);
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), "1,2");
    assert!(up(&mut db, hooked(OTHER_VIEW)).is_empty());
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM log"), "1,2");
}

#[test]
fn exactly_one_of_many_runs_them() {
    for (start, expect) in [(None, 2), (Some(VIEW), 1)] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        if let Some(view) = start {
            up(&mut Connection::open(&path).unwrap(), with(files(), view));
        }
        let barrier = Barrier::new(8);
        let start = || {
            let mut db = Connection::open(&path).unwrap();
            db.busy_timeout(Duration::ZERO).unwrap();
            barrier.wait();
            up(&mut db, with(files(), OTHER_VIEW)).len()
        };
        let repeated: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(repeated, expect);
    }
}

#[test]
fn another_process_may_come_between_any_two_calls() {
    let newer = || {
        let mut more = files();
        more.push(rebuild());
        with(more, OTHER_VIEW)
    };
    let migrator: Migrator<'_, NoBackend> = Migrator::new(newer().set());
    let folder = Folder::new();
    let open = |path: &Path| {
        let mut db = Connection::open(path).unwrap();
        db.busy_timeout(Duration::ZERO).unwrap();
        run(&db, "PRAGMA synchronous = 0");
        up(&mut db, both());
        db
    };
    let mut first = open(&folder.file("first.db"));
    let mut driver = FaultyDriver::new(&mut first, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    for at in 0..driver.calls.len() {
        let path = folder.file(&format!("{at}.db"));
        let mut db = open(&path);
        let mut others = None;
        let mut other = || {
            let mut db = Connection::open(&path).unwrap();
            db.busy_timeout(Duration::ZERO).unwrap();
            others = Some(newer().runner().busy_timeout(Duration::ZERO).up(&mut db));
        };
        let own = migrator.up_with(&mut FaultyDriver::meddled(&mut db, at, &mut other)).unwrap();
        let others = match others.unwrap() {
            Ok(report) => report,
            Err(error) => {
                assert!(error.is_busy(), "{at}: {error}");
                error.report().clone()
            }
        };
        assert_eq!(
            (own.applied.len() + others.applied.len(), own.repeated.len() + others.repeated.len()),
            (1, 2),
            "{at}"
        );
        assert_eq!(calls(&mut db, newer()).len(), 1, "{at}");
        assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name IN ('v', 'logs')"), "2", "{at}");
    }
}
