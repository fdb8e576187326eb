//! `drift`: what happened to a database besides its migrations, object by object.

use crate::support::Project;

const DB: &str = "app.db";

fn project(test: &str) -> Project {
    let project = Project::wired(
        test,
        &[
            ("001_team.sql", "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"),
            ("002_index.sql", "CREATE INDEX team_name ON team (name);\n"),
        ],
    );
    project.write("migrations/repeatable/names.sql", "CREATE VIEW names AS SELECT name FROM team;\n");
    project
}

#[test]
fn what_the_migrations_and_repeatables_make_is_no_drift() {
    let project = project("drift-none");
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    // The repeatable and the index are still to come.
    project.dbmigrate(["drift"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
    assert_eq!(project.query(DB, "SELECT count(*) FROM names"), ["0"]);
}

#[test]
fn what_somebody_did_by_hand_is_named_and_the_answer_is_no() {
    let project = project("drift-by-hand");
    project.dbmigrate(["up"]).succeeds();
    project.execute(
        DB,
        "DROP INDEX team_name; ALTER TABLE team ADD COLUMN colour TEXT; CREATE TABLE extra (a);
         DROP VIEW names; CREATE VIEW names AS SELECT id FROM team",
    );
    let before = std::fs::read(project.root.join(DB)).unwrap();
    let drift = project.dbmigrate(["drift"]).exits(1);
    let mut drift = ["team_name", "colour", "extra", "names"].iter().fold(drift, |drift, object| drift.says(object));
    drift = drift.says_not("_migrations");
    assert!(!drift.stdout.is_empty());
    project.dbmigrate(["drift", "--message-format", "json"]).exits(1).says("\"reason\":");
    assert!(std::fs::read(project.root.join(DB)).unwrap() == before);
}
