//! Core's splitter against SQLite's own: both must find the same statements.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use dbmigrate_core::statement;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};

/// Runs the text as SQLite splits it, and compares the number of statements.
#[track_caller]
fn check(text: &str) {
    let connection = Connection::open_in_memory().unwrap();
    let mut batch = Batch::new(&connection, text);
    let mut sqlite = 0;
    while let Some(mut statement) = batch.next().unwrap() {
        sqlite += 1;
        let mut rows = statement.raw_query();
        while rows.next().unwrap().is_some() {}
    }
    let ours = statement::split(text);
    assert_eq!(ours.len(), sqlite, "{text}");
    // Each piece is one statement to SQLite, and all of them together do the same.
    let again = Connection::open_in_memory().unwrap();
    for statement in &ours {
        let piece = &text[statement.span.start..statement.span.end];
        let mut prepared = again.prepare(piece).unwrap();
        let mut rows = prepared.raw_query();
        while rows.next().unwrap().is_some() {}
    }
    let schema = |connection: &Connection| -> Vec<Option<String>> {
        let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY rowid").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(schema(&connection), schema(&again), "{text}");
}

#[test]
fn case_37_strings_names_and_comments_hide_semicolons() {
    check("SELECT ';', \"a;b\" FROM (SELECT 1 AS \"a;b\"); SELECT [c;d] FROM (SELECT 2 AS [c;d]);");
    check("SELECT 'it''s; fine'; -- not; this\nSELECT /* nor; this */ 1;;; SELECT `e;f` FROM (SELECT 1 AS `e;f`)");
    check("SELECT x'3b', 1.5e-3, 0x1F, '[\";\"]' -> '$[0]';");
}

#[test]
fn case_37_trigger_bodies_are_one_statement() {
    check(
        "CREATE TABLE t(a, b);
CREATE TRIGGER one AFTER INSERT ON t BEGIN
  UPDATE t SET b = CASE WHEN new.a > 1 THEN 'x;' ELSE 'end' END WHERE a = new.a;
  -- END; in a comment
  SELECT 1;
end;
create temp trigger if not exists two after update of a on t when new.a is not null begin select case 1 when 1 then 2 end; END;
SELECT 1",
    );
    check("CREATE TABLE begin_t(x); CREATE TRIGGER \"end\" AFTER DELETE ON begin_t BEGIN DELETE FROM begin_t; END");
    check("CREATE TABLE t(a); EXPLAIN CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END; SELECT 3;");
    check("EXPLAIN QUERY PLAN SELECT 1; CREATE VIEW v AS SELECT 1 AS a; CREATE TABLE \"trigger\"(x); SELECT 1;");
}

#[test]
fn case_37_nothing_is_no_statement() {
    for text in ["", ";", " ;; ; ", "-- only a comment", "/* ; */ ;", "\n\n-- a\n;\n-- b"] {
        check(text);
    }
}
