//! Rust migrations: what they may do, and what is noticed.

mod support;

use std::cell::Cell;
use std::rc::Rc;

use dbmigrate_runtime::{BoxError, ErrorKind, Migrator};
use rusqlite::Connection;
use support::*;

type Body = fn(&Connection) -> Result<(), BoxError>;

/// A migrator whose code is this function, whatever the id.
fn coded(files: Vec<File>, body: Body) -> Runner {
    Migrator::new(set(files)).with_code(move |_, db: &Connection| body(db))
}

fn batch(db: &Connection, sql: &str) -> Result<(), BoxError> {
    Ok(db.execute_batch(sql)?)
}

const REBUILD: &str = "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT); \
                       INSERT INTO parent_new SELECT * FROM parent; DROP TABLE parent; \
                       ALTER TABLE parent_new RENAME TO parent";

#[test]
fn code_runs_between_statements() {
    let mut db = memory();
    let file = file("001_both", &["CREATE TABLE t (x)", "rust:3", "INSERT INTO t VALUES (2)"]);
    let migrator: Runner = Migrator::new(set(vec![file])).with_code(|id, db: &Connection| {
        db.execute("INSERT INTO t VALUES (?1 * 10)", [id])?;
        Ok(())
    });
    migrator.up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "30,2");
}

#[test]
fn code_runs_once_whatever_comes_of_its_neighbours() {
    let neighbour = |name, fails| file(name, &[if fails { "nonsense" } else { "SELECT 1" }]);
    for (code_fails, next_fails) in [(false, false), (false, true), (true, false)] {
        let files = vec![neighbour("001_a", false), file("002_code", &["rust:0"]), neighbour("003_c", next_fails)];
        let calls = Rc::new(Cell::new(0));
        let count = Rc::clone(&calls);
        let migrator: Runner = Migrator::new(set(files)).with_code(move |_, _| {
            count.set(count.get() + 1);
            if code_fails { Err("no".into()) } else { Ok(()) }
        });
        assert_eq!(migrator.up(&mut memory()).is_err(), code_fails || next_fails);
        assert_eq!(calls.get(), 1, "{code_fails} {next_fails}");
    }
}

#[test]
fn a_set_with_code_needs_its_program() {
    let error = runner(vec![file("001_a", &["CREATE TABLE t (x)"]), file("002_code", &["rust:0"])])
        .up(&mut memory())
        .unwrap_err();
    assert_eq!((error.kind(), error.file()), (ErrorKind::NoCode, Some("migrations/002_code.sql")));
    assert!(error.report().is_empty());
}

#[test]
fn a_parent_that_code_rebuilds_keeps_its_children() {
    let mut db = memory();
    let files = vec![family("ON DELETE CASCADE"), file("002_code", &["rust:0"])];
    coded(files, |db| batch(db, REBUILD)).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
    assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
}

#[test]
fn with_enforcement_on_a_replaced_parent_is_noticed() {
    let check = |auto_vacuum: bool, sql: &'static str, is_error: bool| {
        let mut db = memory();
        if auto_vacuum {
            run(&db, "PRAGMA auto_vacuum = 1");
        }
        let parent_last = file(
            "001_family",
            &[
                "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id) ON DELETE CASCADE)",
                "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
                "INSERT INTO child VALUES (10, 1), (20, 2)",
            ],
        );
        let code = file("002_code", &["rust:0"]).foreign_keys(true);
        runner(vec![parent_last.clone()]).up(&mut db).unwrap();
        let migrator: Runner =
            Migrator::new(set(vec![parent_last, code])).with_code(move |_, db: &Connection| batch(db, sql));
        let result = migrator.up(&mut db);
        assert_eq!(result.as_ref().is_err_and(|error| error.is_foreign_key()), is_error, "{sql}: {result:?}");
        if is_error {
            assert_eq!(ask(&db, "SELECT count(*) FROM child"), "2");
        }
    };
    for auto_vacuum in [true, false] {
        check(auto_vacuum, REBUILD, true);
        check(
            auto_vacuum,
            "CREATE TEMP TABLE kept AS SELECT * FROM parent; DROP TABLE parent; \
             CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO parent SELECT * FROM kept",
            true,
        );
        check(auto_vacuum, "DELETE FROM parent WHERE id = 1", false);
        check(auto_vacuum, "CREATE TABLE other (x); INSERT INTO child VALUES (30, 1)", false);
        check(auto_vacuum, "CREATE TABLE other (x); DROP TABLE other; DELETE FROM parent WHERE id = 1", false);
        check(auto_vacuum, "ALTER TABLE parent RENAME TO elder", false);
        check(auto_vacuum, "ALTER TABLE parent ADD COLUMN more", false);
    }
}

#[test]
fn with_enforcement_on_a_parent_made_again_in_its_old_place_is_noticed() {
    let mut db = memory();
    let files = vec![
        file(
            "001_family",
            &[
                "CREATE TABLE child (id INTEGER PRIMARY KEY, parent DEFAULT 1 REFERENCES parent (id) \
                 ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED)",
                "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
                "INSERT INTO child VALUES (10, 2), (20, 2)",
            ],
        ),
        file("002_code", &["rust:0"]).foreign_keys(true),
    ];
    let result = coded(files, |db| {
        batch(
            db,
            "CREATE TEMP TABLE kept AS SELECT * FROM parent; DROP TABLE parent; \
             CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO parent SELECT * FROM kept",
        )
    })
    .up(&mut db);
    assert!(result.as_ref().is_err_and(|error| error.is_foreign_key()), "{result:?}");
    assert_eq!(ask(&db, "SELECT group_concat(parent) FROM child"), "2,2");
    assert_eq!(objects(&db), "child parent");
}

#[test]
fn code_that_makes_the_reference_itself_is_watched_too() {
    let mut db = memory();
    let base =
        file("001_base", &["CREATE TABLE parent (id INTEGER PRIMARY KEY, name)", "INSERT INTO parent VALUES (1, 2)"]);
    let files = || vec![base.clone(), file("002_code", &["rust:0"]).foreign_keys(true)];
    const CHILD: &str =
        "CREATE TABLE child (parent REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO child VALUES (1)";
    let result = coded(files(), |db| batch(db, CHILD).and(batch(db, REBUILD))).up(&mut db);
    assert!(result.as_ref().is_err_and(|error| error.is_foreign_key()), "{result:?}");
    assert_eq!(objects(&db), "parent");
    // Who refers to nothing that was dropped is not held up.
    const OTHER: &str = "CREATE TABLE other (x); INSERT INTO other VALUES (1); DROP TABLE other";
    coded(files(), |db| batch(db, CHILD).and(batch(db, OTHER))).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT count(*) FROM child"), "1");
}

#[test]
fn code_that_ends_the_transaction_is_noticed() {
    let bodies: [Body; 5] = [
        |db| batch(db, "COMMIT").and(Err("and an error".into())),
        |db| batch(db, "COMMIT"),
        |db| batch(db, "ROLLBACK"),
        |db| batch(db, "COMMIT; BEGIN"),
        |db| batch(db, "ROLLBACK; BEGIN; SAVEPOINT dbmigrate"),
    ];
    for body in bodies {
        for code in [file("002_code", &["rust:0"]), file("002_code", &["rust:0"]).foreign_keys(true)] {
            let mut db = memory();
            let error = coded(vec![family(""), code], body).up(&mut db).unwrap_err();
            assert!(error.is_transaction_ended(), "{error}");
            assert!(db.is_autocommit());
            assert_eq!((history(&db), objects(&db)), ("001_family".into(), "child parent".into()));
        }
    }
}

#[test]
fn savepoints_that_are_left_open_are_closed() {
    let mut db = memory();
    coded(vec![file("001_code", &["rust:0"])], |db| batch(db, "SAVEPOINT mine; CREATE TABLE t (x)"))
        .up(&mut db)
        .unwrap();
    assert_eq!(objects(&db), "t");
    assert!(db.is_autocommit());
}

#[test]
fn an_error_of_code_is_told_with_all_its_causes() {
    let mut db = memory();
    let files = vec![file("001_a", &["CREATE TABLE t (x)"]), file("002_code", &["CREATE TABLE u (x)", "rust:0"])];
    let error = coded(files, |db| batch(db, "CREATE TABLE v (x)").and(Err("no luck".into()))).up(&mut db).unwrap_err();
    assert_eq!((error.kind(), error.file(), error.line()), (ErrorKind::Code, Some("migrations/002_code.sql"), Some(2)));
    assert!(error.to_string().contains("`002_code` failed in `step`: no luck"), "{error}");
    assert_eq!(objects(&db), "t");
    assert_eq!(history(&db), "001_a");
}

#[test]
fn a_panic_leaves_the_connection_as_it_was() {
    let mut db = memory();
    run(&db, "PRAGMA foreign_keys = 1");
    let files = vec![file("001_a", &["CREATE TABLE t (x)"]), file("002_code", &["rust:0"])];
    let migrator = coded(files.clone(), |db| {
        batch(db, "INSERT INTO t VALUES (1); PRAGMA recursive_triggers = 1")?;
        panic!("a bug");
    });
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| migrator.up(&mut db))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug"));
    assert!(db.is_autocommit());
    assert_eq!(ask(&db, "PRAGMA foreign_keys") + &ask(&db, "PRAGMA recursive_triggers"), "10");
    assert_eq!(ask(&db, "SELECT count(*) FROM t"), "0");
    coded(files, |_| Ok(())).up(&mut db).unwrap();
    assert_eq!(history(&db), "001_a 002_code");
}

#[test]
fn the_helpers_answer_and_nest() {
    use driver::{column_exists, index_exists, savepoint, table_exists, trigger_exists, view_exists};
    let mut db = memory();
    let trigger = "CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT 1; END";
    let files = vec![
        file(
            "001_t",
            &["CREATE TABLE t (x, y AS (x + 1))", "CREATE INDEX i ON t (x)", "CREATE VIEW v AS SELECT 1", trigger],
        ),
        file("002_code", &["rust:0"]),
    ];
    coded(files, |db| {
        let answers = [
            table_exists(db, "T")?,
            table_exists(db, "i")?,
            column_exists(db, "t", "Y")?,
            column_exists(db, "t", "z")?,
            index_exists(db, "i")?,
            index_exists(db, "t")?,
            view_exists(db, "V")?,
            view_exists(db, "t")?,
            trigger_exists(db, "G")?,
            trigger_exists(db, "v")?,
        ];
        assert_eq!(answers, [true, false, true, false, true, false, true, false, true, false]);
        savepoint(db, |db| batch(db, "INSERT INTO t VALUES (1)"))?;
        let failed = savepoint(db, |db| {
            savepoint(db, |db| batch(db, "INSERT INTO t VALUES (2)"))?;
            Err::<(), BoxError>("undo".into())
        });
        assert_eq!(failed.unwrap_err().to_string(), "undo");
        Ok(())
    })
    .up(&mut db)
    .unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1");
}

#[test]
fn code_can_be_the_down_script_but_is_not_stored() {
    let files = |up: &'static str| vec![file("001_code", &[up]).down(&["rust:1"])];
    let mut db = memory();
    let run: Body = |_| Ok(());
    coded(files("rust:0"), run).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT down_sql FROM _migrations"), "NULL");
    let error = coded(files("SELECT 1"), run).down(&mut db).unwrap_err();
    assert!(error.is_no_down() && error.to_string().contains("whose down script is not stored"), "{error}");
    assert_eq!(coded(files("rust:0"), run).down(&mut db).unwrap().rolled_back.len(), 1);
}

#[test]
fn code_without_a_transaction_has_its_own() {
    let mut db = memory();
    let files =
        || vec![file("001_code", &["CREATE TABLE t (x)", "rust:0", "INSERT INTO t VALUES (2)"]).no_transaction()];
    let error = coded(files(), |db| batch(db, "BEGIN; INSERT INTO t VALUES (1); COMMIT").and(Err("stopped".into())))
        .up(&mut db)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Code);
    assert_eq!(history(&db), "001_code:running1");
    let error = coded(files(), |db| batch(db, "BEGIN")).up(&mut db).unwrap_err();
    assert!(error.is_transaction_ended(), "{error}");
    assert!(db.is_autocommit());
    let error = coded(files(), |db| batch(db, "BEGIN").and(Err("failed".into()))).up(&mut db).unwrap_err();
    assert!(error.kind() == ErrorKind::Code && error.to_string().contains("failed"), "{error}");
    assert!(db.is_autocommit() && history(&db) == "001_code:running1");
    coded(files(), |db| batch(db, "VACUUM")).up(&mut db).unwrap();
    assert_eq!(ask(&db, "SELECT group_concat(x) FROM t"), "1,2");
}

#[test]
fn a_column_is_added_once_whatever_its_name() {
    let db = memory();
    run(&db, "CREATE TABLE \"a \"\"b\" (x); INSERT INTO \"a \"\"b\" VALUES (1)");
    let add = || driver::add_column(&db, "A \"b", "order by", "TEXT NOT NULL DEFAULT 'new'");
    assert!(add().unwrap());
    assert!(!add().unwrap());
    assert_eq!(ask(&db, "SELECT \"order by\" FROM \"a \"\"b\""), "new");
    assert!(driver::add_column(&db, "nowhere", "x", "").is_err());
}

/// Numbers ten rows in threes, and fails in this batch.
fn number(db: &Connection, fails_in: u64, calls: &mut Vec<(u64, u64)>) -> Result<u64, BoxError> {
    driver::in_batches(db, |db, batch| {
        calls.push((batch.number, batch.rows));
        let rows = db.execute(
            "UPDATE t SET y = coalesce(y, 0) + 1 WHERE rowid IN (SELECT rowid FROM t WHERE y IS NULL LIMIT 3)",
            [],
        )?;
        if batch.number == fails_in { Err("stopped".into()) } else { Ok(rows) }
    })
}

fn ten() -> File {
    let rows = "INSERT INTO t (x) VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)";
    file("001_t", &["CREATE TABLE t (x, y)", rows])
}

#[test]
fn batches_that_were_stopped_go_on_and_do_every_row_once() {
    for fails_in in 1..=5 {
        let mut db = memory();
        runner(vec![ten()]).up(&mut db).unwrap();
        let mut calls = Vec::new();
        assert_eq!(number(&db, fails_in, &mut calls).unwrap_err().to_string(), "stopped");
        assert!(db.is_autocommit());
        let done = (3 * (fails_in - 1)).min(10);
        assert_eq!(ask(&db, "SELECT count(y) FROM t"), done.to_string(), "what the failed batch did is undone");
        calls.clear();
        assert_eq!(number(&db, 0, &mut calls).unwrap(), 10 - done);
        assert_eq!(calls[0], (1, 0));
        assert_eq!(calls.last().unwrap().1, 10 - done);
        assert_eq!(ask(&db, "SELECT count(y) || sum(y) FROM t"), "1010");
    }
}

#[test]
fn batches_inside_of_a_transaction_stand_or_fall_with_it() {
    for fails_in in [0, 3] {
        let mut db = memory();
        let migrator: Runner = Migrator::new(set(vec![ten(), file("002_code", &["rust:0"])]))
            .with_code(move |_, db: &Connection| number(db, fails_in, &mut Vec::new()).map(drop));
        assert_eq!(migrator.up(&mut db).is_ok(), fails_in == 0);
        assert!(db.is_autocommit());
        assert_eq!(ask(&db, "SELECT count(y) FROM t"), if fails_in == 0 { "10" } else { "0" });
    }
}

#[test]
fn batches_leave_no_transaction_open_when_they_panic_or_end_it_themselves() {
    let db = memory();
    run(&db, "CREATE TABLE t (x)");
    let panicking = std::panic::AssertUnwindSafe(|| {
        driver::in_batches(&db, |db, _| -> Result<usize, BoxError> {
            db.execute_batch("INSERT INTO t VALUES (1)")?;
            std::panic::resume_unwind(Box::new("a bug"))
        })
    });
    std::panic::catch_unwind(panicking).unwrap_err();
    assert!(db.is_autocommit());
    let ended = driver::in_batches(&db, |db, _| -> Result<usize, BoxError> {
        db.execute_batch("ROLLBACK")?;
        Ok(1)
    });
    assert!(ended.unwrap_err().to_string().contains("no transaction is active"));
    assert_eq!(ask(&db, "SELECT count(*) FROM t"), "0");
}
