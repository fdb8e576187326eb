//! Generated rows over schemas that make it hard.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use dbmigrate_schema::{Filled, Name, ReadOptions, Schema, fill};
use rusqlite::Connection;

fn filled(sql: &str, seed: u64) -> (Connection, Filled) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(sql).unwrap();
    let schema = Schema::read(&connection, &ReadOptions::default()).unwrap();
    let filled = fill(&connection, &schema, seed).unwrap();
    assert_eq!(ask(&connection, "SELECT count(*) FROM pragma_foreign_key_check"), ["0"], "{sql}");
    assert_eq!(ask(&connection, "PRAGMA integrity_check"), ["ok"], "{sql}");
    (connection, filled)
}

/// One column, each value as SQL.
fn ask(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            value => format!("{:?}", rusqlite::types::Value::try_from(value).unwrap())
                .replace("Integer(", "")
                .replace(')', ""),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Every table has rows, for several seeds.
#[track_caller]
fn fills(sql: &str) -> Connection {
    for seed in 0..10 {
        let (_, filled) = filled(sql, seed);
        let empty: Vec<_> = filled.tables.iter().filter(|table| table.rows == 0).collect();
        assert!(empty.is_empty(), "seed {seed}: {empty:?}");
    }
    filled(sql, 1).0
}

/// These tables have no rows, for several seeds, and nothing else is wrong.
#[track_caller]
fn fills_but(sql: &str, expect: &[&str]) {
    for seed in 0..10 {
        let (_, filled) = filled(sql, seed);
        let empty: Vec<_> = filled.tables.iter().filter(|table| table.rows == 0).map(|it| it.table.as_str()).collect();
        assert!(
            expect.iter().all(|name| empty.contains(name)) && empty.len() == expect.len(),
            "seed {seed}: {empty:?}"
        );
    }
}

#[test]
fn every_type_and_affinity_is_filled() {
    let connection = fills(
        "CREATE TABLE a (i INTEGER, t TEXT, b BLOB, r REAL, n NUMERIC, x, d DATETIME, v VARCHAR(10));
         CREATE TABLE b (i INTEGER, t TEXT, b BLOB, r REAL, a ANY) STRICT;
         CREATE TABLE c (k TEXT, n INT NOT NULL, PRIMARY KEY (k, n)) WITHOUT ROWID;
         CREATE TABLE \"odd \"\"name\"\"\" (\"select\" TEXT NOT NULL, [a b] INTEGER);
         CREATE TABLE g (a INTEGER, v AS (a + 1), s TEXT AS ('x' || a) STORED)",
    );
    assert_eq!(ask(&connection, "SELECT count(DISTINCT typeof(x)) > 2 FROM a"), ["1"]);
    assert_eq!(ask(&connection, "SELECT count(*) > 0 FROM a WHERE t IS NULL"), ["1"]);
    assert_eq!(ask(&connection, "SELECT max(rowid) > count(*) FROM a"), ["1"]);
}

#[test]
fn one_seed_gives_the_same_rows() {
    let sql = "CREATE TABLE a (i INTEGER, t TEXT); CREATE TABLE b (i INTEGER UNIQUE, t TEXT)";
    let rows = |seed| {
        let (connection, _) = filled(sql, seed);
        let rows = |table: &str| ask(&connection, &format!("SELECT rowid || quote(i) || quote(t) FROM {table}"));
        (rows("a"), rows("b"))
    };
    assert_eq!(rows(3), rows(3));
    assert_ne!(rows(3), rows(4));
}

#[test]
fn foreign_keys_are_satisfied_in_any_order() {
    fills(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES parent, b TEXT REFERENCES other (code));
         CREATE TABLE parent (id INTEGER PRIMARY KEY, up INTEGER REFERENCES parent (id));
         CREATE TABLE other (code TEXT NOT NULL UNIQUE);
         CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
         CREATE TABLE of_pair (a INTEGER NOT NULL, b TEXT NOT NULL, FOREIGN KEY (a, b) REFERENCES PAIR);
         CREATE TABLE detail (id INTEGER PRIMARY KEY REFERENCES parent (id), note TEXT)",
    );
}

#[test]
fn cycles_and_tables_that_refer_to_themselves_are_filled() {
    let connection = fills(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a);
         CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES tree);
         CREATE TABLE names (name TEXT PRIMARY KEY NOT NULL, up TEXT NOT NULL REFERENCES names) WITHOUT ROWID",
    );
    assert_eq!(ask(&connection, "SELECT count(*) > 1 FROM tree"), ["1"]);
}

#[test]
fn checks_are_satisfied_where_a_few_values_do() {
    fills(
        "CREATE TABLE a (
             state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
             kind TEXT NOT NULL CONSTRAINT kinds CHECK (kind IN ('a', 'b', 'c')),
             age INTEGER CHECK (age BETWEEN 18 AND 20),
             code TEXT NOT NULL CHECK (length(code) = 12),
             mail TEXT NOT NULL CHECK (mail LIKE '%@%'),
             flag INTEGER NOT NULL DEFAULT 1 CHECK (flag IN (0, 1)),
             price REAL NOT NULL CHECK (price > 0.5 AND price < 1.5),
             \"from\" INTEGER NOT NULL, until INTEGER NOT NULL, CHECK (\"from\" < until));
         CREATE TABLE single (id INTEGER PRIMARY KEY CHECK (id = 1), settings TEXT NOT NULL CHECK (json_valid(settings)))",
    );
}

#[test]
fn an_autoincrement_has_given_more_ids_than_there_are() {
    let connection = fills("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT)");
    assert_eq!(ask(&connection, "SELECT seq > (SELECT max(id) FROM a) FROM sqlite_sequence"), ["1"]);
}

#[test]
fn a_table_that_can_t_be_filled_is_named_with_the_reason() {
    let (_, filled) = filled(
        "CREATE TABLE never (a UNIQUE CHECK (a IS NULL AND a IS NOT NULL));
         CREATE TABLE child (a INTEGER NOT NULL REFERENCES never (a));
         CREATE TABLE grandchild (a INTEGER NOT NULL REFERENCES child (a), b INTEGER);
         CREATE UNIQUE INDEX child_a ON child (a);
         CREATE TABLE fine (a)",
        1,
    );
    let of = |name: &str| filled.tables.iter().find(|table| table.table == Name::new(name)).unwrap();
    assert_eq!(of("never").why.as_deref(), Some("CHECK constraint failed: a IS NULL AND a IS NOT NULL"));
    assert_eq!((of("fine").rows, &of("fine").why), (8, &None));
    for (child, parent) in [("child", "never"), ("grandchild", "child")] {
        let why = format!("there is no row in `{parent}` that it could refer to");
        assert_eq!((of(child).rows, of(child).why.as_deref()), (0, Some(why.as_str())));
    }
}

#[test]
fn a_key_that_sqlite_can_t_check_stops_no_row() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE a (n); CREATE TABLE b (n REFERENCES a (n), m REFERENCES nobody)").unwrap();
    let schema = Schema::read(&connection, &ReadOptions::default()).unwrap();
    let filled = fill(&connection, &schema, 1).unwrap();
    assert!(filled.tables.iter().all(|table| table.rows == 8), "{filled:?}");
}

#[test]
fn triggers_run_unless_they_refuse_every_row() {
    let connection = fills(
        "CREATE TABLE a (n INTEGER);
         CREATE TABLE log (n INTEGER);
         CREATE TRIGGER a_log AFTER INSERT ON a BEGIN INSERT INTO log VALUES (new.n); END;
         CREATE TABLE shut (n INTEGER);
         CREATE TRIGGER shut_up BEFORE INSERT ON shut BEGIN SELECT raise(ROLLBACK, 'shut'); END;
         CREATE TABLE deaf (n INTEGER);
         CREATE TRIGGER deaf_up BEFORE INSERT ON deaf BEGIN SELECT raise(IGNORE); END",
    );
    assert_eq!(ask(&connection, "SELECT count(*) FROM log"), ["16"]);
    // They are on again.
    assert!(connection.execute("INSERT INTO shut VALUES (1)", []).is_err());
}

#[test]
fn a_row_that_refers_to_nothing_goes_also_where_a_trigger_minds() {
    fills_but(
        "CREATE TABLE a (id INTEGER PRIMARY KEY CHECK (id IS NULL), b INTEGER REFERENCES b);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a);
         CREATE TRIGGER stays BEFORE DELETE ON b BEGIN SELECT raise(ABORT, 'no'); END",
        &["a", "b"],
    );
}

#[test]
fn a_trigger_that_brings_back_what_refers_to_nothing_is_not_run_for_ever() {
    fills(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a CHECK (a > 1000000));
         CREATE TRIGGER again AFTER DELETE ON b BEGIN INSERT INTO b (a) VALUES (old.a); END;",
    );
}

#[test]
fn rows_that_are_there_stay() {
    let connection = fills("CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT UNIQUE); INSERT INTO a VALUES (7, 'seven')");
    assert_eq!(ask(&connection, "SELECT t FROM a WHERE id = 7"), ["seven"]);
}

#[test]
fn virtual_tables_are_filled_through_their_own_insert() {
    let connection = fills(
        "CREATE VIRTUAL TABLE plain USING fts5 (title, body);
         CREATE TABLE doc (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
         CREATE VIRTUAL TABLE found USING fts5 (body, content = 'doc', content_rowid = 'id');
         CREATE VIRTUAL TABLE places USING rtree (id, x0, x1, y0, y1)",
    );
    connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)", []).unwrap();
}

#[test]
fn enforcement_stays_as_it_was() {
    for on in ["ON", "OFF"] {
        let (connection, _) = filled(&format!("PRAGMA foreign_keys = {on}; CREATE TABLE a (n)"), 1);
        assert_eq!(ask(&connection, "PRAGMA foreign_keys"), [if on == "ON" { "1" } else { "0" }]);
    }
}
