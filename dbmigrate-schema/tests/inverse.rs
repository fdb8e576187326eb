//! Every down script, run after its up script: what it leaves otherwise than before is named object by object.

#![allow(clippy::unwrap_used)] // Helpers of tests.

#[path = "support/set.rs"]
mod set;

use dbmigrate_core::{Config, Diagnostic};
use dbmigrate_schema::{Replay, replay};
use set::set_with;

fn check(files: &[(&str, &str)]) -> Replay {
    replay(&set_with(files, Config::default()), None)
}

/// What differs after the one down script of the last of these migrations; the down script follows the `---`.
#[track_caller]
fn differs(before: &str, migration: &str, expect: &[&str]) {
    let (up, down) = migration.split_once("---").unwrap();
    let replay =
        check(&[("001_a.sql", before), ("002_b.sql", up), ("002_b.down.sql", down), ("003_c.sql", "SELECT 1")]);
    assert_eq!((replay.ups, replay.downs), (3, 1), "{migration}");
    let notes: Vec<_> = replay.diagnostics.iter().flat_map(|found| &found.notes).collect();
    let expect: Vec<_> = expect.iter().map(|what| format!("compared with before: {what}")).collect();
    assert_eq!(notes, expect.iter().collect::<Vec<_>>(), "{migration}");
    for found in &replay.diagnostics {
        assert_eq!((found.code, found.is_error()), ("down-not-inverse", false));
        assert_eq!(found.file.as_deref(), Some("migrations/002_b.down.sql"));
    }
}

const TABLES: &str = "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT, note TEXT);
    CREATE TABLE member (id INTEGER PRIMARY KEY, team INTEGER REFERENCES team, age INT CHECK (age > 17));
    CREATE INDEX member_team ON member (team); CREATE VIEW adults AS SELECT id FROM member WHERE age > 17;
    CREATE TRIGGER counted AFTER INSERT ON member BEGIN SELECT 1; END;";

#[test]
fn what_differs_is_named_object_by_object() {
    differs(
        TABLES,
        "CREATE TABLE room (id); CREATE INDEX room_id ON room (id); DROP INDEX member_team; DROP VIEW adults;
         --- CREATE INDEX member_team ON member (age); CREATE VIEW adults AS SELECT id, age FROM member",
        &[
            "table `room` is added",
            "index `member_team` on `member` changes its columns from `team` to `age`",
            "index `room_id` on `room` is added",
            "view `adults` changes its query from `SELECT id FROM member WHERE age > 17` to `SELECT id, age FROM member`",
        ],
    );
    differs(
        TABLES,
        "DROP TABLE member; DROP VIEW adults --- SELECT 1",
        &[
            "table `member` is removed",
            "index `member_team` on `member` is removed",
            "view `adults` is removed",
            "trigger `counted` on `member` is removed",
        ],
    );
    differs(TABLES, "SELECT 1 --- DROP TRIGGER counted", &["trigger `counted` on `member` is removed"]);
    differs(
        TABLES,
        "ALTER TABLE team ADD COLUMN size --- ALTER TABLE team RENAME COLUMN size TO length",
        &["table `team`: column `length` is added"],
    );
    differs(
        TABLES,
        "ALTER TABLE team RENAME TO teams --- SELECT 1",
        &[
            "table `team` is removed",
            "table `member`: `FOREIGN KEY (team) REFERENCES team` is removed",
            "table `member`: `FOREIGN KEY (team) REFERENCES teams` is added",
            "table `teams` is added",
        ],
    );
}

#[test]
fn the_order_of_columns_is_a_difference() {
    differs(
        TABLES,
        "ALTER TABLE team DROP COLUMN name --- ALTER TABLE team ADD COLUMN name TEXT",
        &["table `team`: the order of columns becomes `id`, `note`, `name`"],
    );
    differs(TABLES, "ALTER TABLE team DROP COLUMN note --- ALTER TABLE team ADD COLUMN note TEXT", &[]);
}

#[test]
fn how_it_is_written_is_none() {
    differs(TABLES, "ALTER TABLE team RENAME TO teams --- ALTER TABLE teams RENAME TO team", &[]);
    differs(TABLES, "DROP VIEW adults --- create view [Adults] as select \"id\" from member where (age > 17)", &[]);
    differs(
        TABLES,
        "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);
         INSERT INTO new SELECT * FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team
         --- CREATE TABLE old (id INTEGER, [name] text, note TEXT, PRIMARY KEY (id));
         INSERT INTO old SELECT * FROM team; DROP TABLE team; ALTER TABLE old RENAME TO team",
        &[],
    );
    // A rebuild takes along what belongs to the table.
    differs(
        TABLES,
        "ALTER TABLE member ADD COLUMN note;
         --- CREATE TABLE old (id INTEGER PRIMARY KEY, team INTEGER REFERENCES team, age INT CHECK (age > 17));
         INSERT INTO old SELECT id, team, age FROM member; DROP VIEW adults; DROP TABLE member;
         ALTER TABLE old RENAME TO member; CREATE VIEW adults AS SELECT id FROM member WHERE age > 17",
        &["index `member_team` on `member` is removed", "trigger `counted` on `member` is removed"],
    );
}

/// The code and the file of each finding, and the words that it begins with.
fn found(replay: &Replay) -> Vec<String> {
    let one = |it: &Diagnostic| format!("{} {} {}", it.code, it.file.clone().unwrap_or_default(), it.message);
    replay.diagnostics.iter().map(one).collect()
}

#[test]
fn one_fault_hides_no_other() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a (x);\n-- dbmigrate: down\nSELECT 1;"),
        ("002_b.sql", "CREATE TABLE b (x);\n-- dbmigrate: down\nDROP TABLE nope;"),
        (
            "003_c.sql",
            "-- dbmigrate: no-transaction\nCREATE TABLE c (x);\n-- dbmigrate: down\n-- dbmigrate: \
          no-transaction\nDROP TABLE a;\nDROP TABLE nope;",
        ),
        ("004_d.sql", "-- dbmigrate: irreversible it is gone\nDELETE FROM a;"),
        ("005_e.sql", "CREATE TABLE e (x);\n-- dbmigrate: down\nDROP TABLE e;"),
        ("006_f.sql", "ALTER TABLE a ADD COLUMN y;\n-- dbmigrate: down\nALTER TABLE e ADD COLUMN y;"),
        ("007_g.sql", "CREATE TABLE g (x);"),
    ]);
    assert_eq!(
        found(&replay),
        [
            "sql-error migrations/002_b.sql SQLite rejects this statement: no such table: nope",
            "sql-error migrations/003_c.sql SQLite rejects this statement: no such table: nope",
            "down-not-inverse migrations/001_a.sql the down script of `001_a` does not restore the schema from before \
            it",
            "down-not-inverse migrations/006_f.sql the down script of `006_f` does not restore the schema from before \
            it",
        ]
    );
    assert_eq!((replay.ups, replay.downs), (7, 3));
    assert_eq!(replay.diagnostics[3].notes.len(), 2);
    assert_eq!(replay.diagnostics[3].location.as_ref().map(|at| at.position.line), Some(3));
}

#[test]
fn the_way_up_has_to_run_again() {
    let tables = ("001_a.sql", "CREATE TABLE t (a UNIQUE);");
    let replay = check(&[tables, ("002_b.sql", "INSERT INTO t VALUES (1);\n-- dbmigrate: down\nSELECT 1;")]);
    assert_eq!(
        found(&replay),
        ["down-not-inverse migrations/002_b.sql after the down script of `002_b`, its up script does not run again"]
    );
    let note = "migrations/002_b.sql:1:1: SQLite rejects this statement: UNIQUE constraint failed: t.a";
    assert_eq!(replay.diagnostics[0].notes, [note]);
    let replay = check(&[tables, ("002_b.sql", "INSERT INTO t VALUES (1);\n-- dbmigrate: down\nDELETE FROM t;")]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn rows_that_went_on_the_way_are_there_for_the_next_migration() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE t (a UNIQUE); CREATE TABLE u (t REFERENCES t (a));"),
        ("002_b.sql", "INSERT INTO t VALUES (1);"),
        ("003_c.sql", "INSERT INTO t VALUES (2);\n-- dbmigrate: down\nDELETE FROM t;"),
        ("004_d.sql", "INSERT INTO u VALUES (1);\n-- dbmigrate: down\nDELETE FROM u;"),
        (
            "005_e.sql",
            "CREATE TABLE one (n CHECK (n = 2));\nINSERT INTO one SELECT count(*) FROM t;\n\
          -- dbmigrate: down\nDROP TABLE one;",
        ),
    ]);
    assert_eq!((found(&replay), replay.downs), (vec![], 3));
}

#[test]
fn what_a_hook_makes_is_there_and_what_a_repeatable_makes_is_not() {
    let replay = check(&[
        ("hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS log (what);"),
        ("hooks/after_all.sql", "INSERT INTO log VALUES ('done');"),
        ("001_a.sql", "INSERT INTO log VALUES ('a');\nCREATE TABLE a (x);\n-- dbmigrate: down\nDROP TABLE a;"),
        ("repeatable/v.sql", "CREATE VIEW v AS SELECT x FROM a;"),
        ("002_b.sql", "CREATE VIEW w AS SELECT x FROM a;\n-- dbmigrate: down\nDROP VIEW w;"),
    ]);
    assert_eq!((found(&replay), replay.downs), (vec![], 2));
}

#[test]
fn rust_ends_it_and_what_comes_before_is_judged() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a (x);\n-- dbmigrate: down\nSELECT 1;"),
        ("002_b.sql", "CREATE TABLE b (x);\n-- dbmigrate: down\n-- dbmigrate: call empty\n"),
        ("003_c.sql", "-- dbmigrate: call fill\n-- dbmigrate: down\nDROP TABLE a;"),
    ]);
    assert_eq!(found(&replay).len(), 1);
    assert_eq!((replay.ups, replay.downs, replay.unchecked), (2, 1, vec!["003_c".to_owned()]));
}

#[test]
fn tables_of_a_module_come_and_go_with_theirs() {
    differs(
        "CREATE TABLE doc (id INTEGER PRIMARY KEY, body TEXT);",
        "CREATE VIRTUAL TABLE doc_fts USING fts5 (body, content = 'doc') --- DROP TABLE doc_fts",
        &[],
    );
    differs(
        "SELECT 1",
        "CREATE VIRTUAL TABLE doc_fts USING fts5 (body) --- SELECT 1",
        &["virtual table `doc_fts` is added"],
    );
}
