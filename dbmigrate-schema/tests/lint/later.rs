//! What a later migration of the set has seen to is not said of an earlier one.

use crate::support::{names, set};

/// Whether the rule speaks of a set, and whether it does so where this migration follows.
#[track_caller]
fn check(rule: &str, migrations: &[&str], later: &str) {
    let speaks = |migrations: &[&str]| {
        let named: Vec<_> = (1..=migrations.len()).map(|number| format!("{number:03}_m.sql")).collect();
        let files: Vec<_> = named.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
        let (replay, findings) = dbmigrate_schema::lint::lint(&set(&files), None, &Default::default());
        assert_eq!(replay.diagnostics, [], "{migrations:?}");
        names(&findings).contains(rule)
    };
    assert!(speaks(migrations), "{rule}");
    assert!(speaks(&[migrations, &["SELECT 1"]].concat()), "{rule}");
    assert!(!speaks(&[migrations, &[later]].concat()), "{rule}: {later}");
}

const REBUILT: &str = "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT NOT NULL); INSERT INTO n SELECT * FROM t;
                       DROP TABLE t; ALTER TABLE n RENAME TO t;";

#[test]
fn an_index_that_comes_later_is_not_missed() {
    let tables = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (p REFERENCES p)";
    check("reference-without-index", &[tables], "CREATE INDEX i ON t (p)");
    check("reference-without-index", &[tables], "DROP TABLE t");
    check("reference-without-index", &[tables], "CREATE TABLE n (p); DROP TABLE t; ALTER TABLE n RENAME TO t");

    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX i ON t (a)";
    check("rebuild-loses-object", &[table, REBUILT], "CREATE INDEX i ON t (a)");
}

#[test]
fn references_that_are_put_right_later_are_right() {
    let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE c (t REFERENCES t)";
    let renamed = "ALTER TABLE t RENAME TO o; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
                   INSERT INTO t SELECT * FROM o; DROP TABLE o;";
    let mended = "CREATE TABLE n (t REFERENCES t); INSERT INTO n SELECT * FROM c; DROP TABLE c;
                  ALTER TABLE n RENAME TO c";
    check("rename-old-first", &[tables, renamed], mended);
    check("rename-old-first", &[tables, renamed], "DROP TABLE c");
}

#[test]
fn a_full_text_index_that_is_made_anew_reads_again() {
    let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
                  CREATE VIRTUAL TABLE s USING fts5(a, content='t', content_rowid='id')";
    let anew = "DROP TABLE s; CREATE VIRTUAL TABLE s USING fts5(b, content='t', content_rowid='id')";
    check("broken-full-text", &[tables, "ALTER TABLE t DROP COLUMN a"], anew);
    check("broken-full-text", &[tables, "DROP TABLE t"], "DROP TABLE s");
}
