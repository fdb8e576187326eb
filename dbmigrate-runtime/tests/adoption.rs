//! The history of another tool: the first start takes it over, once, as a whole or not at all.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Barrier;

use dbmigrate_runtime::{
    Adopted, Adoption, Backup, BackupWhen, Comparison, Migrator, NewerDatabase, OldShape, OutOfOrder, Rehearse, Rules,
    Set, State, TakesOver, Together,
};
use rusqlite::Connection;
use support::driver::Rusqlite;
use support::fault::{Fault, FaultyDriver};
use support::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)";
const POSTS: &str = "CREATE TABLE posts (id INTEGER PRIMARY KEY, user INTEGER REFERENCES users (id))";
const INDEX: &str = "CREATE INDEX by_user ON posts (user)";

fn files() -> Vec<File> {
    vec![
        file("001_users", &[USERS]).down(&["DROP TABLE users"]),
        file("002_posts", &[POSTS]).down(&["DROP TABLE posts"]),
        file("003_index", &[INDEX]).down(&["DROP INDEX by_user"]),
    ]
}

const SHAPES: &[OldShape<'_>] = &[OldShape {
    columns: &["version", "hash", "at", "ok"],
    applied: "SELECT CAST(version AS TEXT), hash, datetime(at) FROM old WHERE ok ORDER BY version",
    forbids: "SELECT CAST(version AS TEXT), 'has failed' FROM old WHERE NOT ok",
}];

const OLD: Adoption<'_> = Adoption {
    from: "tool",
    table: Some("old"),
    shapes: SHAPES,
    newest_only: false,
    keep: true,
    aside: Some("old"),
    remove: "DROP TABLE main.old",
    migrations: &[adopted("10", Some("aa"), 1), adopted("20", Some("bb"), 2), adopted("30", None, 3)],
    by: TakesOver::HISTORIES,
};

const fn adopted(key: &'static str, checksum: Option<&'static str>, number: u64) -> Adopted<'static> {
    Adopted { key, checksum, number }
}

fn adopting(adoption: Adoption<'static>) -> &'static Set<'static> {
    adopting_with(adoption, Rules::DEFAULT)
}

fn adopting_with(adoption: Adoption<'static>, rules: Rules) -> &'static Set<'static> {
    Box::leak(Box::new(Set { adoption: Some(adoption), ..*set_with(files(), rules) }))
}

fn migrator(adoption: Adoption<'static>) -> Runner {
    Migrator::new(adopting(adoption))
}

const TABLE: &str = "CREATE TABLE old (version INTEGER PRIMARY KEY, hash TEXT, at TEXT, ok INTEGER)";
const TWO: &str = "INSERT INTO old VALUES (10, 'AA', '2021-02-03T04:05:06.7+01:00', 1), (20, 'bb', 'no time', 1)";

/// A database that the other tool has left, after two of three.
fn old_database() -> Connection {
    made(&[USERS, "INSERT INTO users VALUES (1, 'ada')", POSTS, TABLE, TWO])
}

fn made(statements: &[&str]) -> Connection {
    let db = memory();
    run(&db, &statements.join(";\n"));
    db
}

/// It is refused, as it was before, with these words in what is said.
#[track_caller]
fn refused(runner: &Runner, db: &mut Connection, words: &[&str]) -> dbmigrate_runtime::Error {
    let before = dump(db);
    let error = runner.up(db).unwrap_err();
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` in {error}");
    }
    assert_eq!(dump(db), before);
    assert_eq!(runner.adopt(db).unwrap_err().to_string(), error.to_string());
    assert_eq!(dump(db), before);
    error
}

#[test]
fn the_first_start_takes_it_over_and_goes_on() {
    let mut db = old_database();
    let plan = migrator(OLD).up_plan(&mut db, None).unwrap();
    assert_eq!((plan.takes_over, plan.migrations, plan.newest.as_deref()), (true, 1, Some("002_posts")));
    assert!(Together::new().add(migrator(OLD)).up_plan(&mut db).unwrap().takes_over);
    let report = migrator(OLD).up(&mut db).unwrap();
    let taken = report.adopted.unwrap();
    assert_eq!((taken.from.as_str(), taken.kept.as_deref()), ("tool", Some("old")));
    assert_eq!(taken.migrations, [(1, "001_users".to_owned()), (2, "002_posts".to_owned())]);
    assert_eq!(taken.comparison, Comparison::Same(2));
    assert_eq!(report.applied[0].name, "003_index");
    assert_eq!(history(&db), "001_users 002_posts 003_index");
    assert_eq!(ask(&db, "SELECT applied_at || tool FROM _migrations WHERE number = 1"), "2021-02-03 03:05:06tool");
    assert_eq!(ask(&db, "SELECT abs(julianday(applied_at) - julianday('now')) < 1 FROM _migrations WHERE id = 2"), "1");
    assert_eq!(ask(&db, "SELECT count(*) FROM old"), "2");
    assert_eq!(ask(&db, "SELECT name FROM users"), "ada");
    assert!(migrator(OLD).verify(&mut db).unwrap().is_ok());
    assert_eq!(migrator(OLD).verify_schema(&mut db).unwrap().objects, 3);
    // From now on it costs what it always costs.
    let runner: Migrator<'_, Rusqlite> = Migrator::new(adopting(OLD));
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    assert!(runner.up_with(&mut driver).unwrap().is_empty());
    assert_eq!(driver.calls.len(), 1);
    // What was rolled back since does not come back with the table that was kept.
    assert_eq!(migrator(OLD).down_all(&mut db).unwrap().rolled_back.len(), 3);
    let again = migrator(OLD).up(&mut db).unwrap();
    assert_eq!((again.adopted, again.applied.len()), (None, 3));
    migrator(OLD).down(&mut db).unwrap();
    let plan = migrator(OLD).up_plan(&mut db, None).unwrap();
    assert_eq!((plan.takes_over, plan.migrations), (false, 1));
}

#[test]
fn it_is_dropped_where_the_file_says_so() {
    let mut db = old_database();
    let taken = migrator(Adoption { keep: false, ..OLD }).adopt(&mut db).unwrap().adopted.unwrap();
    assert_eq!(taken.kept, None);
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master WHERE name = 'old'"), "0");
    assert_eq!(history(&db), "001_users 002_posts");
    assert!(migrator(OLD).adopt(&mut db).unwrap().is_empty());
}

#[test]
fn what_is_dropped_is_copied_first_where_copies_are_kept() {
    for (keep, copies) in [(true, 0), (false, 1)] {
        let folder = Folder::new();
        let mut db = Connection::open(folder.file("a.db")).unwrap();
        run(&db, &[USERS, "INSERT INTO users VALUES (1, 'ada')", POSTS, TABLE, TWO].join(";"));
        let runner = migrator(Adoption { keep, ..OLD }).backup(Backup::new(BackupWhen::Destructive));
        let report = runner.up(&mut db).unwrap();
        assert_eq!(report.backup.iter().count(), copies);
        if let Some(copy) = report.backup {
            assert_eq!(ask(&Connection::open(copy).unwrap(), "SELECT count(*) FROM old"), "2");
        }
    }
}

const OWN: Adoption<'_> = Adoption {
    table: Some("_migrations"),
    aside: Some("_migrations_of_tool"),
    shapes: &[OldShape {
        columns: &["filename", "applied_at"],
        applied: "SELECT filename, NULL, datetime(applied_at, 'unixepoch') FROM _migrations",
        forbids: "",
    }],
    remove: "DROP TABLE main._migrations",
    migrations: &[adopted("a.sql", None, 1), adopted("b.sql", None, 2)],
    ..OLD
};

const OWN_TABLE: &str = "CREATE TABLE _migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT UNIQUE NOT NULL, applied_at INTEGER)";

#[test]
fn a_table_of_our_name_makes_room() {
    for keep in [true, false] {
        let mut db = made(&[
            USERS,
            OWN_TABLE,
            "CREATE INDEX by_time ON _migrations (applied_at)",
            "INSERT INTO _migrations VALUES (7, 'a.sql', 1729468800)",
            // No rename would go through beside it.
            "CREATE TABLE gone (x)",
            "CREATE VIEW broken AS SELECT x FROM gone",
            "DROP TABLE gone",
        ]);
        let runner = migrator(Adoption { keep, ..OWN });
        let error = refused(&runner, &mut db, &["no migration makes the view `broken`"]);
        assert!(error.is_mismatch() && error.is_adoption(), "{error}");
        assert_eq!(runner.status(&mut db).unwrap().applied(), 1);
        let report = runner.allow_mismatch().up(&mut db).unwrap();
        let kept = keep.then(|| "_migrations_of_tool".to_owned());
        assert_eq!((report.adopted.unwrap().kept, report.applied.len()), (kept, 2));
        assert_eq!(ask(&db, "SELECT applied_at FROM _migrations"), "2024-10-21 00:00:00");
        let left = ask(&db, "SELECT group_concat(name) FROM sqlite_master WHERE tbl_name = '_migrations_of_tool'");
        assert_eq!(left.contains("by_time"), keep, "{left}");
        assert_eq!(ask(&db, "PRAGMA legacy_alter_table"), "0");
        run(&db, "DROP VIEW broken");
        assert_eq!(migrator(OWN).verify_schema(&mut db).unwrap().objects, 3);
        assert_eq!(ask(&db, "PRAGMA legacy_alter_table"), "0");
    }
}

#[test]
fn nothing_is_written_over() {
    let mut db = made(&[OWN_TABLE, "CREATE VIEW _migrations_of_tool AS SELECT 1"]);
    let error = refused(&migrator(OWN).allow_mismatch(), &mut db, &["`_migrations_of_tool`", "`old-table = \"drop\"`"]);
    assert!(error.is_adoption());
    // A table of our name that is neither ours nor the old one, as a program makes that keeps a history by itself.
    let mut db = old_database();
    run(&db, "CREATE TABLE _migrations (id INTEGER PRIMARY KEY, name TEXT)");
    let words = ["is not a history of dbmigrate", "`table = \"…\"` in `[package.metadata.migrations]`"];
    assert!(refused(&migrator(OLD).allow_mismatch(), &mut db, &words).is_history());
}

#[test]
fn what_was_not_finished_is_refused_with_the_reason() {
    let mut db = old_database();
    run(&db, "INSERT INTO old VALUES (30, NULL, NULL, 0)");
    let error = refused(&migrator(OLD), &mut db, &["`30` has failed", "settle it with tool first"]);
    assert!(error.is_adoption());
    let problems = migrator(OLD).verify(&mut db).unwrap().problems;
    assert!(problems[0].message.contains("`30` has failed"), "{problems:?}");
    assert!(migrator(OLD).status(&mut db).unwrap_err().is_adoption());
}

#[test]
fn what_this_program_does_not_know_is_newer() {
    let mut db = old_database();
    run(&db, "INSERT INTO old VALUES (40, NULL, NULL, 1)");
    let error = refused(&migrator(OLD), &mut db, &["tool has applied `40`, which this program does not know"]);
    assert!(error.is_newer_database());
    assert_eq!(migrator(OLD).status(&mut db).unwrap().old.unwrap().unknown, ["40"]);
    assert!(!migrator(OLD).verify(&mut db).unwrap().is_ok());
    // Where that is allowed, there is nothing to do as long as nothing is pending: only who knows all can take it over.
    let allow = Rules { newer_database: NewerDatabase::Allow, ..Rules::DEFAULT };
    let runner: Runner = Migrator::new(adopting_with(OLD, allow));
    refused(&runner, &mut db, &["`40`"]);
    assert!(runner.verify(&mut db).unwrap().is_ok());
    run(&db, &format!("INSERT INTO old VALUES (30, NULL, NULL, 1); {INDEX}"));
    let before = dump(&db);
    assert!(runner.up(&mut db).unwrap().is_empty() && runner.up_plan(&mut db, None).unwrap().is_empty());
    assert_eq!(dump(&db), before);
    // What it knows has to be as it knows it all the same.
    run(&db, "UPDATE old SET hash = 'cc' WHERE version = 20");
    assert!(runner.up(&mut db).unwrap_err().is_edited());
    assert!(runner.up_plan(&mut db, None).unwrap_err().is_edited());
}

#[test]
fn what_was_edited_is_refused_by_name() {
    let mut db = old_database();
    run(&db, "UPDATE old SET hash = 'cc' WHERE version = 20");
    let words = ["`002_posts` is not what tool applied", "is `cc`, not `bb`", "`allow_mismatch()`"];
    let error = refused(&migrator(OLD), &mut db, &words);
    assert!(error.is_edited());
    assert_eq!(migrator(OLD).status(&mut db).unwrap().entries[1].state, State::Edited);
    assert_eq!(migrator(OLD).allow_mismatch().up(&mut db).unwrap().applied.len(), 1);
    assert!(migrator(OLD).verify(&mut db).unwrap().is_ok());
}

#[test]
fn a_database_with_another_schema_is_refused_object_by_object() {
    let mut db =
        made(&["CREATE TABLE users (id INTEGER PRIMARY KEY)", "CREATE TABLE half_done (x)", POSTS, TABLE, TWO]);
    let words = [
        "the table `users`: the column `name` is missing",
        "no migration makes the table `half_done`",
        "nothing was changed: the history is still that of tool",
    ];
    assert!(refused(&migrator(OLD), &mut db, &words).is_mismatch());
    let report = migrator(OLD).allow_mismatch().up(&mut db).unwrap();
    assert!(matches!(report.adopted.unwrap().comparison, Comparison::Different(differences) if differences.len() == 2));
}

#[test]
fn a_table_of_another_shape_is_an_error() {
    let mut db = made(&["CREATE TABLE old (x)"]);
    let error = refused(&migrator(OLD), &mut db, &["the table `old` is not a history of tool: it has the columns `x`"]);
    assert!(error.is_adoption());
    // As is one of our name, where ours belongs to no old tool.
    let mut db = made(&["CREATE TABLE _migrations (x)"]);
    assert!(refused(&migrator(OLD), &mut db, &["not a history of dbmigrate", "`cargo dbmigrate adopt`"]).is_history());
}

#[test]
fn a_count_means_all_that_it_counts() {
    const COUNTS: Adoption<'_> = Adoption {
        table: None,
        aside: None,
        newest_only: true,
        shapes: &[OldShape {
            columns: &[],
            applied: "SELECT CAST(user_version AS TEXT), NULL, NULL FROM pragma_user_version \
                      WHERE user_version <> 0",
            forbids: "",
        }],
        remove: "PRAGMA main.user_version = 0",
        migrations: &[adopted("1", None, 1), adopted("2", None, 2), adopted("3", None, 3)],
        ..OLD
    };
    for (keep, left) in [(true, "2"), (false, "0")] {
        let mut db = made(&[USERS, POSTS, "PRAGMA user_version = 2"]);
        let report = migrator(Adoption { keep, ..COUNTS }).up(&mut db).unwrap();
        assert_eq!((report.adopted.unwrap().migrations.len(), report.applied.len()), (2, 1));
        assert_eq!(ask(&db, "PRAGMA user_version"), left);
    }
    let mut db = made(&[USERS, POSTS, "PRAGMA user_version = -7"]);
    refused(&migrator(COUNTS), &mut db, &["`-7`"]);
    // A new database is filled as any other.
    assert_eq!(migrator(COUNTS).up(&mut memory()).unwrap().applied.len(), 3);
}

#[test]
fn a_database_without_any_history_is_what_the_first_migration_makes() {
    const LIVE: Adoption<'_> = Adoption {
        from: "live",
        table: None,
        aside: None,
        shapes: &[OldShape {
            columns: &[],
            applied: "SELECT 'live', NULL, NULL WHERE EXISTS (SELECT 1 FROM sqlite_master)",
            forbids: "",
        }],
        remove: "",
        migrations: &[adopted("live", None, 1)],
        ..OLD
    };
    let mut db = made(&[USERS, "INSERT INTO users VALUES (1, 'ada')"]);
    let report = migrator(LIVE).up(&mut db).unwrap();
    assert_eq!((report.adopted.unwrap().kept, report.applied.len()), (None, 2));
    refused(&migrator(LIVE), &mut made(&[POSTS]), &["the table `users` is missing", "makes the table `posts`"]);
    assert_eq!(migrator(LIVE).up(&mut memory()).unwrap().applied.len(), 3);
}

#[test]
fn a_history_of_nothing_begins_ours() {
    let mut db = made(&[TABLE]);
    let report = migrator(OLD).up(&mut db).unwrap();
    assert_eq!((report.adopted.unwrap().migrations.len(), report.applied.len()), (0, 3));
    refused(&migrator(OLD), &mut made(&[TABLE, USERS]), &["no migration makes the table `users`"]);
}

#[test]
fn what_only_reads_says_what_it_means_and_writes_nothing() {
    let mut db = old_database();
    let before = dump(&db);
    let status = migrator(OLD).status(&mut db).unwrap();
    assert_eq!((status.applied(), status.pending()), (2, 1));
    assert_eq!(status.entries[0].applied_at.as_deref(), Some("2021-02-03 03:05:06"));
    assert_eq!(status.entries[1].applied_at, None);
    assert_eq!(status.old.unwrap().from, "tool");
    assert_eq!(migrator(OLD).pending(&mut db).unwrap()[0].name, "003_index");
    let verified = migrator(OLD).verify(&mut db).unwrap();
    assert!(verified.is_ok() && verified.checked == 2, "{verified:?}");
    assert_eq!(migrator(OLD).verify_schema(&mut db).unwrap().pending, ["003_index"]);
    for error in [
        migrator(OLD).down(&mut db).unwrap_err(),
        migrator(OLD).redo(&mut db).unwrap_err(),
        migrator(OLD).mark(&mut db).unwrap_err(),
        migrator(OLD).forget(&mut db, 1_u64).unwrap_err(),
        migrator(OLD).repair_all(&mut db, None).unwrap_err(),
        migrator(OLD).reset(&mut db).unwrap_err(),
    ] {
        assert!(error.is_adoption() && error.to_string().contains("still has the history of tool"), "{error}");
    }
    assert_eq!(dump(&db), before);
}

#[test]
fn a_rehearsal_takes_it_over_on_its_copy() {
    let folder = Folder::new();
    let mut db = Connection::open(folder.file("a.db")).unwrap();
    run(&db, &[USERS, POSTS, TABLE, TWO].join(";"));
    let before = dump(&db);
    let rehearsal = migrator(OLD).rehearse(&mut db, Rehearse::Up).unwrap();
    assert!(rehearsal.error.is_none(), "{rehearsal:?}");
    assert_eq!(rehearsal.migrations[0].name, "003_index");
    assert_eq!(rehearsal.adopted.unwrap().from, "tool");
    assert_eq!(dump(&db), before);
}

#[test]
fn holes_stay_pending_and_follow_the_rules() {
    let holes = "INSERT INTO old VALUES (10, 'aa', NULL, 1), (30, NULL, NULL, 1)";
    let files = || {
        vec![
            file("001_users", &[USERS]),
            file("002_x", &["CREATE TABLE x (x)"]),
            file("003_y", &["CREATE TABLE y (x)"]),
        ]
    };
    let set = |rules| -> &'static Set<'static> {
        Box::leak(Box::new(Set { adoption: Some(OLD), ..*set_with(files(), rules) }))
    };
    let mut db = made(&[USERS, "CREATE TABLE y (x)", TABLE, holes]);
    let runner: Runner = Migrator::new(set(Rules::DEFAULT));
    assert_eq!(runner.status(&mut db).unwrap().entries[1].state, State::Late);
    let error = runner.up(&mut db).unwrap_err();
    assert!(error.is_late(), "{error}");
    // It is ours from then on, and what is late can be settled as ever.
    assert_eq!(error.report().adopted.as_ref().unwrap().migrations.len(), 2);
    assert_eq!(history(&db), "001_users 003_y");
    let apply = Rules { out_of_order: OutOfOrder::APPLY, ..Rules::DEFAULT };
    let runner: Runner = Migrator::new(set(apply));
    assert_eq!(runner.up(&mut db).unwrap().applied[0].name, "002_x");
}

#[test]
fn a_history_of_another_set_in_the_same_table_is_none_of_this_one() {
    let mut db = old_database();
    let other: Set<'static> = Set { name: "other", ..*set(vec![file("001_z", &["CREATE TABLE z (x)"])]) };
    let other: Runner = Migrator::new(Box::leak(Box::new(other)));
    other.allow_existing_schema().up(&mut db).unwrap();
    let report = migrator(OLD).allow_mismatch().up(&mut db).unwrap();
    assert_eq!((report.adopted.unwrap().migrations.len(), report.applied.len()), (2, 1));
    assert_eq!(ask(&db, "SELECT count(*) FROM _migrations WHERE set_name = 'other'"), "1");
}

#[test]
fn a_key_that_was_given_twice_is_told_by_its_checksum() {
    const TWICE: Adoption<'_> =
        Adoption { migrations: &[adopted("10", Some("aa"), 1), adopted("10", Some("bb"), 2)], ..OLD };
    let mut db = made(&[USERS, POSTS, "CREATE TABLE old (version, hash, at, ok)"]);
    run(&db, "INSERT INTO old VALUES ('10', 'bb', NULL, 1), ('10', 'aa', NULL, 1)");
    assert_eq!(migrator(TWICE).adopt(&mut db).unwrap().adopted.unwrap().migrations.len(), 2);
}

#[test]
fn of_many_starts_one_takes_it_over() {
    for keep in [true, false] {
        let folder = Folder::new();
        let path = folder.file("a.db");
        run(&Connection::open(&path).unwrap(), &[USERS, POSTS, TABLE, TWO].join(";"));
        let barrier = Barrier::new(8);
        let start = || {
            let mut db = Connection::open(&path).unwrap();
            db.busy_timeout(std::time::Duration::ZERO).unwrap();
            barrier.wait();
            let report = migrator(Adoption { keep, ..OLD }).up(&mut db).unwrap();
            [usize::from(report.adopted.is_some()), report.applied.len()]
        };
        let all: Vec<[usize; 2]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let sum = all.iter().fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        assert_eq!(sum, [1, 1], "{all:?}");
        assert_eq!(history(&Connection::open(&path).unwrap()), "001_users 002_posts 003_index");
    }
}

#[test]
fn somebody_who_was_faster_at_any_time_leaves_nothing_to_do() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let fresh = || {
        let _ = std::fs::remove_file(&path);
        let db = Connection::open(&path).unwrap();
        run(&db, &format!("PRAGMA synchronous = 0; {}", [USERS, POSTS, TABLE, TWO].join(";")));
        db
    };
    let drop_it = Adoption { keep: false, ..OLD };
    let mut db = fresh();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    migrator(drop_it).up_with(&mut driver).unwrap();
    let calls = driver.calls.len();
    drop(db);
    for at in 0..calls {
        let mut db = fresh();
        let mut other = || {
            let mut other = Connection::open(&path).unwrap();
            other.busy_timeout(std::time::Duration::ZERO).unwrap();
            // Whoever holds the lock already is left alone.
            let _ = migrator(drop_it).busy_timeout(std::time::Duration::ZERO).up(&mut other);
        };
        let mut driver = FaultyDriver::meddled(&mut db, at, &mut other);
        migrator(drop_it).up_with(&mut driver).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(history(&db), "001_users 002_posts 003_index", "{at}");
    }
}

#[test]
fn a_fault_at_any_call_leaves_the_old_history_or_ours() {
    let folder = Folder::new();
    for (own, keep) in [(false, false), (false, true), (true, true)] {
        let adoption = Adoption { keep, ..if own { OWN } else { OLD } };
        let runner = || migrator(adoption);
        let fresh = |path: &Path| {
            let _ = std::fs::remove_file(path);
            let db = Connection::open(path).unwrap();
            let old = if own {
                [OWN_TABLE, "INSERT INTO _migrations VALUES (1, 'a.sql', 5), (2, 'b.sql', 6)"]
            } else {
                [TABLE, TWO]
            };
            run(&db, &format!("PRAGMA synchronous = 0; {}", [USERS, POSTS, old[0], old[1]].join(";")));
            db
        };
        let path = folder.file("a.db");
        let mut db = fresh(&path);
        let old = dump(&db);
        let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
        runner().adopt_with(&mut driver).unwrap();
        let calls = driver.calls;
        let new = dump(&db);
        assert!(calls.len() > 20 && old != new, "{calls:#?}");
        drop(db);
        for fault in [Fault::Once, Fault::Dead, Fault::Panic, Fault::Busy, Fault::Gone, Fault::Lost] {
            for (at, call) in calls.iter().enumerate() {
                let mut db = fresh(&path);
                let mut driver = FaultyDriver::new(&mut db, fault, at);
                let result = catch_unwind(AssertUnwindSafe(|| runner().adopt_with(&mut driver)));
                drop(driver);
                if fault == Fault::Dead {
                    drop(db);
                    db = Connection::open(&path).unwrap();
                } else {
                    assert!(db.is_autocommit(), "{fault:?} at {call}");
                    assert_eq!(ask(&db, "PRAGMA legacy_alter_table"), "0", "{fault:?} at {call}");
                }
                let after = dump(&db);
                assert!(after == old || after == new, "{fault:?} at {call}\n{after}");
                if fault != Fault::Dead && matches!(&result, Ok(Ok(report)) if report.adopted.is_some()) {
                    assert_eq!(after, new, "{fault:?} at {call}");
                }
                runner().adopt(&mut db).unwrap();
                assert_eq!(dump(&db), new, "{fault:?} at {call}");
            }
        }
    }
}
