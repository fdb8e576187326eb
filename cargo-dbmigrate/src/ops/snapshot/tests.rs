//! Wherever a snapshot ends: a database that starts from it ends as one that went the whole way.

use dbmigrate_core::files::InMemory;
use dbmigrate_core::load::load_from;

use super::*;
use crate::ops::squash::tests::TEXTS;

/// These migrations, with what stands around them.
fn set(texts: &[&str], manifest: &str) -> MigrationSet {
    let manifest = format!("[package]\nname = \"app\"\n[package.metadata.migrations]\n{manifest}\n");
    let files = texts.iter().enumerate().map(|(at, text)| (format!("migrations/{:03}_m.sql", at + 1), *text));
    let around = [
        ("Cargo.toml", manifest.as_str()),
        ("migrations/hooks/before_all.sql", "SELECT 1;"),
        ("migrations/hooks/after_all.sql", "UPDATE teams SET size = size;"),
        ("migrations/repeatable/many.sql", "CREATE VIEW many AS SELECT count(*) AS many FROM teams;"),
    ];
    let files: Vec<(String, &str)> = files.chain(around.map(|(path, text)| (path.to_owned(), text))).collect();
    let loaded = load_from(&InMemory::new(files.iter().map(|(path, text)| (path.as_str(), *text))));
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.set
}

const SETTINGS: &str = "PRAGMA foreign_keys = ON";

/// The set with a snapshot of its first migrations, which was proved.
fn with_snapshot(set: &MigrationSet, count: usize) -> MigrationSet {
    let made = snapshot_file(set, count, "migrations/snapshot.sql").unwrap_or_else(|problems| panic!("{problems:#?}"));
    prove(set, count, &made).unwrap_or_else(|error| panic!("{count}: {error:?}"));
    MigrationSet {
        snapshot: Some(Snapshot { number: set.migrations[count - 1].number, script: made.script }),
        ..set.clone()
    }
}

#[test]
fn wherever_it_ends_the_database_ends_as_every_other() {
    let set = set(&TEXTS, "");
    let whole = fresh(&set, SETTINGS, false).unwrap();
    for count in 1..=TEXTS.len() {
        let short = fresh(&with_snapshot(&set, count), SETTINGS, true).unwrap();
        let repeatable = format!("{}_repeatable", set.config.table);
        let mut found = differences_but(&whole, &short, &[&set.config.table, &repeatable]).unwrap();
        let records = |connection| records(connection, &set.config.table).unwrap();
        if records(&whole) != records(&short) {
            found.push("the history".to_owned());
        }
        assert_eq!(found, [] as [&str; 0], "{count}");
    }
}

#[test]
fn whether_the_connection_enforces_foreign_keys_makes_no_difference() {
    let rows = "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE teams (size, p REFERENCES p (id) ON DELETE CASCADE);\n\
                INSERT INTO p VALUES (1), (2);\nINSERT INTO teams VALUES (1, 1), (2, 2);";
    let texts = [rows, "DELETE FROM p WHERE id = 1;\nINSERT INTO p VALUES (1);"];
    let taken = |manifest: &str| {
        let set = set(&texts, manifest);
        let made = snapshot_file(&set, 2, "migrations/snapshot.sql").unwrap();
        prove(&set, 2, &made).err().map(|error| format!("{error:?}"))
    };
    assert_eq!(taken(""), None);
    let error = taken("foreign-keys = \"connection\"").unwrap();
    for part in ["would differ from one that ran all migrations", "foreign_keys = O"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_the_runner_would_refuse_is_no_snapshot() {
    // A replay asks what is asserted, and an empty database may say no.
    let set =
        set(&["CREATE TABLE teams (size);", "-- dbmigrate: assert SELECT count(*) > 0 FROM teams\nSELECT 1;"], "");
    let made = snapshot_file(&set, 2, "migrations/snapshot.sql").unwrap();
    let error = format!("{:?}", prove(&set, 2, &made).unwrap_err());
    assert!(error.contains("do not run on an empty database"), "{error}");
}

#[test]
fn triggers_that_fire_in_turn_are_left_to_the_start() {
    // With `recursive_triggers` on, what REPLACE removes fires as well: nobody starts from a snapshot then.
    let text = "CREATE TABLE teams (size INTEGER PRIMARY KEY);\nCREATE TABLE log (x);\n\
                CREATE TRIGGER gone AFTER DELETE ON teams BEGIN\n  INSERT INTO log VALUES (old.size);\nEND;\n\
                INSERT INTO teams VALUES (1);\nREPLACE INTO teams VALUES (1);";
    let set = set(&[text], "");
    let made = snapshot_file(&set, 1, "migrations/snapshot.sql").unwrap();
    prove(&set, 1, &made).unwrap();
    let snapshot = dbmigrate_core::Snapshot { number: 1, script: made.script };
    let starts = MigrationSet { snapshot: Some(snapshot), ..set };
    assert!(fresh(&starts, "PRAGMA recursive_triggers = OFF", true).is_ok());
    assert!(fresh(&starts, "PRAGMA recursive_triggers = ON", true).is_err());
}
