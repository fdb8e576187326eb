//! Rules that ask a database at hand.

use std::collections::BTreeSet;

use dbmigrate_schema::lint::{Options, RULES, Rows, lint};
use rusqlite::Connection;

use crate::support::set;

/// What is said of the newer of two migrations where a database of the first one has these rows.
#[track_caller]
fn check(before: &str, rows: &str, now: &str, expect: &[&str]) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(rows).unwrap();
    let old: BTreeSet<u64> = [1].into();
    let rows = Some(Rows::new(&connection, vec![1]));
    let (_, findings) = lint(
        &set(&[("001_a.sql", before), ("002_b.sql", now)]),
        None,
        &Options { old: Some(&old), rows, ..Options::default() },
    );
    let found: Vec<_> = findings
        .iter()
        .flat_map(|it| {
            it.diagnostic
                .notes
                .iter()
                .map(|note| format!("{}: {note}", it.rule.name))
                .chain([it.diagnostic.message.clone()])
        })
        .collect();
    for expect in expect {
        assert!(found.iter().any(|it| it == expect), "{expect}: {found:#?}");
    }
    if expect.is_empty() {
        assert!(!found.iter().any(|it| it.contains("is recreated")), "{found:#?}");
    }
}

#[test]
fn a_large_table_that_is_made_anew() {
    let rule = RULES.iter().find(|rule| rule.name == "large-rebuild").unwrap();
    let example = rule.fails[0];
    let many = "CREATE VIEW events AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 1000000)
                SELECT id, '' AS text FROM n";
    check(example.before, many, example.now, &["`events` is rebuilt: 1000000 rows"]);
    let big =
        "CREATE TABLE Events (id INTEGER PRIMARY KEY, text); INSERT INTO events (text) VALUES (zeroblob(110000000))";
    check(example.before, big, example.now, &["`events` is rebuilt: 1 rows, 105 MiB"]);
    check(example.before, example.before, example.now, &[]);
}

#[test]
fn the_sequence_and_the_cascade_are_counted() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)";
    let rows = "INSERT INTO t (id) VALUES (3), (9); DELETE FROM t WHERE id = 9";
    let now = "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT DEFAULT ''); INSERT INTO n SELECT * FROM t;
               DROP TABLE t; ALTER TABLE n RENAME TO t";
    let note = "rebuild-forgets-sequence: the highest id is 6 above that of the newest row now";
    check(before, &format!("{before}; {rows}"), now, &[note]);

    let before = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p REFERENCES p)";
    let rows = "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1), (2, NULL)";
    let now =
        "CREATE TABLE n (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE); INSERT INTO n SELECT * FROM t;
               DROP TABLE t; ALTER TABLE n RENAME TO t; CREATE INDEX i ON t (p)";
    let note = "cascade-on-existing-rows: rows that refer to `p` now: 1";
    check(before, &format!("{before}; {rows}"), now, &[note]);
}
