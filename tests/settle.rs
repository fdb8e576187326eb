//! `mark`, `forget` and `repair` from the command line: from each state that is not the program's back to one that is.

use toml_edit::value;

use crate::support::Project;

const DB: &str = "app.db";
const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n";
const TAGS: &str = "CREATE TABLE tags (name TEXT);\n";

fn wired(test: &str) -> Project {
    Project::wired(test, &[("001_notes.sql", NOTES), ("002_tags.sql", TAGS)])
}

fn is_clean(project: &Project) {
    project.dbmigrate(["verify"]).succeeds();
    project.dbmigrate(["repair"]).succeeds().says("nothing to repair");
    project.dbmigrate(["status", "--check"]).succeeds();
}

#[test]
fn an_edit_is_shown_explained_and_accepted() {
    let project = wired("settle-edit");
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["store-sql"] = value("all"));
    project.dbmigrate(["up"]).succeeds();
    project.write("migrations/001_notes.sql", format!("-- With a word on it.\n{NOTES}"));
    is_clean(&project);
    project.write("migrations/001_notes.sql", NOTES.replace("text TEXT", "body TEXT"));
    let up = project.dbmigrate(["up"]).exits(101).says("`001_notes` was edited after it was applied");
    let up = up.says("- CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);");
    up.says("+ CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);")
        .says("`cargo dbmigrate repair 001_notes`");
    let explained = project.dbmigrate(["repair"]).exits(1).says("counts as the applied one");
    explained.says("`cargo dbmigrate repair --all`").says_not("Database");
    project.dbmigrate(["up"]).exits(101);
    project.dbmigrate(["repair", "001_notes"]).succeeds().says("Database app.db").says("Repaired 001_notes");
    is_clean(&project);
    assert_eq!(project.query(DB, "SELECT sql LIKE '%text TEXT%' FROM sqlite_schema WHERE name = 'notes'"), ["1"]);
    assert_eq!(project.query(DB, "SELECT up_sql LIKE '%body TEXT%' FROM _migrations WHERE number = 1"), ["1"]);
}

#[test]
fn a_renamed_and_a_missing_file_are_told_apart() {
    let project = wired("settle-name");
    project.dbmigrate(["up"]).succeeds();
    project.remove("migrations/002_tags.sql");
    project.write("migrations/002_labels.sql", TAGS);
    project.dbmigrate(["up"]).exits(101).says("`cargo dbmigrate repair 002_labels`");
    project
        .dbmigrate(["repair", "--all"])
        .succeeds()
        .says("Repaired 002_labels: its new name is recorded in the history");
    is_clean(&project);
    project.remove("migrations/002_labels.sql");
    project.dbmigrate(["repair", "--all"]).exits(1).says("`cargo dbmigrate forget 002_labels`");
    project.dbmigrate(["forget", "002_labels"]).succeeds().says("does not run again");
    is_clean(&project);
    assert_eq!(project.query(DB, "SELECT name FROM sqlite_schema WHERE name = 'tags'"), ["tags"]);
}

#[test]
fn a_file_that_stopped_half_way_goes_on_without_sql_by_hand() {
    let project = wired("settle-stopped");
    let file = "migrations/003_fill.sql";
    let text = "-- dbmigrate: no-transaction\nINSERT INTO tags VALUES ('a');\nINSERT INTO tgas VALUES ('b');\n";
    project.write(file, text);
    project.dbmigrate(["up"]).exits(101).says("no such table: tgas");
    project.dbmigrate(["status"]).succeeds().says("interrupted: 1 of 2 steps done");
    project.write(file, text.replace("'a'", "'A'").replace("tgas", "tags"));
    let edited = project.dbmigrate(["up"]).exits(101).says("`003_fill` was interrupted after 1 step, and edited");
    edited.says("`cargo dbmigrate repair 003_fill`").says_not("UPDATE");
    project.dbmigrate(["repair", "3"]).succeeds().says("its first step counts as run, and `up` continues");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.query(DB, "SELECT name FROM tags"), ["a", "b"]);
    is_clean(&project);

    // As a process leaves it that is killed while a statement runs that can't be in a transaction.
    for (flag, expect) in [("--retry", true), ("--done", false)] {
        let copy = project.root.join(format!("copy{flag}.db"));
        let again = format!("-- dbmigrate: no-transaction\nVACUUM INTO '{}';\nnonsense;\n", copy.display());
        project.write("migrations/004_copy.sql", &again);
        project.dbmigrate(["up"]).exits(101).says("syntax error");
        std::fs::remove_file(&copy).unwrap();
        project.write("migrations/004_copy.sql", again.replace("nonsense", "SELECT 1"));
        // The statement that failed was put right, and nothing before it: nothing is to repair.
        project.dbmigrate(["repair", "--all"]).exits(1).says("to continue: `cargo dbmigrate up`");
        project.execute(DB, "UPDATE _migrations SET state = 'started', statements_done = 0 WHERE number = 4");
        let stopped = project.dbmigrate(["up", "--busy-timeout", "0"]).exits(101).says_not("UPDATE");
        stopped.says("`cargo dbmigrate repair 004_copy --retry`").says("`cargo dbmigrate repair 004_copy --done`");
        project.dbmigrate(["repair", "--all"]).exits(1).says("it is unknown whether that step ran");
        project.dbmigrate(["repair", "4", flag]).succeeds();
        project.dbmigrate(["up"]).succeeds();
        assert_eq!(copy.exists(), expect, "{flag}");
        is_clean(&project);
        project.dbmigrate(["forget", "4"]).succeeds();
    }
}

#[test]
fn a_database_that_somebody_made_by_hand_gets_a_history() {
    let project = wired("settle-mark");
    project.execute(DB, &format!("{NOTES} INSERT INTO notes VALUES (1, 'kept');"));
    project.dbmigrate(["up"]).exits(101).says("`cargo dbmigrate mark`");
    let refused =
        project.dbmigrate(["mark"]).exits(101).says("note: table `tags` is removed").says("nothing was recorded");
    refused.says("`cargo dbmigrate mark --force`");
    project
        .dbmigrate(["mark", "--to", "001_notes"])
        .succeeds()
        .says("Marked 001_notes")
        .says("the schema is what they make (1 object: every column, ");
    project.dbmigrate(["up"]).succeeds().says("Applied 002_tags").says_not("001_notes");
    assert_eq!(project.query(DB, "SELECT text FROM notes"), ["kept"]);
    is_clean(&project);
}

#[test]
fn rust_migrations_are_recorded_and_forgotten_without_their_program() {
    let project = wired("settle-rust");
    project.dbmigrate(["up"]).succeeds();
    project.write(
        "migrations/003_fill.rs",
        "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> {\n    db.execute_batch(\"\")\n}\n",
    );
    project.dbmigrate(["up"]).exits(101).says("init --runner");
    project.dbmigrate(["mark", "fill"]).exits(101).says("`003_fill` contains Rust").says("--force");
    project.dbmigrate(["mark", "fill", "--force"]).succeeds().says("Marked 003_fill").says("not compared");
    is_clean(&project);
    project.dbmigrate(["forget", "fill"]).succeeds().says("Forgot 003_fill");
}

#[test]
fn what_is_marked_may_be_written_otherwise_and_not_lack_a_check() {
    let table = "CREATE TABLE note (id INTEGER PRIMARY KEY, stars INT CHECK (stars > 0));\n";
    let project = Project::wired("mark-text", &[("001_a.sql", table)]);
    project.execute(
        "app.db",
        "create table \"note\"(\n  id integer primary key, -- the key\n  stars int, check(stars>0))",
    );
    project.dbmigrate(["mark"]).succeeds().says("the schema is what they make (1 object: every column, constraint");
    project.remove("app.db");
    project.execute("app.db", "CREATE TABLE note (id INTEGER PRIMARY KEY, stars INT)");
    let refused = project.dbmigrate(["mark"]).exits(101);
    refused.says("table `note`: `CHECK (stars > 0)` is removed").says("nothing was recorded").says("mark --force");
    assert_eq!(project.query("app.db", "SELECT count(*) FROM sqlite_schema"), ["1"]);
    // The words of `drift`, which compares the same way round.
    project.dbmigrate(["mark", "--force"]).succeeds();
    project.dbmigrate(["drift"]).exits(1).says("table `note`: `CHECK (stars > 0)` is removed");
}
