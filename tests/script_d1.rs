//! `script --for d1`: a folder that D1 applies, tried here as D1 runs it. `DBMIGRATE_PEERS=script-d1` (or `full`) lets
//! wrangler itself apply one, on D1's own engine; peers/README.md says what that needs.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::script::{NOTES, dump, open, step_by_step};
use crate::support::{Project, Run, ask, checkout};

/// Runs the files of a folder as D1 does: in order, each in one transaction, with foreign keys enforced.
fn like_d1(database: &Connection, folder: &Path, first: usize) -> Result<(), rusqlite::Error> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    database.execute_batch("PRAGMA foreign_keys = ON")?;
    for file in &files[first..] {
        let text = fs::read_to_string(file).unwrap();
        database.execute_batch("BEGIN IMMEDIATE")?;
        let done = step_by_step(database, &text);
        database.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done?;
    }
    Ok(())
}

const D1: [(&str, &str); 3] = [
    NOTES[0],
    (
        "002_words.sql",
        "ALTER TABLE users ADD COLUMN mail TEXT;
CREATE VIRTUAL TABLE words USING fts5(body);
-- dbmigrate: down
DROP TABLE words; ALTER TABLE users DROP COLUMN mail;
",
    ),
    (
        "003_notes.sql",
        "-- dbmigrate: irreversible so
-- dbmigrate: assert SELECT count(*) = 2 FROM users
CREATE TABLE new_notes (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users, body TEXT NOT NULL DEFAULT '');
INSERT INTO new_notes SELECT id, user_id, coalesce(body, '') FROM notes;
DROP TABLE notes;
ALTER TABLE new_notes RENAME TO notes;
",
    ),
];

#[test]
fn a_folder_for_d1_makes_what_the_runner_makes_and_only_grows() {
    let project = Project::wired("script-d1", &D1[..2]);
    let folder = project.root.join("d1");
    project
        .dbmigrate(["script", "--for", "d1", "d1"])
        .succeeds()
        .says("Wrote d1/001_notes.sql")
        .says("2 files written, 0 already there");
    project.write("d1/0000_of_somebody.sql", "SELECT 1;\n");
    let before: Vec<String> = ["001_notes", "002_words"].map(|name| project.read(&format!("d1/{name}.sql"))).into();
    for text in &before {
        for refused in ["\nBEGIN", "COMMIT;", "SAVEPOINT", "TEMP ", "PRAGMA"] {
            assert!(!text.contains(refused), "{refused}: {text}");
        }
    }
    project.remove("d1/0000_of_somebody.sql");
    let database = open(&project, "d1.db");
    like_d1(&database, &folder, 0).unwrap();
    project.write("migrations/003_notes.sql", D1[2].1);
    project
        .dbmigrate(["script", "--for", "d1", "d1", "--message-format", "json"])
        .succeeds()
        .says("{\"engine\":\"d1\",\"file\":\"d1/003_notes.sql\",\"reason\":\"script-file\"}");
    assert_eq!(before, ["001_notes", "002_words"].map(|name| project.read(&format!("d1/{name}.sql"))));
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds().says("0 files written, 3 already there");
    database.execute_batch("INSERT INTO notes (user_id, body) VALUES (1, 'one'), (2, NULL)").unwrap();
    like_d1(&database, &folder, 2).unwrap();
    project.dbmigrate(["up", "--quiet", "--to", "2", "--database", "theirs.db"]).succeeds();
    let theirs = open(&project, "theirs.db");
    theirs.execute_batch("INSERT INTO notes (user_id, body) VALUES (1, 'one'), (2, NULL)").unwrap();
    project.dbmigrate(["up", "--quiet", "--database", "theirs.db"]).succeeds();
    assert_eq!(dump(&database), dump(&theirs));
    project.dbmigrate(["verify", "--database", "d1.db"]).succeeds();
    project.dbmigrate(["drift", "--database", "d1.db"]).succeeds();
    // A file that comes to the wrong database changes nothing.
    let other = open(&project, "other.db");
    let error = like_d1(&other, &folder, 1).unwrap_err();
    assert!(error.to_string().contains("no such table: main._migrations"), "{error}");
    like_d1(&other, &folder, 0).unwrap();
    let before = dump(&other);
    let error = like_d1(&other, &folder, 1).unwrap_err();
    assert!(error.to_string().contains("CHECK constraint failed: this script continues at 001_notes"), "{error}");
    assert_eq!(dump(&other), before);
}

#[test]
fn what_was_edited_since_it_was_written_for_d1_is_an_error() {
    let project = Project::wired("script-d1-edited", &D1);
    let write = || project.dbmigrate(["script", "--for", "d1", "d1"]);
    write().succeeds();
    let text = project.read("d1/002_words.sql");
    project.write("d1/002_words.sql", text.replace("fts5(body)", "fts5(text)"));
    project.write("d1/003_notes.sql", "SELECT 1;\n");
    write()
        .exits(101)
        .says("`d1/002_words.sql` was edited by hand")
        .says("`d1/003_notes.sql` was not written by this command");
    // Another checkout may have other line ends.
    project.write("d1/002_words.sql", text.replace('\n', "\r\n"));
    project.remove("d1/003_notes.sql");
    write().succeeds().says("1 file written, 2 already there");
    project.write("migrations/002_words.sql", D1[1].1.replace("mail TEXT", "mail TEXT NOT NULL DEFAULT ''"));
    write().exits(101).says("`002_words` was edited since `d1/002_words.sql` was written");
    project.write("migrations/002_words.sql", D1[1].1);
    project.remove("d1/002_words.sql");
    write().exits(101).says("`003_notes.sql` exists, but `002_words.sql`, which comes before it, does not");
    project.write("d1/002_words.sql", text);
    project.remove("migrations/003_notes.sql");
    write().exits(101).says("`d1/003_notes.sql` is of a migration that does not exist");
    project.dbmigrate(["script", "--for", "d1"]).exits(2);
    project.dbmigrate(["script", "d1"]).exits(2);
    project.dbmigrate(["script", "--for", "d1", "d1", "--idempotent"]).exits(2);
}

#[test]
fn what_d1_would_refuse_or_lose_is_refused_with_its_place() {
    let cases = [
        (NOTES[1].1, "migrations/002_it.sql:4:1", "deletes the rows of `notes` that refer to it"),
        ("DROP TABLE users;\nDROP TABLE notes;\n", "002_it.sql:1:1", "this file also drops `notes`: do that first"),
        ("CREATE TEMP TABLE t (x);\n", "002_it.sql:1:1", "D1 does not allow this"),
        ("PRAGMA user_version = 3;\n", "002_it.sql:1:1", "D1 does not allow this"),
        ("CREATE VIRTUAL TABLE f USING fts4(x);\n", "002_it.sql:1:1", "D1 does not allow this"),
        ("-- dbmigrate: no-transaction\nVACUUM;\n", "002_it.sql", "D1 runs every file in one"),
        ("-- dbmigrate: foreign-keys off\nDELETE FROM users;\n", "002_it.sql:2:1", "the rows of `notes` would follow"),
        (
            "INSERT INTO users (name) VALUES ('BEGIN TRANSACTION;');\n",
            "002_it.sql:1:1",
            "from a file, wherever it occurs",
        ),
    ];
    for (at, (text, place, why)) in cases.into_iter().enumerate() {
        let project = Project::wired(&format!("script-d1-refused-{at}"), &[NOTES[0], ("002_it.sql", text)]);
        project.dbmigrate(["script", "--for", "d1", "d1"]).exits(101).says(place).says(why);
        assert!(!project.has("d1"), "{text}");
    }
    let columns: Vec<String> = (0..101).map(|at| format!("c{at}")).collect();
    let wide = format!("CREATE TABLE wide ({});\n", columns.join(", "));
    let long = format!("INSERT INTO users (name) VALUES ('{}');\n", "x".repeat(100_001));
    let project = Project::wired("script-d1-limits", &[NOTES[0], ("002_it.sql", &wide)]);
    project.dbmigrate(["script", "--for", "d1", "d1"]).exits(101).says("the table `wide` has 101 columns");
    project.write("migrations/002_it.sql", long);
    project.dbmigrate(["script", "--for", "d1", "d1"]).exits(101).says("bytes, and D1 takes no more than 100000");
    project.write("migrations/002_it.sql", "SELECT 1;\n");
    project.write("migrations/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;\n");
    project
        .dbmigrate(["script", "--for", "d1", "d1"])
        .exits(101)
        .says("`migrations/repeatable/v.sql` is not a migration");
    // References that are only right in the end are.
    project.remove("migrations/repeatable/v.sql");
    let later = "-- dbmigrate: foreign-keys off\nINSERT INTO notes (user_id) VALUES (7);\nINSERT INTO users (id, name) VALUES (7, 'x');\n";
    project.write("migrations/002_it.sql", later);
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds();
    let database = open(&project, "app.db");
    like_d1(&database, &project.root.join("d1"), 0).unwrap();
    assert_eq!(ask(&database, "SELECT user_id FROM notes"), ["7"]);
}

#[test]
fn what_a_file_for_d1_sets_ends_with_it() {
    let first = "CREATE TABLE t (n CHECK (n < 5));
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (p REFERENCES p);
PRAGMA defer_foreign_keys = ON;
INSERT INTO c VALUES (1);
INSERT INTO p VALUES (1);
PRAGMA ignore_check_constraints = 1;
";
    let project = Project::wired(
        "script-d1-settings",
        &[("001_a.sql", first), ("002_b.sql", "INSERT OR IGNORE INTO t VALUES (7);\n")],
    );
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds();
    let text = project.read("d1/001_a.sql");
    assert!(text.contains("PRAGMA ignore_check_constraints = 0"), "{text}");
    // D1 does that itself, at the end of a file.
    assert!(!text.contains("PRAGMA defer_foreign_keys = 0"), "{text}");
    let database = open(&project, "app.db");
    like_d1(&database, &project.root.join("d1"), 0).unwrap();
    assert_eq!(ask(&database, "SELECT count(*) FROM t"), ["0"]);
    // What D1 does not take is the file's to leave out.
    project.remove("d1/001_a.sql");
    project.remove("d1/002_b.sql");
    project.write("migrations/002_b.sql", "PRAGMA writable_schema = 1;\n");
    project.dbmigrate(["script", "--for", "d1", "d1"]).exits(101).says("002_b.sql:1:1").says("D1 does not allow this");
}

#[test]
fn d1_has_nothing_of_what_the_program_registers() {
    let project = Project::wired("script-d1-stubs", &[("001_a.sql", "CREATE TABLE a (x CHECK (shape(x)));\n")]);
    project.edit_manifest(|manifest| {
        let replay: toml_edit::Value = "{ functions = [\"shape\"] }".parse().unwrap();
        manifest["package"]["metadata"]["migrations"]["replay"] = replay.into();
    });
    project.dbmigrate(["script"]).succeeds();
    let run = project.dbmigrate(["script", "--for", "d1", "d1"]).exits(101);
    run.says("no such function: shape").says("D1 does not have the functions");
    assert!(!project.has("d1"));
    // Where no migration uses it, it is in nobody's way.
    project.write("migrations/001_a.sql", "CREATE TABLE a (x);\n");
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds();
}

/// Lets wrangler apply what is new in a folder; the database that D1 keeps.
fn wrangler(project: &Project, folder: &str, count: &str) -> (Run, Option<PathBuf>) {
    let mut command = project.command("node");
    command.arg(checkout().join("peers/npm/d1.mjs")).args([folder, "state", count]);
    let run = Run::of(&mut command);
    let first: Option<serde_json::Value> = run.stdout.lines().next().and_then(|line| serde_json::from_str(line).ok());
    let path = first.and_then(|line| Some(PathBuf::from(line["database"].as_str()?)));
    (run, path)
}

#[test]
fn wrangler_applies_the_folder_to_its_own_engine() {
    let wanted = std::env::var("DBMIGRATE_PEERS").unwrap_or_default();
    if wanted != "full" && !wanted.split(',').any(|name| name == "script-d1") {
        return;
    }
    let project = Project::wired("script-wrangler", &D1);
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds();
    let (run, path) = wrangler(&project, "d1", "2");
    let path = path.unwrap_or_else(|| panic!("{run}"));
    let rows = "INSERT INTO notes (user_id, body) VALUES (1, 'one'), (2, NULL)";
    Connection::open(&path).unwrap().execute_batch(rows).unwrap();
    wrangler(&project, "d1", "3").0.succeeds();
    // D1 keeps a history and a table of its own beside.
    let copy = |name: &str| {
        let target = project.root.join(name);
        let kept = Connection::open(&path).unwrap();
        kept.execute("VACUUM INTO ?1", [target.to_string_lossy()]).unwrap();
        let copy = open(&project, name);
        copy.execute_batch("DROP TABLE d1_migrations; DROP TABLE IF EXISTS _cf_METADATA").unwrap();
        copy.execute_batch("DELETE FROM sqlite_sequence WHERE name = 'd1_migrations'").unwrap();
        copy
    };
    let own = copy("own.db");
    project.dbmigrate(["up", "--quiet", "--to", "2", "--database", "theirs.db"]).succeeds();
    let theirs = open(&project, "theirs.db");
    theirs.execute_batch(rows).unwrap();
    project.dbmigrate(["up", "--quiet", "--database", "theirs.db"]).succeeds();
    assert_eq!(dump(&own), dump(&theirs));
    for command in ["status", "verify", "drift"] {
        let words = ["--database", "own.db", "--check"];
        project.dbmigrate([&[command], &words[..if command == "status" { 3 } else { 2 }]].concat()).succeeds();
    }
    // On a database that somebody has changed, a file stops with its reason, and nothing of it is done.
    project.write("migrations/004_more.sql", "CREATE TABLE more (x);\n-- dbmigrate: down\nDROP TABLE more;\n");
    project.dbmigrate(["script", "--for", "d1", "d1"]).succeeds().says("1 file written, 3 already there");
    Connection::open(&path).unwrap().execute_batch("DELETE FROM _migrations WHERE number = 3").unwrap();
    let before = dump(&copy("before.db"));
    wrangler(&project, "d1", "4").0.exits(1).says("CHECK constraint failed: this script continues at 003_notes");
    assert_eq!(dump(&copy("after.db")), before);
}
