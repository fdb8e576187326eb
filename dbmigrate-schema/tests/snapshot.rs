//! `snapshot.sql`: what it holds, what is proved of it, and everything that makes it doubtful.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::sync::Arc;

use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::load_from;
use dbmigrate_core::{Diagnostic, MigrationSet, Severity, Snapshot, SourceText, snapshot};
use dbmigrate_schema::{SnapshotFile, check_snapshot, replay, snapshot_file};
use rusqlite::Connection;

/// A set of these files beside a manifest with these lines.
fn set_of(manifest: &str, files: &[(&str, &str)]) -> MigrationSet {
    let manifest = format!("[package]\nname = \"app\"\n[package.metadata.migrations]\n{manifest}\n");
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| match path.strip_prefix("../") {
            Some(outside) => (outside.to_owned(), (*text).to_owned()),
            None => (format!("migrations/{path}"), (*text).to_owned()),
        })
        .chain([("Cargo.toml".to_owned(), manifest)])
        .collect();
    let files = InMemory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let loaded = load_from(&files).with_base(&files);
    assert_eq!(loaded.diagnostics, []);
    loaded.set
}

/// A set of these texts, numbered from 1.
fn set(texts: &[&str]) -> MigrationSet {
    let names: Vec<String> = (1..=texts.len()).map(|at| format!("{at:03}_m.sql")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().copied()).collect();
    set_of("", &files)
}

fn taken_of(set: &MigrationSet) -> Result<SnapshotFile, Vec<Diagnostic>> {
    snapshot_file(set, set.migrations.len(), "migrations/snapshot.sql")
}

/// The snapshot, which was proved, and what it makes in the hands of SQLite alone.
#[track_caller]
fn taken(texts: &[&str]) -> (SnapshotFile, Connection) {
    let taken = taken_of(&set(texts)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(taken.source.text()).unwrap();
    (taken, connection)
}

fn ask(connection: &Connection, sql: &str) -> String {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The code, place and message of every reason against it.
#[track_caller]
fn refused(set: &MigrationSet, expect: &[&str]) {
    let problems: Vec<String> = match taken_of(set) {
        Ok(taken) => panic!("it is not refused:\n{}", taken.source.text()),
        Err(problems) => problems.iter().map(|problem| format!("{} {problem}", problem.code)).collect(),
    };
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    for (problem, expect) in problems.iter().zip(expect) {
        assert!(problem.contains(expect), "`{expect}` in {problems:#?}");
    }
}

/// One reason against one text.
#[track_caller]
fn refuses(text: &str, expect: &str) {
    refused(&set(&[text]), &[expect]);
}

#[test]
fn schema_rows_rowids_and_counters_come_out_as_the_migrations_left_them() {
    let (taken, connection) = taken(&[
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id));\n\
         CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\nCREATE TABLE plain (x);\n\
         INSERT INTO parent (name) VALUES ('one'), ('it''s two'), ('three');\nDELETE FROM parent WHERE id = 3;\n\
         INSERT INTO child VALUES (1, 2);\nINSERT INTO plain (rowid, x) VALUES (7, 'a\nb'), (-3, x'00ff');",
        "CREATE INDEX by_name ON parent (name);\nPRAGMA user_version = 4;\nPRAGMA application_id = 77;",
    ]);
    assert_eq!(
        taken.source.text(),
        "-- What 001 to 002_m lead an empty database to. A new database starts from it.\n\
         -- `cargo dbmigrate snapshot` wrote and sealed it. Editing it fails the build.\n\
         -- dbmigrate: foreign-keys off\n\n\
         PRAGMA application_id = 77;\nPRAGMA user_version = 4;\n\
         CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id));\n\
         CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\nCREATE TABLE plain (x);\n\
         INSERT INTO child (id, parent) VALUES\n  (1, 2);\n\
         INSERT INTO parent (id, name) VALUES\n  (1, 'one'),\n  (2, 'it''s two');\n\
         INSERT INTO plain (rowid, x) VALUES\n  (-3, x'00ff'),\n  (7, 'a\nb');\n\
         UPDATE sqlite_sequence SET seq = 3 WHERE name = 'parent';\n\
         CREATE INDEX by_name ON parent (name);\n"
    );
    assert_eq!((taken.objects, taken.rows, taken.script.foreign_keys), (4, 5, Some(false)));
    assert_eq!(ask(&connection, "SELECT group_concat(rowid) FROM plain"), "-3,7");
}

#[test]
fn modules_generated_columns_and_odd_tables_are_carried() {
    let (_, connection) = taken(&[
        "CREATE TABLE facts (a, b AS (a * 2) STORED, c AS (a + 1));\nINSERT INTO facts (a) VALUES (1), (2.5);\n\
         CREATE TABLE kv (k TEXT PRIMARY KEY, v ANY) STRICT, WITHOUT ROWID;\n\
         INSERT INTO kv VALUES ('pi', 3.141592653589793), ('tiny', 5e-324), ('big', 9e999);\n\
         CREATE TABLE big (id INTEGER PRIMARY KEY, t);\n\
         INSERT INTO big VALUES (1, replace(hex(zeroblob(100000)), '00', 'a''; -- dbmigrate: down')), (2, char(0, 13, 10));",
        "CREATE VIRTUAL TABLE notes USING fts5 (title, body);\n\
         INSERT INTO notes (rowid, title, body) VALUES (7, 'one', 'quick brown fox'), (3, 'two', 'lazy dog');\n\
         CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);\nINSERT INTO docs VALUES (5, 'hello world');\n\
         CREATE VIRTUAL TABLE words USING fts5 (body, content = 'docs', content_rowid = 'id');\n\
         CREATE TRIGGER docs_in AFTER INSERT ON docs BEGIN\n  INSERT INTO words (rowid, body) VALUES (new.id, new.body);\nEND;\n\
         INSERT INTO words (words) VALUES ('rebuild');\nINSERT INTO docs VALUES (6, 'goodbye world');\n\
         CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1);\nINSERT INTO boxes VALUES (9, 0.5, 1.25);",
    ]);
    assert_eq!(ask(&connection, "SELECT group_concat(rowid) FROM words WHERE words MATCH 'world'"), "5,6");
    assert_eq!(ask(&connection, "SELECT group_concat(rowid) FROM notes WHERE notes MATCH 'dog OR fox'"), "3,7");
    assert_eq!(ask(&connection, "SELECT hex(t) FROM big WHERE id = 2"), "000D0A");
    assert_eq!(ask(&connection, "SELECT group_concat(b) FROM facts"), "2,5.0");
}

#[test]
fn what_depends_on_the_moment_or_on_chance_is_refused_by_place() {
    let at = "CREATE TABLE t (x, at DEFAULT CURRENT_TIMESTAMP);\n";
    for (statement, expect) in [
        ("INSERT INTO t (x) VALUES (1);", "`CURRENT_TIMESTAMP`, which depends on the current time"),
        ("INSERT INTO t VALUES (1, datetime('now'));", "`datetime()`, which depends on the current time"),
        ("INSERT INTO t VALUES (1, date());", "`date()`, which depends on the current time"),
        (
            "INSERT INTO t VALUES (1, unixepoch('2024-01-01', 'localtime'));",
            "`unixepoch()`, which depends on the time zone",
        ),
        ("INSERT INTO t VALUES (1, hex(randomblob(8)));", "`randomblob()`, which is chance"),
        ("INSERT INTO t SELECT 1, 2 FROM (SELECT 1) WHERE abs(random()) >= 0;", "`random()`, which is chance"),
        ("CREATE TABLE u AS SELECT sqlite_version() AS v;", "`sqlite_version()`, which depends on the version"),
    ] {
        refuses(&format!("{at}{statement}"), expect);
    }
    // Nobody took it.
    taken(&[&format!("{at}INSERT INTO t VALUES (1, 'then');"), "SELECT random(), datetime('now') FROM t;"]);
    // What is asserted of the moment may not hold at another.
    refuses(
        "-- dbmigrate: assert SELECT date('now') > '2000-01-01'\nCREATE TABLE t (x);",
        "snapshot-chance migrations/001_m.sql:1:22: error: an assertion of this file uses `date()`",
    );
    taken(&["-- dbmigrate: assert SELECT count(*) = 0 FROM sqlite_master WHERE name = 'x'\nCREATE TABLE t (x);"]);
}

#[test]
fn what_a_program_has_otherwise_than_a_replay_is_refused() {
    let t = "CREATE TABLE t (x);\n";
    for (statement, expect) in [
        ("INSERT INTO t SELECT name FROM sqlite_master;", "depends on `sqlite_master`"),
        (
            "CREATE VIEW v AS SELECT name FROM sqlite_schema;\nINSERT INTO t SELECT name FROM v;",
            "depends on `sqlite_master`",
        ),
        ("CREATE TABLE u AS SELECT name FROM sqlite_schema;", "depends on `sqlite_schema`"),
        (
            "INSERT INTO t VALUES (1);\nDELETE FROM t WHERE x IN (SELECT file FROM pragma_database_list);",
            "depends on `PRAGMA database_list`",
        ),
        ("INSERT INTO t SELECT count(*) FROM pragma_table_list;", "depends on `PRAGMA table_list`"),
    ] {
        refuses(&format!("{t}{statement}"), expect);
    }
    taken(&[t, "INSERT INTO t SELECT count(*) FROM pragma_table_info('t');", "SELECT * FROM sqlite_master;"]);
    taken(&[t, "CREATE VIEW v AS SELECT name FROM sqlite_schema;"]);
    let stubs =
        |text: &str| set_of("replay.functions = [\"slug\"]\nreplay.collations = [\"nat\"]", &[("001_m.sql", text)]);
    let known = "CREATE TABLE t (x COLLATE nat UNIQUE);\nCREATE TABLE s (x, y AS (slug(x)) STORED);\n";
    refused(&stubs(&format!("{known}INSERT INTO t VALUES ('a'), ('b');")), &["depends on the collation `nat`"]);
    refused(&stubs(&format!("{known}CREATE TABLE u AS SELECT slug('A');")), &["depends on `slug()`"]);
    // Nothing was asked of them.
    refused(&stubs(&format!("{known}INSERT INTO s VALUES (1);")), &["depends on `slug()`"]);
    assert_eq!(taken_of(&stubs(known)).unwrap().objects, 2);
    assert_eq!(taken_of(&stubs(&format!("{known}INSERT INTO t VALUES ('a');"))).unwrap().rows, 1);
}

#[test]
fn a_table_by_the_name_of_the_history_is_refused() {
    // Some tools make theirs in the first file; in a program ours is there.
    let theirs = "CREATE TABLE t (x);\nCREATE TABLE IF NOT EXISTS \"_Migrations\" (id);";
    refuses(
        theirs,
        "snapshot-history migrations/001_m.sql:2:28: error: `_Migrations` is the name of a table of the history",
    );
    let renamed = set_of("table = \"ours\"", &[("001_m.sql", theirs)]);
    assert_eq!(taken_of(&renamed).unwrap().objects, 2);
}

#[test]
fn what_a_database_in_memory_does_not_keep_is_refused() {
    let bare = |text: &str| format!("-- dbmigrate: no-transaction\nCREATE TABLE t (x);\n{text}");
    for (statement, expect) in [
        ("PRAGMA journal_mode = WAL;", "snapshot-setting migrations/001_m.sql:3:1: error: `PRAGMA journal_mode`"),
        ("PRAGMA page_size = 8192;\nVACUUM;", "`PRAGMA page_size`"),
        ("PRAGMA auto_vacuum = FULL;", "`PRAGMA auto_vacuum`"),
        ("VACUUM INTO 'copy.db';", "snapshot-file migrations/001_m.sql:3:1: error: this writes another file"),
        ("ATTACH ':memory:' AS other;", "works on another database file"),
    ] {
        refuses(&bare(statement), expect);
    }
    refuses("PRAGMA encoding = 'UTF-16';\nCREATE TABLE t (x);", "`PRAGMA encoding`");
    refuses(
        "CREATE TABLE t (x);\nINSERT INTO t VALUES (1);\nCREATE INDEX i ON t (x);\nANALYZE;",
        "snapshot-statistics migrations/001_m.sql:4:1: error: ",
    );
    refuses(
        "CREATE TABLE t (x);\nCREATE TEMP TABLE mine (x);",
        "snapshot-temp migrations/001_m.sql:2:1: error: the `TEMP` object `mine`",
    );
    taken(&["CREATE TABLE t (x);\nCREATE TEMP TABLE mine (x);\nINSERT INTO t VALUES (1);\nDROP TABLE mine;"]);
    let (_, vacuumed) = taken(&[&bare("INSERT INTO t (rowid, x) VALUES (5, 'a'), (9, 'b');\nVACUUM;")]);
    assert_eq!(ask(&vacuumed, "SELECT group_concat(x) FROM t"), "a,b");
}

#[test]
fn where_no_snapshot_stands_that_is_said_without_a_place_in_it() {
    let none = "these migrations can't have a snapshot: ";
    let check = "CREATE TABLE t (x CHECK (x > 0));\nPRAGMA ignore_check_constraints = ON;\n\
                 INSERT INTO t VALUES (-1);\nPRAGMA ignore_check_constraints = OFF;";
    refuses(check, &format!("snapshot-none error: {none}CHECK constraint failed: x > 0"));
    let nowhere = "CREATE VIRTUAL TABLE f USING fts5 (a, content = '');\nINSERT INTO f (rowid, a) VALUES (1, 'word');";
    refuses(nowhere, &format!("snapshot-none error: {none}`f` has words but stores no text"));
    // Somebody indexed some of the rows, and a snapshot would index all of them.
    let partly = "CREATE TABLE d (id INTEGER PRIMARY KEY, a);\nINSERT INTO d VALUES (1, 'one'), (2, 'two');\n\
                  CREATE VIRTUAL TABLE f USING fts5 (a, content = 'd', content_rowid = 'id');\n\
                  INSERT INTO f (rowid, a) VALUES (1, 'one');";
    refuses(partly, &format!("snapshot-none error: {none}it would make something else\n  note: "));
    let settings = "CREATE VIRTUAL TABLE f USING fts5 (a);\nINSERT INTO f (f, rank) VALUES ('pgsz', 100);";
    let why = "`f` has the setting `pgsz`, and a new table has the default settings";
    refuses(settings, &format!("snapshot-none error: {none}{why}"));
}

#[test]
fn what_reads_from_a_view_is_filled_once_that_is_there() {
    let (_, connection) =
        taken(&["CREATE TABLE d (id INTEGER PRIMARY KEY, a);\nINSERT INTO d VALUES (1, 'one'), (2, 'two');\n\
         CREATE VIEW v AS SELECT id, a FROM d;\n\
         CREATE VIRTUAL TABLE f USING fts5 (a, content = 'v', content_rowid = 'id');\n\
         INSERT INTO f (f) VALUES ('rebuild');"]);
    assert_eq!(ask(&connection, "SELECT CAST(rowid AS TEXT) FROM f WHERE f MATCH 'two'"), "2");
}

#[test]
fn rust_other_sets_and_hooks_that_leave_something_are_refused() {
    let rust = "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> { Ok(()) }\n";
    let first = ("001_a.sql", "CREATE TABLE a (x);");
    let mixed = [first, ("002_b.rs", rust), ("003_c.sql", "-- dbmigrate: call fill\n")];
    refused(
        &set_of("", &mixed),
        &[
            "snapshot-code migrations/002_b.rs: error: `002_b` is written in Rust",
            "003_c.sql:1:1: error: the step `fill`",
        ],
    );
    let set = set_of("", &mixed);
    assert_eq!(snapshot_file(&set, 1, "migrations/snapshot.sql").unwrap().objects, 1);
    let mut beside = set_of("", &[first]);
    let needs = set_of("", &[("001_a.sql", "CREATE TABLE a (x);")]);
    assert!(taken_of(&needs).is_ok());
    beside.before_all = set_of("", &[first, ("hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS h (x);")]).before_all;
    refused(&beside, &["snapshot-hook migrations/hooks/before_all.sql: error: the hook before all"]);
    for harmless in ["SELECT 1;", "PRAGMA user_version = 0;", "CREATE TABLE h (x); DROP TABLE h;"] {
        beside.before_all = set_of("", &[first, ("hooks/before_all.sql", harmless)]).before_all;
        assert!(taken_of(&beside).is_ok(), "{harmless}");
    }
    let based = set_of("replay.base = \"base.sql\"", &[("../base.sql", "CREATE TABLE b (x);"), first]);
    refused(&based, &["`replay.base`"]);
    refused(&set_of("", &[("README.md", "")]), &["there are no migrations"]);
}

/// The set with this text as its snapshot, whatever it says.
fn with_snapshot(set: &MigrationSet, number: u64, text: &str) -> MigrationSet {
    let source = Arc::new(SourceText::new("migrations/snapshot.sql", text));
    let mut diagnostics = Vec::new();
    let script = snapshot::parse(&source, &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics:?}"));
    MigrationSet { snapshot: Some(Snapshot { number, script }), ..set.clone() }
}

#[test]
fn a_replay_proves_it_again_in_passing() {
    let set = set(&["CREATE TABLE a (x);\nINSERT INTO a VALUES (1);", "CREATE TABLE b (x);"]);
    let text = snapshot_file(&set, 1, "migrations/snapshot.sql").unwrap().source.text().to_owned();
    let found = |set: &MigrationSet| {
        let in_passing = replay(set, None);
        assert_eq!(in_passing.ups, 2);
        assert_eq!(in_passing.diagnostics, check_snapshot(set));
        in_passing.diagnostics.iter().map(|it| (it.severity, it.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(found(&with_snapshot(&set, 1, &text)), []);
    let wrong = found(&with_snapshot(&set, 1, &text.replace("(1, 1)", "(1, 2)")));
    let [(Severity::Error, wrong)] = wrong.as_slice() else { panic!("{wrong:?}") };
    for part in
        ["does not make the same as the migrations", "the row (1, 2) and not (1, 1)", "`cargo dbmigrate snapshot`"]
    {
        assert!(wrong.contains(part), "{wrong}");
    }
    // At its own number, not at the end.
    assert_eq!(found(&with_snapshot(&set, 2, &text)).len(), 1);
    // A hook that leaves something makes it useless, not wrong.
    let hooked =
        set_of("", &[("001_a.sql", "SELECT 1;"), ("hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS h (x);")]);
    let hooked = MigrationSet { before_all: hooked.before_all, ..with_snapshot(&set, 1, &text) };
    assert_eq!(found(&hooked)[0].0, Severity::Warning);
}
