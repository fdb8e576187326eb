//! Pairs that random pairs have found: each was planned wrong, or not at all.

use crate::support::{Database, applies, check, decisions, planned, rows, schema};
use dbmigrate_schema::plan;

#[test]
fn a_column_with_a_name_of_the_rowid_comes_goes_and_changes_its_name() {
    let before = "CREATE TABLE t (oid TEXT, n INT); CREATE INDEX i ON t (oid); CREATE VIEW v AS SELECT oid FROM t;
                  CREATE TRIGGER r AFTER UPDATE OF oid ON t BEGIN SELECT new.oid; END;";
    let after = before.replace("oid", "object");
    let database = applies(before, "INSERT INTO t VALUES ('x', 1), (NULL, 2)", &after, "t.oid=t.object");
    rows(&database, "SELECT rowid, object, n FROM t", &["1|'x'|1", "2|NULL|2"]);
    let text = planned(before, &after, "t.oid=t.object").to_sql();
    assert!(text.contains("-- column `oid` becomes `object`\n"), "{text}");
    // Who refers to it follows.
    let database = applies(
        "CREATE TABLE t (rowid INT UNIQUE, a INT); CREATE TABLE c (x REFERENCES t (rowid) ON DELETE CASCADE)",
        "INSERT INTO t VALUES (7, 1); INSERT INTO c VALUES (7)",
        "CREATE TABLE t (number INT UNIQUE, a INT); CREATE TABLE c (x REFERENCES t (number) ON DELETE CASCADE)",
        "t.rowid=t.number",
    );
    rows(&database, "SELECT * FROM t, c", &["7|1|7"]);
    // Two that change places, and stand where they stood: nothing differs, and everything does.
    let swap = "CREATE TABLE t (a INT, oid INT)";
    let database = applies(swap, "INSERT INTO t VALUES (1, 2)", swap, "t.a=t.oid t.oid=t.a");
    rows(&database, "SELECT a, oid FROM t", &["2|1"]);
    let database = applies("CREATE TABLE t (a)", "INSERT INTO t VALUES (5)", "CREATE TABLE t (a, _rowid_ INT)", "");
    rows(&database, "SELECT a, _rowid_ FROM t", &["5|NULL"]);
}

/// SQLite 3.54 quotes the name in the key as a text.
#[test]
fn a_rename_that_sqlite_gets_wrong_is_done_by_a_copy() {
    let database = applies(
        "CREATE TABLE t (a REAL, \"q\"\"q\" INTEGER NOT NULL PRIMARY KEY, b INT, CONSTRAINT r UNIQUE (b, \"q\"\"q\"))",
        "INSERT INTO t VALUES (0.5, 1, 2)",
        "CREATE TABLE t (a REAL, x INTEGER NOT NULL PRIMARY KEY, \"q\"\"q\" INT, CONSTRAINT r UNIQUE (\"q\"\"q\", x))",
        "t.q\"q=t.x t.b=t.q\"q",
    );
    rows(&database, "SELECT a, x, \"q\"\"q\" FROM t", &["0.5|1|2"]);
}

/// SQLite 3.54 takes the `DEFAULT` of `SET DEFAULT` for the next constraint.
#[test]
fn a_constraint_that_sqlite_cuts_in_the_wrong_place_is_dropped_by_a_copy() {
    let (from, to) = (
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT CONSTRAINT c REFERENCES p ON DELETE SET DEFAULT)",
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT)",
    );
    applies(from, "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1)", to, "3.53");
}

#[test]
fn a_check_beside_a_column_that_goes_may_be_wanted_elsewhere() {
    let (beside, after) = ("CREATE TABLE t (a INT, b INT CHECK (a > 0))", "CREATE TABLE t (a INT, CHECK (a > 0))");
    let database = applies(beside, "INSERT INTO t VALUES (1, 2)", after, "drop-column");
    assert!(database.0.execute_batch("INSERT INTO t VALUES (0)").is_err());
    applies("CREATE TABLE t (a INT CHECK (a > 0))", "INSERT INTO t VALUES (1)", beside, "");
}

#[test]
fn a_table_takes_the_name_of_an_index_that_goes_with_its_table() {
    let database = applies(
        "CREATE TABLE gone (a); CREATE INDEX name ON gone (a); CREATE TABLE t (x)",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE name (x)",
        "t=name drop-table",
    );
    rows(&database, "SELECT x FROM name", &["1"]);
}

#[test]
fn a_key_that_takes_no_null_any_more_is_filled_where_somebody_says_with_what() {
    let (with, without) =
        ("CREATE TABLE t (k TEXT PRIMARY KEY, a)", "CREATE TABLE t (k TEXT PRIMARY KEY, a) WITHOUT ROWID");
    let database = applies(with, "INSERT INTO t VALUES (NULL, 1), ('b', 2)", without, "fill t.k='none'");
    rows(&database, "SELECT * FROM t", &["'b'|2", "'none'|1"]);
}

#[test]
fn what_is_no_number_is_no_rowid_and_that_is_asked_first() {
    let (from, to) = ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    let database = Database::new(&[from, "INSERT INTO t VALUES ('x')"]);
    assert!(database.apply(&planned(from, to, "")).unwrap_err().starts_with("not so: "));
    applies(from, "INSERT INTO t VALUES (3)", to, "");
}

#[test]
fn a_view_that_changes_keeps_the_triggers_on_it() {
    let with = |column: &str| {
        format!(
            "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT {column} AS x FROM t;
             CREATE TRIGGER v INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (new.x); END;
             CREATE TRIGGER w INSTEAD OF DELETE ON v BEGIN SELECT 1; END;"
        )
    };
    let database = applies(&with("a"), "INSERT INTO v VALUES (1)", &with("b"), "");
    database.run("INSERT INTO v VALUES (2)");
    rows(&database, "SELECT a FROM t", &["1", "2"]);
}

#[test]
fn what_names_a_view_that_goes_first_is_in_the_way_of_no_alter() {
    let with = |column: &str| {
        format!(
            "CREATE TABLE t ({column}); CREATE TABLE u (x); CREATE VIEW v AS SELECT {column} AS the_{column} FROM t;
             CREATE TRIGGER r AFTER DELETE ON u BEGIN SELECT count(*) FROM v; END;
             CREATE VIEW w AS SELECT count(*) AS n FROM v;"
        )
    };
    let database = applies(&with("a"), "INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)", &with("b"), "t.a=t.b");
    database.run("DELETE FROM u");
    rows(&database, "SELECT n FROM w", &["1"]);
}

#[test]
fn a_new_key_is_asked_for_over_what_is_there_alone() {
    let (from, to) =
        ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT, b INT); CREATE UNIQUE INDEX i ON t (a) WHERE b IS NOT NULL");
    applies(from, "INSERT INTO t VALUES (1), (1)", to, "");
    assert_eq!(planned(from, to, "").asserts, [""; 0]);
    // Text that becomes a number answers otherwise.
    let (from, to) =
        ("CREATE TABLE t (a INT, b TEXT)", "CREATE TABLE t (a INT, b INT); CREATE UNIQUE INDEX i ON t (a) WHERE b > 3");
    applies(from, "INSERT INTO t VALUES (1, '1'), (1, '2')", to, "");
}

#[test]
fn a_default_that_is_no_value_of_its_strict_type_is_seen() {
    let with = |column: &str| format!("CREATE TABLE t (a INT{column}) STRICT");
    for (column, in_place) in [("INT DEFAULT 1", true), ("TEXT DEFAULT x'0f'", false), ("INT DEFAULT word", false)] {
        let text = planned(&with(""), &with(&format!(", b {column}")), "").to_sql();
        assert_eq!(!text.contains("t_new"), in_place, "{text}");
    }
}

#[test]
fn a_search_reads_its_words_anew_where_what_it_reads_changes() {
    let docs = |columns: &str| format!("CREATE TABLE docs (id INTEGER PRIMARY KEY, {columns});");
    let search = |columns: &str| {
        format!("CREATE VIRTUAL TABLE search USING fts5({columns}, content='docs', content_rowid='id');")
    };
    let anew = "INSERT INTO search (search) VALUES ('rebuild');\n";
    let values = "INSERT INTO docs VALUES (1, 1.0, 'one'), (2, 20.5, 'two'), (5, NULL, 'three');
                  INSERT INTO search (search) VALUES ('rebuild');";
    let from = docs("n REAL, body TEXT") + &search("n, body");
    for (to, decided, is_read) in [
        // What was 1.0 is 1.
        (docs("n TEXT, body TEXT") + &search("n, body"), "", true),
        (docs("n REAL NOT NULL, body TEXT") + &search("n, body"), "fill docs.n=4711", true),
        (docs("body REAL, n TEXT") + &search("n, body"), "docs.n=docs.body docs.body=docs.n", true),
        // The words are others, or are kept in another way: nothing is lost with the old ones.
        (docs("n REAL, body TEXT") + &search("n, body, prefix='2'"), "", true),
        (docs("n REAL, text TEXT") + &search("n, text"), "docs.body=docs.text", true),
        // What it does not read does not matter.
        (docs("n REAL, body TEXT COLLATE NOCASE") + &search("n, body"), "", false),
        (docs("n REAL, c INT NOT NULL, body TEXT") + &search("n, body"), "fill docs.c=1", false),
    ] {
        let text = planned(&from, &to, decided).to_sql();
        assert_eq!(text.ends_with(anew), is_read, "{text}");
        let database = applies(&from, values, &to, decided);
        database.run("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
        rows(&database, "SELECT rowid FROM search('one')", &["1"]);
    }
    // A table under the name of another, and a search that is new.
    let two = docs("n REAL, body TEXT") + "CREATE TABLE other (id INTEGER PRIMARY KEY, n TEXT, body TEXT);";
    let values = "INSERT INTO docs VALUES (1, 1.0, 'one'); INSERT INTO other VALUES (2, '2', 'two')";
    let database = applies(&two, values, &(two.clone() + &search("n, body")), "");
    rows(&database, "SELECT rowid FROM search('one')", &["1"]);
    let swapped = two.replace("docs", "x").replace("other", "docs").replace("TABLE x", "TABLE other");
    let values = format!("{values}; INSERT INTO search (search) VALUES ('rebuild')");
    let with = |tables: &str| tables.to_owned() + &search("n, body");
    let database = applies(&with(&two), &values, &with(&swapped), "docs=other other=docs");
    rows(&database, "SELECT rowid FROM search('two')", &["2"]);
    rows(&database, "SELECT rowid FROM search('one')", &[]);
    // One over a view.
    let over = |kind: &str| {
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n {kind}); CREATE VIEW docs AS SELECT id, n FROM t;
             CREATE VIRTUAL TABLE search USING fts5(n, content='docs', content_rowid='id');"
        )
    };
    let values = "INSERT INTO t VALUES (1, 1.0); INSERT INTO search (search) VALUES ('rebuild')";
    let database = applies(&over("REAL"), values, &over("INTEGER"), "");
    database.run("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
    // One that holds its text itself is asked for, as before.
    let own = "CREATE VIRTUAL TABLE search USING fts5(n)";
    assert!(plan(&schema(own), &schema("CREATE VIRTUAL TABLE search USING fts5(n, body)"), &decisions("")).is_err());
    check(own, own, "", "");
}

/// With foreign keys enforced SQLite looks for the parent of a column that is filled, also where there is none.
#[test]
fn what_refers_to_a_table_that_is_not_there_is_filled_all_the_same() {
    let with = |rest: &str| format!("CREATE TABLE t (a INT, e INT{rest}, FOREIGN KEY (e, a) REFERENCES missing)");
    let rows_before =
        "PRAGMA foreign_keys = OFF; INSERT INTO t VALUES (NULL, NULL), (NULL, 2); PRAGMA foreign_keys = ON";
    let database = applies(&with(""), rows_before, &with(" NOT NULL"), "3.53 fill t.e=4711");
    rows(&database, "SELECT e FROM t", &["4711", "2"]);
}
