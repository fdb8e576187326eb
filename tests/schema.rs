//! `schema` and `drift` from the command line: what the migrations lead to, and what somebody did besides.

use crate::support::Project;

const TEAMS: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n";
const SLUG: &str = "ALTER TABLE teams ADD COLUMN slug TEXT CHECK (slug <> '');\n\
                    CREATE INDEX teams_by_slug ON teams (slug);\n";
const WHOLE: &str = "CREATE TABLE teams (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL,\n  \
                     slug TEXT CHECK (slug <> '')\n);\nCREATE INDEX teams_by_slug ON teams (slug);\n";

fn wired(test: &str) -> Project {
    Project::wired(test, &[("001_teams.sql", TEAMS), ("002_slug.sql", SLUG)])
}

#[test]
fn the_schema_of_the_migrations_is_shown_and_makes_itself() {
    let project = wired("schema-show");
    assert_eq!(project.dbmigrate(["schema"]).succeeds().stdout, WHOLE);
    assert!(!project.has("app.db"), "showing a schema made a database");
    project.write("schema.sql", WHOLE);
    assert_eq!(project.dbmigrate(["schema", "schema.sql"]).succeeds().stdout, WHOLE);
    let compared = project.dbmigrate(["schema", "--to", "schema.sql"]).succeeds();
    assert_eq!(compared.says("Compared the migrations with `schema.sql`: 0 differences").stdout, "");
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(project.dbmigrate(["schema", "database"]).succeeds().stdout, WHOLE);
    assert_eq!(project.dbmigrate(["schema", "app.db"]).succeeds().stdout, WHOLE);
    let json = project.dbmigrate(["schema", "--format", "json"]).succeeds().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["objects"][0]["columns"][2]["name"], "slug");
    assert_eq!(json["objects"][1]["kind"], "index");
    project.dbmigrate(["schema", "--format", "mermaid"]).succeeds().says("erDiagram").says("    INTEGER id PK");
    project.dbmigrate(["schema", "--format", "dot"]).succeeds().says("digraph schema {");
    let picture = project.dbmigrate(["schema", "--format", "svg"]).succeeds().stdout;
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    assert_eq!(project.dbmigrate(["schema", "app.db", "--format", "svg"]).succeeds().stdout, picture);
}

#[test]
fn two_schemas_are_compared_object_by_object() {
    let project = wired("schema-compare");
    project
        .write("schema.sql", "create table Teams (id integer primary key, \"name\" TEXT); CREATE VIEW v AS SELECT 1;");
    let compared = project.dbmigrate(["schema", "--to", "schema.sql"]).succeeds();
    assert_eq!(
        compared.stdout,
        "index `teams_by_slug` on `teams` is removed\n\
         table `Teams`: column `slug` is removed\n\
         table `Teams`: column `name` is no longer `NOT NULL`\n\
         table `Teams`: `CHECK (slug <> '')` is removed\n\
         view `v` is added\n"
    );
    let backwards = project.dbmigrate(["schema", "--from", "schema.sql", "--message-format", "json"]).succeeds();
    let lines: Vec<serde_json::Value> =
        backwards.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["change"], "removed");
    assert!(lines.iter().any(|line| line["change"] == "column-added" && line["name"] == "teams"), "{backwards}");
    project.dbmigrate(["schema", "--from", "empty", "--to", "migrations"]).succeeds().says("table `teams` is added");
}

#[test]
fn what_can_not_be_read_is_said_with_its_place() {
    let project = wired("schema-faults");
    project.write("schema.sql", "CREATE TABLE a (b);\nCREATE INDEX i ON a (c);\n");
    project.dbmigrate(["schema", "schema.sql"]).exits(101).says("no such column: c").says("schema.sql:2:22");
    project.write("schema.sql", "ATTACH 'other.db' AS other;");
    project.dbmigrate(["schema", "schema.sql"]).exits(101).says("too many attached databases");
    assert!(!project.has("other.db"));
    project.dbmigrate(["schema", "Cargo.toml"]).exits(101).says("`Cargo.toml` is not a SQLite database");
    project
        .dbmigrate(["drift"])
        .exits(101)
        .says("no database at `app.db`")
        .says("`cargo dbmigrate up --database app.db`");
    assert!(!project.has("app.db"));
    project.write("migrations/003_rust.rs", "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n");
    // Two ways to ask for a form are one too many.
    let json = ["schema", "empty", "--message-format", "json"];
    for format in ["sql", "mermaid", "dot", "svg"] {
        let run = project.dbmigrate([&json[..], &["--format", format]].concat()).exits(2);
        run.says(&format!("can't be used with `--format {format}`"));
    }
    project.dbmigrate([&json[..], &["--format", "json"]].concat()).succeeds().says("\"reason\":\"schema\"");
    project.dbmigrate(["schema"]).exits(101).says("`003_rust` contains Rust, which only the program can run");
}

#[test]
fn drift_is_what_was_done_besides_the_migrations() {
    let project = wired("schema-drift");
    project.dbmigrate(["up", "--to", "001_teams"]).succeeds();
    // What is still to come is no drift, and neither are the tables of the history.
    let clean = project.dbmigrate(["drift"]).succeeds();
    assert_eq!(clean.says("Compared app.db with 1 applied migration").stdout, "");
    project.execute("app.db", "ALTER TABLE teams ADD COLUMN by_hand INT; CREATE TABLE notes (a)");
    let drifted = project.dbmigrate(["drift"]).exits(1).says("is not what its migrations make: 2 differences");
    assert_eq!(drifted.stdout, "table `teams`: column `by_hand` is added: `INT`\ntable `notes` is added\n");
    drifted.says("apply what is pending first, then compare again: `cargo dbmigrate up`").says_not("generate");
    let json = project.dbmigrate(["drift", "--message-format", "json"]).exits(1);
    let summary: serde_json::Value = serde_json::from_str(json.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(summary["reason"], "drift-summary");
    assert_eq!((&summary["applied"], &summary["pending"], &summary["differences"]), (&1.into(), &1.into(), &2.into()));
    project.dbmigrate(["up"]).succeeds();
    project.execute("app.db", "ALTER TABLE teams DROP COLUMN by_hand; DROP TABLE notes");
    project.dbmigrate(["drift"]).succeeds();
    project.remove("migrations/002_slug.sql");
    project.dbmigrate(["drift"]).exits(101).says("`002_slug`, which is not a migration of this package");
}

#[test]
fn what_drift_suggests_is_about_the_database_that_was_named() {
    let project = wired("schema-drift-named");
    let drift = ["drift", "--database", "other.db"];
    project.execute("other.db", "CREATE TABLE notes (a)");
    let drifted = project.dbmigrate(drift).exits(1).says_not("apply what is pending");
    drifted
        .says("help: is it the right database? it has no history of migrations")
        .says("record them as applied: `cargo dbmigrate mark --database other.db`")
        .says("take over its history: `cargo dbmigrate adopt --database other.db`");
    project.execute("other.db", "DROP TABLE notes");
    project.dbmigrate(["up", "--to", "1", "--database", "other.db"]).succeeds();
    project.execute("other.db", "CREATE TABLE notes (a)");
    project.dbmigrate(drift).exits(1).says("then compare again: `cargo dbmigrate up --database other.db`");
    project.dbmigrate(["backup", "--database", "other.db"]).succeeds();
    let copies = std::fs::read_dir(&project.root).unwrap().map(|entry| entry.unwrap().file_name());
    let copy = copies.map(|name| name.into_string().unwrap()).find(|name| name.ends_with(".bak")).unwrap();
    let restored = project.dbmigrate(["restore", &copy, "--yes", "--database", "other.db"]).succeeds();
    restored.says("`cargo dbmigrate up --database other.db` applies what is");
    project.dbmigrate(["up", "--database", "other.db"]).succeeds();
    project
        .dbmigrate(drift)
        .exits(1)
        .says("`cargo dbmigrate generate NAME` and `cargo dbmigrate mark NAME --database other.db`")
        .says("`cargo dbmigrate schema --from database --database other.db` shows what has to change");
}

#[test]
fn what_was_done_by_hand_is_kept_as_drift_says() {
    let project = wired("schema-drift-kept");
    project.dbmigrate(["up"]).succeeds();
    project.execute("app.db", "ALTER TABLE teams ADD COLUMN by_hand INT CHECK (by_hand > 0); CREATE TABLE notes (a)");
    let drifted = project.dbmigrate(["drift"]).exits(1);
    drifted
        .says("to keep it: declare it in `schema.sql`, then `cargo dbmigrate generate NAME` and `cargo dbmigrate mark NAME`")
        .says("to undo it by hand: `cargo dbmigrate schema --from database` shows what has to change");
    project.dbmigrate(["schema", "--from", "database"]).succeeds().says("table `notes` is removed");
    project.write("schema.sql", project.dbmigrate(["schema", "database"]).succeeds().stdout);
    project.dbmigrate(["generate", "by_hand"]).succeeds();
    project.dbmigrate(["mark", "by_hand"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("3 applied migrations");
    project.dbmigrate(["check"]).succeeds();
}

#[test]
fn what_a_repeatable_makes_is_no_drift_and_neither_is_one_that_is_still_to_run() {
    let project = wired("schema-drift-repeatable");
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT name, slug FROM teams;\n");
    project.dbmigrate(["up", "--to", "001_teams"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
    project.execute("app.db", "DROP VIEW names; CREATE VIEW names AS SELECT name FROM teams");
    project.dbmigrate(["drift"]).exits(1).says("`names`").says_not("_migrations");
}

#[test]
fn the_view_of_a_repeatable_that_is_gone_goes_by_a_migration() {
    let project = wired("schema-repeatable-gone");
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT 1 AS one;\n");
    project.dbmigrate(["up"]).succeeds();
    // A new name of the file alone changes nothing.
    project.remove("migrations/repeatable/names.sql");
    project.write("migrations/repeatable/all.sql", "CREATE VIEW names AS SELECT 1 AS one;\n");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
    project.remove("migrations/repeatable/all.sql");
    project.dbmigrate(["up"]).succeeds();
    let drop = "DROP VIEW IF EXISTS names";
    project
        .dbmigrate(["drift"])
        .exits(1)
        .says("view `names` is added")
        .says(&format!("write a migration with `{drop}`"));
    project.write("migrations/003_no_names.sql", format!("-- dbmigrate: irreversible gone\n{drop};\n"));
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
}
