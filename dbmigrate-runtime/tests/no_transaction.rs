//! Scripts without a transaction: step by step, and on from where they were stopped.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use std::time::Duration;

use dbmigrate_runtime::{ErrorKind, Migrator, NoBackend, Rules, State, Stopped, StoreSql};
use support::fault::{Fault, FaultyDriver};
use support::*;

fn bare(statements: &[&'static str]) -> File {
    file("002_bare", statements).no_transaction()
}

fn with(bare: File) -> Vec<File> {
    vec![file("001_t", &["CREATE TABLE t (x)"]), bare]
}

#[test]
fn what_cannot_run_in_a_transaction_runs() {
    let folder = Folder::new();
    for fresh in [true, false] {
        let mut db = rusqlite::Connection::open(folder.file(&format!("{fresh}.db"))).unwrap();
        if !fresh {
            runner(with(bare(&[]))).up_to(&mut db, 1_u64).unwrap();
        }
        let files = with(bare(&[
            "INSERT INTO t VALUES (1)",
            "VACUUM",
            "PRAGMA journal_mode = wal",
            "INSERT INTO t VALUES (2)",
        ]));
        let files = [files, vec![file("003_after", &["INSERT INTO t VALUES (3)"])]].concat();
        let report = runner(files.clone()).up(&mut db).unwrap();
        assert_eq!(report.applied.last().unwrap().number, 3);
        assert_eq!(ask(&db, "PRAGMA journal_mode"), "wal");
        assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2,3");
        assert_eq!(history(&db), "001_t 002_bare 003_after");
        assert!(runner(files).up(&mut db).unwrap().is_empty());
        assert_eq!(ask(&db, "SELECT chain <> '' FROM _migrations_head"), "1");
    }
}

#[test]
fn what_stops_it_before_it_goes_on_does_not_say_that_nothing_of_it_is_left() {
    let mut db = memory();
    let files = || with(bare(&["INSERT INTO t VALUES (1)", "INSERT INTO later VALUES (2)"]));
    runner(files()).up(&mut db).unwrap_err();
    let objecting: Migrator<'_, driver::Rusqlite> = Migrator::new(set(files())).before_each(|_| Err("not now".into()));
    let error = objecting.up(&mut db).unwrap_err();
    assert_eq!(error.notes(), ["no step of `002_bare` was run"]);
    assert_eq!((history(&db).as_str(), ask(&db, "SELECT x FROM t")), ("001_t 002_bare:running1", "1".into()));
}

#[test]
fn it_goes_on_where_it_failed() {
    let mut db = memory();
    let files =
        || with(bare(&["INSERT INTO t VALUES (1)", "INSERT INTO later VALUES (2)", "INSERT INTO t VALUES (3)"]));
    let error = runner(files()).up(&mut db).unwrap_err();
    assert_eq!((error.kind(), error.line()), (ErrorKind::Sql, Some(3)));
    assert!(error.to_string().contains("the step before this one stays"), "{error}");
    assert_eq!(history(&db), "001_t 002_bare:running1");
    let status = runner(files()).status(&mut db).unwrap();
    assert_eq!(status.entries[1].state, State::Interrupted { done: 1, of: 3, edited: false });
    assert_eq!(runner(files()).verify(&mut db).unwrap().problems[0].kind, ErrorKind::Interrupted);
    assert!(runner(files()).down(&mut db).unwrap_err().is_interrupted());
    run(&db, "CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,3");
    assert_eq!(history(&db), "001_t 002_bare");
}

#[test]
fn the_files_own_group_is_one_step() {
    let mut db = memory();
    let files = || {
        with(bare(&[
            "BEGIN EXCLUSIVE",
            "INSERT INTO t VALUES (1)",
            "INSERT INTO later VALUES (2)",
            "COMMIT",
            "INSERT INTO t VALUES (3)",
        ]))
    };
    runner(files()).up(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_t 002_bare:running0");
    assert_eq!(ask(&db, "SELECT count(*) FROM t"), "0");
    run(&db, "CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,3");
    for broken in [&["BEGIN", "SELECT 1"][..], &["COMMIT"]] {
        assert_eq!(runner(with(bare(broken))).up(&mut memory()).unwrap_err().kind(), ErrorKind::Set);
    }
}

#[test]
fn settings_of_finished_steps_are_replayed() {
    let (folder, mut db) = (Folder::new(), memory());
    let other = folder.file("other.db");
    let attach: &str = format!("ATTACH '{}' AS other", other.display()).leak();
    let files = || with(bare(&[attach, "INSERT INTO later VALUES (1)", "CREATE TABLE other.o (x)"]));
    runner(files()).up(&mut db).unwrap_err();
    run(&db, "CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(ask(&rusqlite::Connection::open(other).unwrap(), "SELECT count(*) FROM o"), "0");
}

#[test]
fn a_name_that_was_attached_twice_means_the_last() {
    let (folder, mut db) = (Folder::new(), memory());
    let [one, two] = ["one.db", "two.db"].map(|name| -> &str {
        let path = folder.file(name);
        run(&rusqlite::Connection::open(&path).unwrap(), &format!("CREATE TABLE t AS SELECT '{name}' AS x"));
        format!("ATTACH '{}' AS other", path.display()).leak()
    });
    let files = || with(bare(&[one, "DETACH DATABASE other", two, "INSERT INTO later SELECT x FROM other.t"]));
    runner(files()).up(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_t 002_bare:running3");
    run(&db, "CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT x FROM later"), "two.db");
}

#[test]
fn an_idempotent_step_that_was_started_runs_again() {
    let mut db = memory();
    let files = || with(bare(&["VACUUM", "INSERT INTO later VALUES (1)"]));
    runner(files()).up(&mut db).unwrap_err();
    run(&db, "UPDATE _migrations SET state = 'started', statements_done = 0 WHERE number = 2; CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(history(&db), "001_t 002_bare");
}

#[test]
fn on_a_connection_without_triggers_what_is_begun_is_not_called_done() {
    use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
    let mut db = memory();
    db.set_db_config(SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    let back = ["DELETE FROM t", "DELETE FROM later"];
    let files = || with(file("002_bare", &["INSERT INTO t VALUES (1)"]).down(&back).no_transaction());
    runner(files()).up(&mut db).unwrap();
    assert!(runner(files()).up(&mut db).unwrap().is_empty());
    runner(files()).down(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_t 002_bare:reverting1");
    let error = runner(files()).up(&mut db).unwrap_err();
    assert!(error.is_interrupted(), "{error}");
}

#[test]
fn what_rust_leaves_in_the_way_of_the_next_step_is_not_written_to_instead() {
    let mut db = memory();
    let files = with(bare(&["rust:1", "INSERT INTO t VALUES (1)"]));
    let migrator = runner(files).with_code(|_, db: &rusqlite::Connection| {
        db.execute_batch("CREATE TEMP TABLE t (x)")?;
        Ok(())
    });
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.to_string().contains("temporary `t`, which hides that of the database"), "{error}");
    assert_eq!(history(&db), "001_t 002_bare:running1");
    run(&db, "DROP TABLE temp.t");
    migrator.up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM main.t"), "1");
}

#[test]
fn one_that_detaches_needs_nobody_who_settles_it() {
    let folder = Folder::new();
    let attach: &'static str = format!("ATTACH '{}' AS other", folder.file("other.db").display()).leak();
    let files = || {
        let steps = [attach, "DETACH other", "INSERT INTO t VALUES (1)"];
        vec![file("001_t", &["CREATE TABLE t (x)"]), bare(&steps)]
    };
    let unsynced = |path: &std::path::Path| {
        let db = rusqlite::Connection::open(path).unwrap();
        run(&db, "PRAGMA synchronous = 0");
        db
    };
    // From that call on nothing works, as if the process were gone.
    for at in 0.. {
        let path = folder.file(&format!("{at}.db"));
        let mut db = unsynced(&path);
        let _ = std::fs::remove_file(folder.file("other.db"));
        let mut driver = FaultyDriver::new(&mut db, Fault::Dead, at);
        let migrator: Migrator<'_, NoBackend> = Migrator::new(set(files()));
        let died = migrator.up_with(&mut driver).is_err();
        drop(db);
        if !died {
            return;
        }
        let mut db = unsynced(&path);
        runner(files()).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM t"), "1", "{at}");
    }
}

#[test]
fn another_one_is_for_people_to_settle() {
    let folder = Folder::new();
    let copy: &'static str = format!("VACUUM INTO '{}'", folder.file("copy.db").display()).leak();
    let files = || with(bare(&[copy, "INSERT INTO t VALUES (1)"]));
    for (choice, flag, rest) in [(Stopped::Retry, "--retry", 0), (Stopped::Done, "--done", 1)] {
        let _ = std::fs::remove_file(folder.file("copy.db"));
        let mut db = memory();
        runner(with(bare(&["nonsense"]))).up(&mut db).unwrap_err();
        run(&db, "DELETE FROM _migrations WHERE number = 2");
        run(
            &db,
            &format!(
                "INSERT INTO _migrations (name, number, checksum, state, statements_done) \
                 VALUES ('002_bare', 2, '{}', 'started', 0)",
                set(files()).migrations[1].checksum
            ),
        );
        let error = runner(files()).busy_timeout(Duration::ZERO).up(&mut db).unwrap_err();
        assert!(error.is_interrupted(), "{error}");
        assert_eq!(error.statement(), Some(copy));
        let help = format!(
            "`cargo dbmigrate repair 002_bare {flag}` (`repair` of the migrator with `Stopped::{choice:?}`, with the feature `manage`)"
        );
        assert!(error.to_string().contains(&help), "{error}");
        let repairs = runner(files()).repair(&mut db, 2_u64, None).unwrap();
        assert!(repairs.done.is_empty() && repairs.left[0].problem.help[0].contains("--retry"), "{repairs:?}");
        assert_eq!(history(&db), "001_t 002_bare:started0");
        let problem = runner(files()).verify(&mut db).unwrap().problems.remove(0);
        assert_eq!(problem.help, ["to see how to continue: `cargo dbmigrate repair` (`repair_plan` of the migrator)"]);
        let repairs = runner(files()).repair_all(&mut db, Some(choice)).unwrap();
        assert!(repairs.left.is_empty() && repairs.done.len() == 1, "{repairs:?}");
        runner(files()).up(&mut db).unwrap();
        assert_eq!(folder.file("copy.db").exists(), rest == 0);
        assert_eq!(history(&db), "001_t 002_bare");
    }
}

#[test]
fn a_down_script_without_a_transaction_goes_on_too() {
    for store_sql in [StoreSql::Down, StoreSql::None] {
        go_back(Rules { store_sql, ..Rules::DEFAULT });
    }
}

fn go_back(rules: Rules) {
    let mut db = memory();
    let runner = |files| -> Runner { Migrator::new(set_with(files, rules)) };
    let files =
        |down: &[&'static str]| with(file("002_bare", &["INSERT INTO t VALUES (1)"]).down(down).no_transaction());
    let down = ["DELETE FROM t", "VACUUM", "DELETE FROM later"];
    runner(files(&down)).up(&mut db).unwrap();
    let error = runner(files(&down)).down(&mut db).unwrap_err();
    assert!(error.to_string().contains("continue with this step: `cargo dbmigrate down`"), "{error}");
    assert_eq!(history(&db), "001_t 002_bare:reverting2");
    assert!(runner(files(&down)).up(&mut db).unwrap_err().is_interrupted());
    run(&db, "CREATE TABLE later (x)");
    // What was begun is finished as it was begun, whatever the file says now.
    assert_eq!(runner(files(&["SELECT 1", "SELECT 1", "nonsense"])).down(&mut db).unwrap().rolled_back.len(), 1);
    assert_eq!(history(&db), "001_t");
    runner(files(&down)).up(&mut db).unwrap();
}

#[test]
fn a_process_that_dies_in_a_bare_step_leaves_a_mark() {
    let folder = Folder::new();
    let copy: &'static str = format!("VACUUM INTO '{}'", folder.file("copy.db").display()).leak();
    let migrator: Migrator<'_, NoBackend> = Migrator::new(set(with(bare(&[copy])))).busy_timeout(Duration::ZERO);
    let mut db = memory();
    let mut driver = FaultyDriver::new(&mut db, Fault::None, 0);
    migrator.up_with(&mut driver).unwrap();
    let at = driver.calls.iter().position(|sql| sql == copy).unwrap();
    std::fs::remove_file(folder.file("copy.db")).unwrap();
    for (at, ran) in [(at, false), (at + 1, true)] {
        let mut db = memory();
        migrator.up_with(&mut FaultyDriver::new(&mut db, Fault::Dead, at)).unwrap_err();
        assert_eq!(folder.file("copy.db").exists(), ran);
        assert_eq!(history(&db), "001_t 002_bare:started0");
        let error = migrator.up_with(&mut FaultyDriver::new(&mut db, Fault::None, 0)).unwrap_err();
        assert!(error.is_interrupted(), "{error}");
    }
}

#[test]
fn a_rebuild_keeps_its_children() {
    for child_in_file in [false, true] {
        let mut db = memory();
        let mut files = vec![family("ON DELETE CASCADE"), rebuild("002_rebuild").no_transaction()];
        if child_in_file {
            files = vec![
                file(
                    "001_both",
                    &[
                        "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)",
                        "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
                        "CREATE TABLE child (id, parent REFERENCES parent (id) ON DELETE CASCADE)",
                        "INSERT INTO child VALUES (1, 1), (2, 2)",
                        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT)",
                        "INSERT INTO parent_new SELECT * FROM parent",
                        "DROP TABLE parent",
                        "ALTER TABLE parent_new RENAME TO parent",
                    ],
                )
                .no_transaction(),
            ];
        }
        runner(files).up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    }
}

#[test]
fn its_own_pragma_does_not_make_a_drop_cascade() {
    let mut db = memory();
    let files = vec![
        family("ON DELETE CASCADE"),
        file(
            "002_bare",
            &[
                "PRAGMA foreign_keys = ON",
                "CREATE TABLE new (id INTEGER PRIMARY KEY)",
                "INSERT INTO new SELECT id FROM parent",
                "DROP TABLE parent",
                "ALTER TABLE new RENAME TO parent",
            ],
        )
        .no_transaction(),
    ];
    runner(files).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
}

#[test]
fn code_never_runs_with_foreign_keys_on_where_nothing_can_be_rolled_back() {
    for (pragma, explicit) in [("PRAGMA foreign_keys = ON", false), ("SELECT 1", true)] {
        let mut db = memory();
        let code = file("002_code", &[pragma, "rust:0", "INSERT INTO child VALUES (30, 1)"]).no_transaction();
        let code = if explicit { code.foreign_keys(true) } else { code };
        let migrator: Runner =
            Migrator::new(set(vec![family("ON DELETE CASCADE"), code])).with_code(|_, db: &rusqlite::Connection| {
                db.execute_batch(
                "CREATE TABLE new (id INTEGER PRIMARY KEY); INSERT INTO new SELECT id FROM parent; DROP TABLE parent;
                 ALTER TABLE new RENAME TO parent;",
            )?;
                Ok(())
            });
        migrator.up(&mut db).unwrap();
        assert_eq!(ask(&db, "SELECT count(*) FROM child"), "3", "{pragma}");
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    }
    // What follows it has them again.
    let mut db = memory();
    let deletes = file("002_deletes", &["rust:0", "DELETE FROM parent WHERE id = 1"]).no_transaction();
    let files = vec![family("ON DELETE CASCADE"), deletes.foreign_keys(true)];
    Runner::new(set(files)).with_code(|_, _| Ok(())).up(&mut db).unwrap();
    assert_eq!(children(&db), "20:2");
    // Also where it was stopped in between.
    let mut db = memory();
    let deletes = ["rust:0", "DELETE FROM parent WHERE id IN (SELECT x FROM later)"];
    let files = vec![family("ON DELETE CASCADE"), file("002_deletes", &deletes).no_transaction().foreign_keys(true)];
    let migrator = Runner::new(set(files)).with_code(|_, _| Ok(()));
    migrator.up(&mut db).unwrap_err();
    run(&db, "CREATE TABLE later AS SELECT 1 AS x");
    migrator.up(&mut db).unwrap();
    assert_eq!(children(&db), "20:2");
}

#[test]
fn an_orphan_from_before_its_own_pragma_is_not_forgotten_at_the_drop() {
    let mut db = memory();
    let bare = file(
        "002_bare",
        &[
            "INSERT INTO child VALUES (30, 99)",
            "PRAGMA foreign_keys = ON",
            "CREATE TABLE new (id INTEGER PRIMARY KEY)",
            "INSERT INTO new SELECT id FROM parent",
            "DROP TABLE parent",
            "ALTER TABLE new RENAME TO parent",
        ],
    );
    let error = runner(vec![family("ON DELETE CASCADE"), bare.no_transaction()]).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key(), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "3");
}

#[test]
fn it_goes_on_without_foreign_keys_where_it_began_so() {
    let files = |second: &'static str| {
        let bare = file(
            "002_bare",
            &[
                "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO parent_new SELECT * FROM parent",
                "DROP TABLE parent",
                second,
                "INSERT INTO child VALUES (30, 1)",
                "ALTER TABLE parent_new RENAME TO parent",
            ],
        );
        vec![family("ON DELETE CASCADE"), bare.no_transaction()]
    };
    let mut db = memory();
    runner(files("nonsense")).up(&mut db).unwrap_err();
    // The table that made the choice is gone.
    assert_eq!(history(&db), "001_family 002_bare:running3");
    runner(files("SELECT 1")).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(id) FROM child"), "10,20,30");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
}

#[test]
fn an_orphan_from_before_a_stop_is_refused_as_it_would_have_been_without_one() {
    let files = |second: &'static str| {
        let bare = file(
            "002_bare",
            &[
                "INSERT INTO child VALUES (30, 99)",
                "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO parent_new SELECT * FROM parent",
                "DROP TABLE parent",
                second,
                "ALTER TABLE parent_new RENAME TO parent",
            ],
        );
        vec![family("ON DELETE CASCADE"), bare.no_transaction()]
    };
    // With an orphan that was there before, which is nobody's fault.
    let start = || {
        let mut db = memory();
        runner(files("SELECT 1")).up_to(&mut db, 1_u64).unwrap();
        run(&db, "PRAGMA foreign_keys = 0; INSERT INTO child VALUES (40, 77); PRAGMA foreign_keys = 1");
        db
    };
    let refused = |db: &mut rusqlite::Connection, files: Vec<File>| {
        let error = runner(files.clone()).up(db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains("row 30 of `child`"), "{error}");
        // Not by running it again, which many do at once.
        let error = runner(files.clone()).up(db).unwrap_err();
        assert!(error.is_foreign_key() && error.to_string().contains("repair 002_bare --done"), "{error}");
        assert!(error.to_string().contains("with the feature `manage`"), "{error}");
        assert_eq!(runner(files.clone()).repair(db, 1_u64, None).unwrap().done, []);
        let repaired = runner(files.clone()).repair(db, 2_u64, Some(Stopped::Done)).unwrap();
        assert_eq!(
            repaired.done[0].remedy.as_deref(),
            Some("the rows that refer to nothing are accepted, and `up` records it")
        );
        runner(files).up(db).unwrap();
        assert_eq!(ask(db, "SELECT group_concat(id) FROM child"), "10,20,30,40");
        assert_eq!(ask(db, "SELECT violations FROM _migrations WHERE number = 2"), "NULL");
    };
    refused(&mut start(), files("SELECT 1"));
    let mut db = start();
    runner(files("nonsense")).up(&mut db).unwrap_err();
    assert_eq!(history(&db), "001_family 002_bare:running4");
    refused(&mut db, files("SELECT 1"));
    // What nobody was shown is not let be: all steps have run, and the process ended before it looked.
    let mut db = start();
    runner(files("SELECT 1")).up(&mut db).unwrap_err();
    let repair = |db: &mut rusqlite::Connection| {
        let before = dump(db);
        let repaired = runner(files("SELECT 1")).repair(db, 2_u64, Some(Stopped::Done));
        assert_eq!(repaired.is_err(), before == dump(db));
        repaired.map_err(|error| error.to_string())
    };
    run(
        &db,
        "UPDATE _migrations SET violations = substr(violations, 1, instr(violations, 'refused') - 1) WHERE number = 2",
    );
    assert!(repair(&mut db).unwrap_err().contains("no rows were rejected"));
    assert!(runner(files("SELECT 1")).up(&mut db).unwrap_err().is_foreign_key());
    run(&db, "PRAGMA foreign_keys = 0; INSERT INTO child VALUES (50, 78)");
    let error = repair(&mut db).unwrap_err();
    assert!(error.contains("more rows than those") && error.contains("row 50 of `child`"), "{error}");
    run(&db, "DELETE FROM child WHERE id = 50");
    repair(&mut db).unwrap();
    // Nor is what comes after it.
    run(&db, "INSERT INTO child VALUES (60, 79); PRAGMA foreign_keys = 1");
    let error = runner(files("SELECT 1")).up(&mut db).unwrap_err();
    assert!(error.is_foreign_key() && error.to_string().contains("row 60 of `child`"), "{error}");
    run(&db, "PRAGMA foreign_keys = 0; DELETE FROM child WHERE id > 20; PRAGMA foreign_keys = 1");
    assert!(repair(&mut db).unwrap_err().contains("none of the rejected rows are left"));
    runner(files("SELECT 1")).up(&mut db).unwrap();
    // Once they are corrected, nothing has to be accepted.
    let mut db = start();
    runner(files("SELECT 1")).up(&mut db).unwrap_err();
    run(&db, "PRAGMA foreign_keys = 0; DELETE FROM child WHERE id = 30; PRAGMA foreign_keys = 1");
    runner(files("SELECT 1")).up(&mut db).unwrap();
    // Without a new one, the old one is none of its business.
    let mut db = start();
    runner(files("nonsense")).up(&mut db).unwrap_err();
    run(&db, "PRAGMA foreign_keys = 0; DELETE FROM child WHERE id = 30; PRAGMA foreign_keys = 1");
    runner(files("SELECT 1")).up(&mut db).unwrap();
}
