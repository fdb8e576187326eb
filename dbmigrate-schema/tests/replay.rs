//! What a replay in memory finds, and what it leaves to the program.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_core::{Config, MigrationSet};
use dbmigrate_schema::{Replay, replay};

fn set(files: &[(&str, &str)]) -> MigrationSet {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("dbmigrate-schema-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let root = std::env::temp_dir().join(name);
    fs::create_dir_all(root.join("migrations")).unwrap();
    for (file, text) in files {
        fs::write(root.join("migrations").join(file), text).unwrap();
    }
    let loaded = dbmigrate_core::load::load_with(&root, Config::default());
    fs::remove_dir_all(root).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.set
}

fn check(files: &[(&str, &str)]) -> Replay {
    replay(&set(files))
}

/// `file:line:column message` of each finding.
fn found(replay: &Replay) -> Vec<String> {
    replay
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.location.as_ref().map(|at| format!("{}:{}", at.path, at.position));
            let place = place.or_else(|| diagnostic.file.clone()).unwrap_or_default();
            format!("{place} {}", diagnostic.message)
        })
        .collect()
}

#[test]
fn every_way_up_and_back_runs() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        ("001_a.down.sql", "DROP TABLE a;"),
        ("002_b.sql", "ALTER TABLE a ADD COLUMN y;\n-- dbmigrate: down\nALTER TABLE a DROP COLUMN y;"),
        ("003_c.sql", "CREATE TABLE c(x);"),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (3, 2, vec![]));
}

#[test]
fn a_wrong_word_is_shown_where_it_stands() {
    let replay =
        check(&[("001_a.sql", "CREATE TABLE a(x);\n\n-- ü\nSELECT x,\n  nope FROM a;"), ("002_b.sql", "SELECT 1;")]);
    assert_eq!(found(&replay), ["migrations/001_a.sql:5:3 SQLite refuses this statement: no such column: nope"]);
    assert_eq!(replay.unchecked, ["002_b"]);
}

#[test]
fn every_wrong_way_back_is_found_at_once() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);\n-- dbmigrate: down\nDROP TABLE b;"),
        ("002_b.sql", "CREATE TABLE b(x);\n-- dbmigrate: down\nDROP TABLE c;"),
    ]);
    assert_eq!(
        found(&replay),
        [
            "migrations/001_a.sql:3:1 SQLite refuses this statement: no such table: b",
            "migrations/002_b.sql:3:1 SQLite refuses this statement: no such table: c",
        ]
    );
    assert_eq!(replay.ups, 2);
}

#[test]
fn rust_ends_the_replay_and_what_follows_is_named() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        ("002_b.sql", "-- dbmigrate: call fill\n"),
        ("003_c.sql", "SELECT nope;"),
    ]);
    assert_eq!(replay.stopped_at_code.as_deref(), Some("002_b"));
    assert_eq!(replay.unchecked, ["002_b", "003_c"]);
    assert_eq!((replay.ups, found(&replay)), (1, vec![]));
}

#[test]
fn a_rebuild_of_a_referenced_table_replays_as_the_runner_runs_it() {
    let replay = check(&[
        (
            "001_a.sql",
            "CREATE TABLE team(id INTEGER PRIMARY KEY);
             CREATE TABLE member(id INTEGER PRIMARY KEY, team REFERENCES team ON DELETE CASCADE);
             INSERT INTO team VALUES (1); INSERT INTO member VALUES (1, 1);",
        ),
        (
            "002_b.sql",
            "CREATE TABLE new(id INTEGER PRIMARY KEY, name); INSERT INTO new(id) SELECT id FROM team;
             DROP TABLE team; ALTER TABLE new RENAME TO team;",
        ),
        // Would fail if the row had gone with the parent.
        ("003_c.sql", "CREATE TABLE one(n CHECK (n = 1)); INSERT INTO one SELECT count(*) FROM member;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}

#[test]
fn an_orphan_that_a_migration_makes_is_found() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p);"),
        ("002_b.sql", "-- dbmigrate: foreign-keys off\nINSERT INTO c VALUES (7);"),
    ]);
    assert_eq!(
        found(&replay),
        ["migrations/002_b.sql `migrations/002_b.sql` leaves a row in `c` that refers to no row in `p`"]
    );
}

#[test]
fn scripts_without_a_transaction_replay_too() {
    let replay = check(&[
        (
            "001_a.sql",
            "-- dbmigrate: no-transaction\nPRAGMA journal_mode = WAL;\nCREATE TABLE a(x);\nVACUUM;\n\
             -- dbmigrate: down\n-- dbmigrate: no-transaction\nDROP TABLE a;\nVACUUM;",
        ),
        ("002_b.sql", "ALTER TABLE a ADD COLUMN y;"),
    ]);
    assert_eq!((replay.ups, replay.downs, found(&replay)), (2, 1, vec![]));
}

#[test]
fn a_statement_that_ends_the_transaction_is_found() {
    let replay = check(&[(
        "001_a.sql",
        "CREATE TABLE a(x UNIQUE ON CONFLICT ROLLBACK); INSERT INTO a VALUES (1), (1);\nCREATE TABLE b(x);",
    )]);
    assert_eq!(replay.diagnostics.len(), 1, "{:?}", found(&replay));
    assert_eq!(replay.ups, 0);
}

#[test]
fn tolerated_failures_are_none() {
    let replay = check(&[
        ("001_a.sql", "CREATE TABLE a(x);"),
        (
            "002_b.sql",
            "-- dbmigrate: tolerate existing\nCREATE TABLE a(x);\nALTER TABLE a ADD COLUMN x;\nCREATE TABLE b(x);",
        ),
        ("003_c.sql", "SELECT x FROM b;"),
    ]);
    assert_eq!(found(&replay), Vec::<String>::new());
}
