//! What has to hold before a migration runs: assertions, and required migrations.

#![allow(clippy::unwrap_used)] // Helpers of the tests are no tests.

mod support;

use dbmigrate_runtime::{Error, ErrorKind, Rules, State, TransactionMode};
use rusqlite::Connection;
use support::*;

/// A table with one row, and a migration that asserts something before it drops that row.
fn asserting(query: &'static str) -> Vec<File> {
    vec![
        file("001_t", &["CREATE TABLE t (x)", "INSERT INTO t VALUES ('a')"]),
        file("002_drop", &[format!("assert:{query}").leak(), "DELETE FROM t"]),
    ]
}

#[track_caller]
fn stopped(db: &mut Connection, files: Vec<File>) -> Error {
    let error = runner(files).up(db).unwrap_err();
    assert!(error.is_assertion(), "{error}");
    error
}

#[test]
fn one_true_value_lets_it_run() {
    for query in [
        "SELECT count(*) = 1 FROM t",
        "SELECT -1",
        "SELECT 0.5",
        "SELECT '2 of them'",
        "SELECT x'31'",
        "VALUES (7)",
        "WITH n (n) AS (SELECT count(*) FROM t) SELECT n FROM n",
        "SELECT 0 UNION SELECT 1 ORDER BY 1 DESC LIMIT 1",
    ] {
        let mut db = memory();
        runner(asserting(query)).up(&mut db).unwrap();
        assert_eq!(
            (history(&db), ask(&db, "SELECT count(*) FROM t")),
            ("001_t 002_drop".into(), "0".into()),
            "{query}"
        );
    }
}

#[test]
fn anything_else_stops_it_and_is_shown() {
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT n FROM n";
    for (query, answer) in [
        ("SELECT count(*) = 0 FROM t", "`0`"),
        ("SELECT NULL", "`NULL`"),
        ("SELECT 0.0", "`0`"),
        ("SELECT 'none'", "`'none'`"),
        ("SELECT x''", "`a blob of 0 bytes`"),
        ("SELECT x FROM t WHERE x = 'b'", "no row"),
        ("VALUES (1), (1)", "several rows"),
        ("SELECT 1, 1", "2 columns"),
        (many, "several rows"),
    ] {
        let mut db = memory();
        runner(asserting(query)).up_to(&mut db, 1_u64).unwrap();
        let before = dump(&db);
        let error = stopped(&mut db, asserting(query));
        let message = format!("an assertion of `002_drop` does not hold: the query returned {answer}");
        assert!(error.to_string().starts_with(&message), "{error}");
        assert_eq!(dump(&db), before, "{query}");
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), "1");
    }
}

#[test]
fn the_error_says_where_and_what_next() {
    let mut db = memory();
    let error = stopped(&mut db, asserting("SELECT count(*) = 0 FROM t"));
    assert_eq!(
        error.to_string(),
        "an assertion of `002_drop` does not hold: the query returned `0`\n  --> migrations/002_drop.sql:2:22\n   \
         | SELECT count(*) = 0 FROM t\nnote: `002_drop` was rolled back completely\n\
         note: the one before it stays as it is\n\
         help: change the data so that it holds, then run `cargo dbmigrate up` again"
    );
    assert_eq!((error.kind(), error.line()), (ErrorKind::Assertion, Some(2)));
    assert_eq!(error.statement(), Some("SELECT count(*) = 0 FROM t"));
    // It was one of many on a fresh database, and those before it stay.
    assert_eq!((history(&db), error.report().applied.len()), ("001_t".into(), 1));
    assert_eq!(runner(asserting("SELECT 1")).status(&mut db).unwrap().entries[1].state, State::Pending);
}

#[test]
fn a_query_that_the_database_refuses_is_an_error_of_its_own() {
    let mut db = memory();
    let error = runner(asserting("SELECT nowhere FROM t")).up(&mut db).unwrap_err();
    assert!(error.is_sql() && !error.is_assertion(), "{error}");
    assert_eq!((error.file(), error.line()), (Some("migrations/002_drop.sql"), Some(2)));
    if tells_offsets() {
        assert_eq!(error.column(), Some(29));
    }
    assert_eq!(history(&db), "001_t");
}

#[test]
fn several_are_asked_in_order() {
    let mut db = memory();
    let file =
        |second| file("001_a", &["assert:SELECT 1", second, "assert:SELECT no_such_column", "CREATE TABLE a (x)"]);
    let error = stopped(&mut db, vec![file("assert:SELECT 0")]);
    assert_eq!(error.line(), Some(3));
    assert_eq!(runner(vec![file("assert:SELECT 1")]).up(&mut db).unwrap_err().line(), Some(4));
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
}

#[test]
fn where_all_share_a_transaction_all_are_rolled_back() {
    let mut db = memory();
    let rules = Rules { transaction: TransactionMode::All, ..Rules::DEFAULT };
    let migrator = Runner::new(set_with(asserting("SELECT count(*) > 1 FROM t"), rules));
    let error = migrator.up(&mut db).unwrap_err();
    assert!(error.is_assertion() && error.to_string().contains("all 2 migrations"), "{error}");
    assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
}

#[test]
fn without_a_transaction_it_is_asked_before_the_first_step_and_not_again() {
    let mut db = memory();
    let files = || {
        let steps = &["assert:SELECT count(*) = 0 FROM t", "INSERT INTO t VALUES (1)", "INSERT INTO later VALUES (2)"];
        vec![file("001_t", &["CREATE TABLE t (x)"]), file("002_bare", steps).no_transaction()]
    };
    runner(files()).up_to(&mut db, 1_u64).unwrap();
    run(&db, "INSERT INTO t VALUES (0)");
    let before = dump(&db);
    let error = stopped(&mut db, files());
    assert_eq!(error.notes()[0], "no step of `002_bare` was run");
    assert_eq!(dump(&db), before);
    assert_eq!(runner(files()).status(&mut db).unwrap().entries[1].state, State::Pending);

    run(&db, "DELETE FROM t");
    assert!(runner(files()).up(&mut db).unwrap_err().is_sql());
    assert_eq!(history(&db), "001_t 002_bare:running1");
    // Its own first step has made it untrue.
    run(&db, "CREATE TABLE later (x)");
    runner(files()).up(&mut db).unwrap();
    assert_eq!(history(&db), "001_t 002_bare");
}

#[test]
fn a_down_script_asserts_too_also_the_stored_one() {
    for bare in [false, true] {
        let files = |query: &'static str| {
            let file = file("001_t", &["CREATE TABLE t (x)"]).down(&[query, "DROP TABLE t"]);
            vec![file.no_transaction_if(bare)]
        };
        let empty = "assert:SELECT count(*) = 0 FROM t";
        let mut db = memory();
        runner(files(empty)).up(&mut db).unwrap();
        run(&db, "INSERT INTO t VALUES (1)");
        let before = dump(&db);
        // The second program has no file for it.
        for program in [files(empty), Vec::new()] {
            let error = runner(program).down_all(&mut db).unwrap_err();
            assert!(error.is_assertion(), "{error}");
            assert_eq!(error.statement(), Some(&empty[7..]));
            assert!(error.help()[0].contains("`cargo dbmigrate down`"), "{error}");
            assert_eq!(dump(&db), before);
        }
        run(&db, "DELETE FROM t");
        runner(Vec::new()).down_all(&mut db).unwrap();
        assert_eq!((history(&db), objects(&db)), (String::new(), String::new()));
    }
}

#[test]
fn a_required_migration_is_applied_or_runs_before() {
    let files = || {
        vec![
            file("001_a", &["CREATE TABLE a (x)"]),
            file("002_b", &["CREATE TABLE b (x)"]),
            file("003_c", &["CREATE TABLE c (x)"]).requires(&["001_a", "002_b"]),
        ]
    };
    let mut db = memory();
    runner(files()).up(&mut db).unwrap();
    let mut db = memory();
    runner(files()).up_to(&mut db, 2_u64).unwrap();
    runner(files()).up(&mut db).unwrap();
    assert_eq!(history(&db), "001_a 002_b 003_c");
}

#[test]
fn a_required_migration_that_is_not_there_stops_all() {
    let files = |name: &'static [&'static str]| {
        vec![file("001_a", &["CREATE TABLE a (x)"]), file("002_b", &["CREATE TABLE b (x)"]).requires(name)]
    };
    // Built by hand: neither is right in a set that was checked.
    for (names, unmet) in [(&["001_a", "009_z"], "009_z"), (&["001_a", "002_b"], "002_b")] {
        let mut db = memory();
        let error = runner(files(names)).up(&mut db).unwrap_err();
        assert!(error.is_requirement(), "{error}");
        let message = format!("`002_b` requires `{unmet}`, which is not applied\n  --> migrations/002_b.sql");
        assert!(error.to_string().starts_with(&message), "{error}");
        assert_eq!(ask(&db, "SELECT count(*) FROM sqlite_master"), "0");
        assert_eq!(runner(files(names)).up_to(&mut db, 1_u64).unwrap().applied.len(), 1);
    }
}
