//! One script for several migrations: what it holds, what is proved of it, and what is refused.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::load_from;
use dbmigrate_core::{Diagnostic, MigrationSet};
use dbmigrate_schema::{Squash, squash};

const MANIFEST: &str = "[package]\nname = \"app\"\n";

/// A set of these texts, numbered from 1.
fn set(texts: &[&str]) -> MigrationSet {
    let name = |at: usize| format!("migrations/{:03}_m.sql", at + 1);
    let files = texts.iter().enumerate().map(|(at, text)| (name(at), (*text).to_owned()));
    let files: Vec<(String, String)> = files.chain([("Cargo.toml".to_owned(), MANIFEST.to_owned())]).collect();
    let loaded = load_from(&InMemory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
    assert_eq!(loaded.diagnostics, []);
    loaded.set
}

fn squashed(texts: &[&str]) -> Result<Squash, Vec<Diagnostic>> {
    squash(&set(texts), texts.len(), "migrations/009_squashed.sql", "001")
}

/// The script, which was proved.
#[track_caller]
fn script(texts: &[&str]) -> Squash {
    squashed(texts).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The code, place and message of every reason against it.
#[track_caller]
fn refused(texts: &[&str], expect: &[&str]) {
    let problems: Vec<String> = match squashed(texts) {
        Ok(squash) => panic!("it is not refused:\n{}", squash.text),
        Err(problems) => problems.iter().map(|problem| format!("{} {problem}", problem.code)).collect(),
    };
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    for (problem, expect) in problems.iter().zip(expect) {
        assert!(problem.contains(expect), "`{expect}` in {problems:#?}");
    }
}

#[test]
fn a_table_of_as_many_columns_as_there_can_be() {
    let columns: Vec<_> = (0..2_000).map(|at| format!("c{at}")).collect();
    let columns = columns.join(", ");
    let table = format!("CREATE TABLE t ({columns});\nCREATE INDEX i ON t ({columns});");
    assert_eq!(script(&[&table, "INSERT INTO t (c1999) VALUES (1), (2);"]).rows, 2);
    refused(
        &[&table, "INSERT INTO t (rowid, c1999) VALUES (5, 1);"],
        &["the table `t` has 2000 columns, and SQLite can't write a rowid beside that many"],
    );
}

#[test]
fn schema_and_rows_come_out_as_the_migrations_left_them() {
    let squash = script(&[
        "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nCREATE TABLE gone (x);\n\
         INSERT INTO teams (name) VALUES ('red'), ('it''s blue');",
        "DROP TABLE gone;\nALTER TABLE teams ADD COLUMN size INTEGER DEFAULT 5;\nUPDATE teams SET size = 7 WHERE id = 2;",
        "CREATE INDEX by_name ON teams (name);\nCREATE VIEW large AS SELECT * FROM teams WHERE size > 6;\n\
         CREATE TRIGGER no_more BEFORE INSERT ON teams BEGIN SELECT RAISE(ABORT, 'closed'); END;",
    ]);
    assert_eq!(
        squash.text,
        "-- Migration: 001 to 003 in one\n-- dbmigrate: replaces 001..003\n-- dbmigrate: irreversible it replaces 001 \
         to 003\n\n\
         CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER DEFAULT 5);\n\
         INSERT INTO teams (id, name, size) VALUES\n  (1, 'red', 5),\n  (2, 'it''s blue', 7);\n\
         CREATE INDEX by_name ON teams (name);\n\
         CREATE VIEW large AS SELECT * FROM teams WHERE size > 6;\n\
         CREATE TRIGGER no_more BEFORE INSERT ON teams BEGIN SELECT RAISE(ABORT, 'closed'); END;\n"
    );
    assert_eq!((squash.replaced, squash.objects, squash.rows), (3, 4, 2));
}

#[test]
fn every_value_is_written_to_the_last_bit() {
    let squash = script(&[
        "CREATE TABLE v (x);\nINSERT INTO v VALUES (NULL), (-9223372036854775808), (9223372036854775807), (0.1), (-0.0), (9e999), \
         (-9e999), (5e-324), (1.7976931348623157e308), (123456789012345680.0), (1.0), ('a\nb'), (''), (x''), (x'00ff'), \
         (CAST(x'61ff62' AS TEXT)), (char(97, 0, 98)), (char(13, 10)), ('ä😀'), ('-- dbmigrate: down'), (';');\n\
         INSERT INTO v SELECT 1.0 / x FROM (WITH n(x) AS (SELECT 3 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) SELECT x FROM n);",
    ]);
    assert!(squash.text.contains("  (10, 123456789012345680.0)") || squash.text.contains("1.2345678901234568e17"));
    assert!(squash.text.contains("CAST(x'61ff62' AS TEXT)"));
    assert_eq!(squash.rows, 21 + 1998);
}

#[test]
fn rowids_are_kept_however_they_can_be_named() {
    let squash = script(&["CREATE TABLE plain (a);\nINSERT INTO plain (rowid, a) VALUES (7, 'x'), (3, 'y');\n\
         CREATE TABLE named (rowid TEXT, a);\nINSERT INTO named (_rowid_, rowid, a) VALUES (5, 'r', 1);\n\
         CREATE TABLE shadowed (rowid TEXT, _rowid_ TEXT, oid TEXT);\nINSERT INTO shadowed VALUES ('a', 'b', 'c');\n\
         CREATE TABLE alias (\"the key\" INTEGER PRIMARY KEY, b);\nINSERT INTO alias VALUES (-4, 1);\n\
         CREATE TABLE no_alias (k INTEGER PRIMARY KEY DESC, b);\nINSERT INTO no_alias (rowid, k, b) VALUES (9, 2, 3);\n\
         CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;\nINSERT INTO keyed VALUES ('b', 1), ('a', 2);\n\
         CREATE TABLE computed (a, b AS (a + 1), c AS (a + 2) STORED);\nINSERT INTO computed (a) VALUES (1);\n\
         CREATE TABLE strict (a INTEGER, b ANY) STRICT;\nINSERT INTO strict VALUES (1, '007');\n\
         CREATE TABLE \"select\" (\"order\" INTEGER);\nINSERT INTO \"select\" VALUES (1);"]);
    for part in [
        "INSERT INTO plain (rowid, a) VALUES\n  (3, 'y'),\n  (7, 'x');",
        "INSERT INTO named (_rowid_, rowid, a) VALUES\n  (5, 'r', 1);",
        "INSERT INTO alias (\"the key\", b) VALUES\n  (-4, 1);",
        "INSERT INTO no_alias (rowid, k, b) VALUES\n  (9, 2, 3);",
        "INSERT INTO keyed (k, v) VALUES\n  ('a', 2),\n  ('b', 1);",
        "INSERT INTO computed (rowid, a) VALUES\n  (1, 1);",
        "INSERT INTO \"select\" (rowid, \"order\") VALUES\n  (1, 1);",
    ] {
        assert!(squash.text.contains(part), "`{part}` in\n{}", squash.text);
    }
}

#[test]
fn ids_are_counted_from_where_they_were() {
    let squash = script(&[
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);\nINSERT INTO a DEFAULT VALUES;\nINSERT INTO a DEFAULT VALUES;\n\
         CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, x);\nINSERT INTO b (x) VALUES (1), (2), (3);\nDELETE FROM b;\n\
         CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, x);\nINSERT INTO c VALUES (5, 1), (9, 2);\n\
         DELETE FROM c WHERE id = 9;\nCREATE TABLE \"d'e\" (id INTEGER PRIMARY KEY AUTOINCREMENT);\n\
         INSERT INTO \"d'e\" VALUES (1);\nDELETE FROM sqlite_sequence WHERE name = 'd''e';",
    ]);
    assert!(!squash.text.contains("name = 'a'"), "what the rows count by themselves is not written: {}", squash.text);
    assert!(squash.text.contains("INSERT INTO sqlite_sequence (name, seq) VALUES ('b', 3);"));
    assert!(squash.text.contains("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'c';"));
    assert!(squash.text.contains("DELETE FROM sqlite_sequence WHERE name = 'd''e';"));
}

#[test]
fn rows_come_in_any_order_where_they_refer_to_one_another() {
    let squash = script(&[
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id));\n\
         CREATE TABLE parent (id INTEGER PRIMARY KEY, other REFERENCES child (id));",
        "PRAGMA defer_foreign_keys = ON;\nINSERT INTO child VALUES (1, 2);\nINSERT INTO parent VALUES (2, 1);",
    ]);
    assert!(squash.text.contains("-- dbmigrate: foreign-keys off\n"));
    let without = script(&["CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES child (id));"]);
    assert!(!without.text.contains("foreign-keys"), "without rows nothing has to be put off");
}

#[test]
fn modules_get_their_rows_and_keep_their_data_to_themselves() {
    let squash = script(&["CREATE VIRTUAL TABLE notes USING fts5 (title, body, tokenize = 'porter');\n\
         INSERT INTO notes (rowid, title, body) VALUES (4, 'One', 'running fast'), (9, 'Two', 'it''s slow');\n\
         CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT);\nINSERT INTO posts VALUES (3, 'hello world');\n\
         CREATE VIRTUAL TABLE search USING fts5 (body, content = 'posts', content_rowid = 'id');\n\
         INSERT INTO search (search) VALUES ('rebuild');\n\
         CREATE VIRTUAL TABLE empty USING fts5 (body, content = '');\n\
         CREATE VIRTUAL TABLE places USING rtree (id, minx, maxx, +label TEXT);\n\
         INSERT INTO places VALUES (2, 0.1, 7.25, 'here');\n\
         CREATE VIRTUAL TABLE old USING fts4 (body);\nINSERT INTO old (docid, body) VALUES (6, 'some words');\n\
         CREATE TRIGGER posts_added AFTER INSERT ON posts BEGIN\n  INSERT INTO search (rowid, body) VALUES (new.id, new.body);\nEND;"]);
    assert!(squash.text.contains("INSERT INTO notes (rowid, title, body) VALUES\n  (4, 'One', 'running fast')"));
    assert!(squash.text.contains("INSERT INTO search (search) VALUES ('rebuild');"));
    assert!(!squash.text.contains("notes_data") && !squash.text.contains("places_node"), "{}", squash.text);
    assert_eq!(squash.objects, 7);
}

#[test]
fn what_no_module_can_be_given_is_refused() {
    refused(
        &[
            "CREATE VIRTUAL TABLE words USING fts5 (body, content = '');\nINSERT INTO words (rowid, body) VALUES (1, 'x');",
        ],
        &["squash error: the rows can't be written: `words` has words but stores no text"],
    );
    // What was never indexed would be.
    refused(
        &["CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT);\nINSERT INTO posts VALUES (1, 'a'), (2, 'b');\n\
           CREATE VIRTUAL TABLE search USING fts5 (body, content = 'posts', content_rowid = 'id');\n\
           INSERT INTO search (rowid, body) VALUES (1, 'a');"],
        &["does not make the same as the migrations that it replaces\n  note: table `search` has"],
    );
}

#[test]
fn numbers_of_the_file_are_kept() {
    let squash = script(&["CREATE TABLE t (a);\nPRAGMA user_version = 7;\nPRAGMA application_id = 1234;"]);
    assert!(squash.text.contains("PRAGMA application_id = 1234;\nPRAGMA user_version = 7;\n"));
    refused(
        &[
            "-- dbmigrate: no-transaction\nPRAGMA journal_mode = WAL;\nPRAGMA main.page_size = 8192;",
            "PRAGMA encoding = 'UTF-8';",
        ],
        &["001_m.sql:2:1: error: `PRAGMA journal_mode` sets how the file is written", "001_m.sql:3:1", "002_m.sql:1:1"],
    );
    let analysed =
        script(&["CREATE TABLE t (a);\nCREATE INDEX i ON t (a);\nINSERT INTO t VALUES (1);\nANALYZE;\nDELETE FROM t;"]);
    assert!(analysed.text.ends_with("ANALYZE;\n") && !analysed.text.contains("sqlite_stat"), "{}", analysed.text);
}

#[test]
fn what_depends_on_the_moment_or_on_chance_is_refused_with_its_place() {
    let made = "CREATE TABLE log (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP, x);\n\
                CREATE TABLE other (y DEFAULT (random()));\nCREATE TABLE none (z);";
    let moment = "which depends on the current time";
    for (statement, expect) in [
        ("INSERT INTO log (x) VALUES (1)", "`CURRENT_TIMESTAMP`, which depends on the current time"),
        ("INSERT INTO log VALUES (1, datetime('now'), 2)", "`datetime()`, which depends on the current time"),
        ("INSERT INTO log VALUES (1, datetime(), 2)", moment),
        ("INSERT INTO log VALUES (1, strftime('%s', 'NOW'), 2)", "`strftime()`"),
        ("INSERT INTO log VALUES (1, strftime('%s'), 2)", moment),
        ("INSERT INTO log VALUES (1, unixepoch('subsec'), 2)", moment),
        ("INSERT INTO log VALUES (1, julianday('now', '-1 day'), 2)", moment),
        ("INSERT INTO log VALUES (1, datetime('2024-01-01', 'localtime'), 2)", "which depends on the time zone"),
        ("INSERT INTO log VALUES (1, current_date, 2)", "`CURRENT_DATE`"),
        ("INSERT INTO log VALUES (1, '', hex(randomblob(16)))", "`randomblob()`, which is chance"),
        ("INSERT INTO other DEFAULT VALUES", "`random()`, which is chance"),
        ("INSERT INTO log VALUES (1, '', sqlite_version())", "which depends on the version of SQLite"),
        ("INSERT INTO log VALUES (1, '', changes())", "what else the connection did"),
        ("CREATE TABLE copy AS SELECT random() AS r", "`random()`"),
        ("CREATE TABLE copy AS SELECT last_insert_rowid() AS r", "`last_insert_rowid()`, which is of what"),
        ("UPDATE log SET x = random() WHERE id > 0", ""),
    ] {
        let before = if statement.contains("last_") { "SELECT 1" } else { "INSERT INTO log VALUES (9, '', 0)" };
        let texts = [made, &format!("{before};\n\n{statement};")];
        if expect.is_empty() {
            refused(&texts, &["`random()`"]);
        } else {
            refused(&texts, &[expect]);
        }
        refused(&texts, &["002_m.sql:3:1: error: this writes the result of"]);
    }
    // Another program has put in something else before, and this one the row of its history.
    refused(
        &[
            "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);",
            "INSERT INTO t SELECT 1 WHERE 0;\nINSERT INTO t VALUES (last_insert_rowid());",
        ],
        &["002_m.sql:2:1: error: this writes the result of `last_insert_rowid()`"],
    );
    // A trigger's, in the statement that fires it.
    refused(
        &[
            made,
            "CREATE TRIGGER t AFTER INSERT ON none BEGIN INSERT INTO log (x) VALUES (new.z); END;\nINSERT INTO none VALUES (1);",
        ],
        &["002_m.sql:2:1: error: this writes the result of `CURRENT_TIMESTAMP`"],
    );
}

#[test]
fn what_only_could_depend_on_chance_is_no_reason() {
    script(&[
        "CREATE TABLE log (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP, x);\nCREATE TABLE users (id, seen);",
        "INSERT INTO log VALUES (1, '2024-01-01', 0);\n\
         INSERT INTO log VALUES (2, datetime('2024-01-01', '+1 day'), last_insert_rowid());",
        // In an empty database there is nobody to be stamped.
        "INSERT INTO log (id, x) SELECT id, datetime('now') FROM users;\nUPDATE users SET seen = random();",
        "SELECT random();\nCREATE VIEW today AS SELECT date('now') AS day;\n\
         CREATE TRIGGER seen AFTER UPDATE ON users BEGIN UPDATE users SET seen = datetime('now'); END;",
        "CREATE TABLE dated (at TEXT, day AS (date(at)));\nCREATE INDEX by_day ON dated (date(at));\n\
         INSERT INTO dated VALUES ('2024-05-05 10:00:00');",
    ]);
}

#[test]
fn code_and_other_files_are_refused_all_at_once() {
    let texts = ["CREATE TABLE t (a);", "-- dbmigrate: call fill\nSELECT 1;\n-- dbmigrate: call empty", "SELECT 1;"];
    refused(&texts, &["002_m.sql:1:1: error: the step `fill` is written in Rust", "002_m.sql:3:1"]);
    refused(
        &["-- dbmigrate: no-transaction\nATTACH 'other.db' AS other;"],
        &["`001_m` works on another database file"],
    );
    refused(&["CREATE TABLE t (a);\nINSERT INTO t VALUES (nobody(1));"], &["no such function: nobody"]);
}

#[test]
fn what_was_asserted_is_told_and_not_asked_again() {
    let squash = script(&[
        "CREATE TABLE t (a);",
        "-- dbmigrate: assert SELECT count(*) = 0 FROM t\nDROP TABLE t;\nCREATE TABLE u (b);",
    ]);
    assert_eq!(squash.asserts, ["002_m"]);
    assert!(!squash.text.contains("assert"));
}

#[test]
fn only_what_is_asked_for_is_squashed() {
    let set = set(&[
        "CREATE TABLE a (x);",
        "CREATE TABLE b (x);",
        "CREATE TABLE c (x DEFAULT (random()));\nINSERT INTO c DEFAULT VALUES;",
    ]);
    let squash = squash(&set, 2, "migrations/002_squashed.sql", "001").unwrap();
    assert!(squash.text.contains("CREATE TABLE b") && !squash.text.contains("CREATE TABLE c"));
}

/// A program has the tables of its history from the first migration on, a squash from its beginning.
#[test]
fn what_counts_the_tables_of_the_history_is_refused() {
    let counted =
        "CREATE TABLE facts (name TEXT, value);\nINSERT INTO facts SELECT 'objects', count(*) FROM sqlite_schema;";
    refused(&[counted], &["make something else if the tables of the history exist"]);
    script(&[
        "CREATE TABLE facts (name TEXT, value);\nINSERT INTO facts SELECT name, type FROM sqlite_schema WHERE name = 'facts';",
    ]);
}

#[test]
fn a_table_by_the_name_of_the_history_is_refused() {
    let theirs = "CREATE TABLE IF NOT EXISTS _migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE);";
    refused(
        &[theirs],
        &["squash-history migrations/001_m.sql:1:28: error: `_migrations` is the name of a table of the history"],
    );
}
