//! What the rules say where a database is at hand: its rows are counted, and the count is right.

use std::collections::BTreeSet;

use dbmigrate_schema::lint::{Finding, Options, Rows, lint};
use rusqlite::Connection;

use crate::support::set;

/// The findings about the second migration, for a database that has the first and these rows.
fn judged(before: &str, rows: &str, now: &str) -> Vec<Finding> {
    let set = set(&[("001_a.sql", before), ("002_b.sql", now)]);
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(&format!("{before}; {rows}")).unwrap();
    database.pragma_update(None, "query_only", true).unwrap();
    let old = BTreeSet::from([1]);
    let options = Options { old: Some(&old), rows: Some(Rows::new(&database, vec![1])), ..Options::default() };
    let (replay, findings) = lint(&set, None, &options);
    assert_eq!(replay.diagnostics, []);
    findings
}

/// That a rule says this of the rows, and that every assertion which it recommends answers `false` for them.
#[track_caller]
fn check(rule: &str, before: &str, rows: &str, now: &str, expect: &str) {
    let findings = judged(before, rows, now);
    let finding = findings.iter().find(|finding| finding.rule.name == rule).unwrap_or_else(|| panic!("{findings:?}"));
    let diagnostic = &finding.diagnostic;
    assert!(diagnostic.notes.iter().any(|note| note == expect), "{diagnostic}");
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(&format!("{before}; {rows}")).unwrap();
    for help in &diagnostic.help_texts() {
        let Some((_, assert)) = help.split_once("-- dbmigrate: assert ") else { continue };
        let holds: bool = database.query_row(assert.trim_end_matches('`'), [], |row| row.get(0)).unwrap();
        assert!(!holds, "{assert}");
    }
}

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, \"e mail\" TEXT, age INT);";
const ROWS: &str = "INSERT INTO users VALUES (1, 'a', 1), (2, 'A', -2), (3, 'a', NULL), (4, NULL, 'x')";

/// The rebuild of `users` with these columns.
fn rebuilt(columns: &str) -> String {
    format!(
        "CREATE TABLE n (id INTEGER PRIMARY KEY, {columns}; INSERT INTO n SELECT * FROM users; DROP TABLE users;
         ALTER TABLE n RENAME TO users;"
    )
}

#[test]
fn rows_are_counted() {
    let add = |column: &str| format!("ALTER TABLE users ADD COLUMN {column};");
    let there = "there are 4 rows in `users` now";
    check("add-not-null-without-default", USERS, ROWS, &add("a NOT NULL"), there);
    check("add-column-with-expression-default", USERS, ROWS, &add("a DEFAULT (1 + 1)"), there);
    check("add-stored-column", USERS, ROWS, &add("a AS (1) STORED"), there);
    check("add-reference-with-default", USERS, ROWS, &add("a DEFAULT 1 REFERENCES users"), there);
    check("drop-table", USERS, ROWS, "DROP TABLE users;", there);
    check("unbounded-write", USERS, ROWS, "DELETE FROM users;", there);
    let drop = "ALTER TABLE users DROP COLUMN \"e mail\";";
    check("drop-column", USERS, ROWS, drop, "3 rows have a value in `e mail` now");
}

#[test]
fn what_rows_do_not_meet_is_counted() {
    let strict = rebuilt("\"e mail\" TEXT, age INT) STRICT");
    check("to-strict", USERS, ROWS, &strict, "1 row has such a value now");
    let real = rebuilt("\"e mail\" TEXT, age REAL)");
    check("type-change", USERS, &format!("{ROWS}, (5, '', 9007199254740993)"), &real, "2 rows have such a value now");
    let given = rebuilt("\"e mail\" TEXT NOT NULL, age INT NOT NULL)");
    check("not-null-on-existing-rows", USERS, ROWS, &given, "2 rows have none now");
    let some =
        "CREATE TABLE n (id INTEGER PRIMARY KEY, \"e mail\" TEXT, age INT); INSERT INTO n SELECT * FROM users WHERE
                age <> -2; DROP TABLE users; ALTER TABLE n RENAME TO users;";
    check("partial-copy", USERS, ROWS, some, "2 rows are left out now");
    let before = some
        .replace("INSERT INTO n SELECT * FROM users", "WITH o AS (SELECT * FROM users) INSERT INTO n SELECT * FROM o");
    check("partial-copy", USERS, ROWS, &before, "2 rows are left out now");
    let unique = "CREATE UNIQUE INDEX i ON users (\"e mail\");";
    check("unique-on-existing-rows", USERS, ROWS, unique, "1 value is in more than one row now");
    let unique = "CREATE UNIQUE INDEX i ON users (\"e mail\" COLLATE NOCASE) WHERE age < 2;";
    check("unique-on-existing-rows", USERS, ROWS, unique, "1 value is in more than one row now");
    let positive = "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0);";
    check("check-on-existing-rows", USERS, ROWS, positive, "1 row does not meet it now");
    let keys = "CREATE TABLE users (name TEXT UNIQUE)";
    let names = "INSERT INTO users VALUES ('a'), ('A')";
    let folded =
        "CREATE TABLE n (name TEXT COLLATE NOCASE UNIQUE); INSERT INTO n SELECT * FROM users; DROP TABLE users;
                  ALTER TABLE n RENAME TO users;";
    check("collation-change", keys, names, folded, "1 value is in more than one row by it now");
    let child = "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INT)";
    let boss =
        "CREATE TABLE n (id INTEGER PRIMARY KEY, boss INT REFERENCES users (id)); INSERT INTO n SELECT * FROM users;
                DROP TABLE users; ALTER TABLE n RENAME TO users;";
    let orphan = "INSERT INTO users VALUES (1, 7), (2, 1), (3, NULL)";
    check("reference-on-existing-rows", child, orphan, boss, "1 row has no parent now");
    let words = "CREATE TABLE users (id INT PRIMARY KEY, name TEXT)";
    let rowid = rebuilt("name TEXT)");
    check(
        "key-change",
        words,
        "INSERT INTO users VALUES ('x', 'a'), (2, 'b')",
        &rowid,
        "rows that have no integer in it, as the rowid needs: 1 now",
    );
}

#[test]
fn a_database_that_has_the_migration_is_not_asked() {
    let set = set(&[("001_a.sql", USERS), ("002_b.sql", "DROP TABLE users;")]);
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(&format!("{USERS} {ROWS}")).unwrap();
    let options = Options { rows: Some(Rows::new(&database, vec![1, 2])), ..Options::default() };
    let (_, findings) = lint(&set, None, &options);
    assert_eq!(findings[0].diagnostic.notes, [""; 0]);
}
