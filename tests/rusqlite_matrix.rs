//! The program's own rusqlite, of any version from 0.29 on: the runtime links none.
//!
//! The test command covers the oldest and the newest with SQLite bundled, and the newest with the system's library.
//! `DBMIGRATE_MATRIX=full` covers every row.

use std::process::Command;

use toml_edit::{Array, InlineTable, value};

use crate::support::Project;

/// Version, features beside the default ones, and whether it belongs to the test command.
const ROWS: [(&str, &[&str], bool); 21] = [
    ("0.29", &["bundled", "backup"], true),
    ("0.29", &[], false),
    ("0.31", &["bundled"], false),
    ("0.31", &[], false),
    ("0.32", &["bundled"], false),
    ("0.32", &[], false),
    ("0.35", &["bundled"], false),
    ("0.35", &[], false),
    ("0.37", &["bundled"], false),
    ("0.37", &[], false),
    ("0.39", &["bundled"], false),
    ("0.39", &[], false),
    ("0.40", &["bundled"], false),
    ("0.40", &[], false),
    ("0.41", &["bundled"], false),
    ("0.41", &[], false),
    ("0.42", &["bundled"], false),
    ("0.42", &[], false),
    ("0.43", &["bundled", "backup"], true),
    ("0.43", &[], true),
    ("0.43", &["bundled", "hooks", "functions", "modern_sqlite"], false),
];

#[test]
fn the_runner_takes_every_rusqlite() {
    let full = std::env::var_os("DBMIGRATE_MATRIX").is_some_and(|value| value == "full");
    let system = has_system_sqlite();
    for (version, features, always) in ROWS {
        if (always || full) && (system || !features.is_empty()) {
            row(version, features);
        }
    }
}

/// Where the machine has no SQLite to link, the rows that need it can't run; CI must have it.
fn has_system_sqlite() -> bool {
    let found = Command::new("pkg-config").args(["--exists", "sqlite3"]).status().is_ok_and(|status| status.success());
    assert!(found || std::env::var_os("CI").is_none(), "CI has no SQLite to link: install its development package");
    found
}

fn row(version: &str, features: &[&str]) {
    let name =
        format!("matrix-{}-{}", version.replace('.', "-"), if features.is_empty() { "system" } else { "bundled" });
    let project = Project::wired(
        &format!("{name}-{}", features.len()),
        &[
            (
                "001_base.sql",
                "CREATE TABLE team(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE member(id INTEGER PRIMARY KEY, team REFERENCES team ON DELETE CASCADE);
INSERT INTO team VALUES (1, 'red'); INSERT INTO member VALUES (10, 1), (11, 1);",
            ),
            (
                "002_rebuild.sql",
                "CREATE TABLE new(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new SELECT id, name FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;
-- dbmigrate: down
CREATE TABLE new(id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO new SELECT id, name FROM team; DROP TABLE team; ALTER TABLE new RENAME TO team;",
            ),
            (
                "003_fill.rs",
                "use rusqlite::Connection;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    crate::migrations::savepoint(db, |db| {
        if crate::migrations::add_column(db, \"team\", \"colour\", \"TEXT\")? {
            crate::migrations::in_batches(db, |db, _| {
                db.execute(\"UPDATE team SET colour = name WHERE colour IS NULL\", [])
            })?;
        }
        Ok(())
    })
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(\"UPDATE team SET colour = NULL\")
}
",
            ),
        ],
    );
    project.edit_manifest(|manifest| {
        let mut rusqlite = InlineTable::new();
        rusqlite.insert("version", version.into());
        rusqlite.insert("default-features", false.into());
        rusqlite.insert("features", features.iter().copied().collect::<Array>().into());
        manifest["dependencies"]["rusqlite"] = value(rusqlite);
        manifest["dependencies"]["dbmigrate-runtime"]["features"] = value(["testing"].into_iter().collect::<Array>());
    });
    // What it takes to restore a copy stands behind a feature, which a program asks for by name.
    let backup = if features.contains(&"backup") { ", backup" } else { "" };
    project.write(
        "src/main.rs",
        "#![forbid(unsafe_code)]
#![deny(warnings)]

dbmigrate_runtime::include_migrations!(pub mod migrations, backup);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = rusqlite::Connection::open(\"app.db\")?;
    let applied = migrations::migrator().up(&mut connection)?.applied.len();
    let members: i64 = connection.query_row(\"SELECT count(*) FROM member\", [], |row| row.get(0))?;
    migrations::migrator().down_to(&mut connection, migrations::Migration::M001Base)?;
    migrations::migrator().up(&mut connection)?;
    let replaying = migrations::migrator().replay_code();
    let objects = replaying.verify_schema(&mut connection)?.objects;
    println!(\"{objects} {}\", replaying.schema_fingerprint()?);
    let wrong = migrations::migrator().up_to(&mut connection, 9_u64);
    let copy = migrations::migrator().back_up(&mut connection)?;
    connection.execute_batch(\"DELETE FROM member\")?;
    let restored = migrations::migrator().restore(&mut connection, &copy);
    println!(\"{applied} {members} {} {}\", wrong.is_err(), restored.is_ok());
    // Twice, as the second is a copy of what the first one made.
    let testing = migrations::migrator().testing().seed(\"DELETE FROM member WHERE id = 11\");
    for _ in 0..2 {
        let test = testing.database()?;
        test.execute_batch(\"INSERT INTO member VALUES (12, 1)\")?;
        let rows: String = test.query_row(\"SELECT group_concat(id) FROM member\", [], |row| row.get(0))?;
        let enforced = test.execute_batch(\"INSERT INTO member VALUES (13, 9)\").is_err();
        println!(\"{rows} {enforced}\");
    }
    Ok(())
}
"
        .replace(", backup", backup),
    );
    let run = project.cargo(["run", "-q"]).succeeds();
    let restores = !backup.is_empty();
    // Whichever SQLite replays the set, the fingerprint of its schema is the same.
    let schema = "2 s1:f3373e74207e544d";
    let tests = "10,12 true\n".repeat(2);
    assert_eq!(run.stdout, format!("{schema}\n3 2 true {restores}\n{tests}"), "rusqlite {version} {features:?}");
    // What another rusqlite made, the command line of this one reads.
    project.dbmigrate(["verify"]).succeeds();
    assert_eq!(project.query("app.db", "SELECT count(*) FROM member"), [if restores { "2" } else { "0" }]);
}
