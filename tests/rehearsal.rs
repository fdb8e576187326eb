//! Rehearsals by the command line and by the package's runner, and one that is killed in the middle.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::{Project, Run};

const FIRST: &str = "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO note(text) VALUES ('one'), ('two');
-- dbmigrate: down
DROP TABLE note;
";
/// Says that it has begun, and goes on when it is told to.
const CODE: &str = "use crate::migrations::Connection;

pub fn up(db: &Connection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    db.execute_batch(\"UPDATE note SET text = upper(text)\")?;
    if std::env::var_os(\"WAIT\").is_some() {
        println!(\"begun\");
        std::io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}
";

/// A program with Rust in its migrations, built, and a database with the first of them.
fn project(test: &str) -> Project {
    let project = Project::new(test);
    project.init(&["--runner"]).succeeds();
    project.remove("migrations/001_initial_schema.sql");
    project.write("migrations/001_first.sql", FIRST);
    project.write("migrations/002_code.rs", CODE);
    project.cargo(["build", "-q"]).succeeds();
    project.dbmigrate(["up", "--to", "1", "--database", "app.db"]).succeeds();
    project
}

/// What stands beside the database: all that a rehearsal may have made.
fn beside(project: &Project) -> Vec<String> {
    let names = fs::read_dir(&project.root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("app.db")).collect();
    names.sort();
    names
}

#[test]
fn the_database_stays_as_it_is_whoever_rehearses() {
    let project = project("rehearsal");
    let file = project.root.join("app.db");
    let state = || (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap());
    let before = state();
    // The command line leaves a set with Rust to the package's runner.
    let rehearse = |args: &[&str]| project.dbmigrate([args, &["--dry-run", "--database", "app.db"]].concat());
    rehearse(&["up"]).succeeds().says("Rehearsed 002_code in ").says(": 2 rows changed, ").says("unchanged");
    rehearse(&["down"]).succeeds().says("    - table `note`\n");
    rehearse(&["up", "--message-format", "json"]).succeeds().says("\"rows_changed\":2");
    project.dbmigrate(["up", "--dry-run", "--database", "new.db"]).succeeds().says("Rehearsed 001_first");
    project.remove("migrations/002_code.rs");
    rehearse(&["up"]).succeeds().says("nothing to apply");
    project.write("migrations/002_wrong.sql", "DELETE FROM note;\nINSERT INTO nowhere VALUES (1);\n");
    let run =
        rehearse(&["up"]).exits(1).says("--> migrations/002_wrong.sql:2").says("on a copy: the database is unchanged");
    assert_eq!(run.stdout, "");
    assert!(state() == before && !project.has("new.db"));
    assert_eq!(beside(&project), ["app.db"]);
}

/// A rehearsal in the middle of its migration.
fn waiting(project: &Project, runner: &Path) -> Child {
    let mut command = project.command(runner);
    command.args(["up", "--dry-run", "--database", "app.db"]).env("WAIT", "");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let begun = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert_eq!(begun, "begun");
    child
}

#[test]
fn case_59_what_a_killed_one_left_is_swept_and_a_live_one_is_let_be() {
    let project = project("rehearsal-killed");
    let runner = project.program().with_file_name(format!("{}-migrate", project.name));
    let before = fs::read(project.root.join("app.db")).unwrap();
    let mut killed = waiting(&project, &runner);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = beside(&project);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(project.has(&format!("{}/app.db-journal", left[1])) && project.has(&format!("{}/lock", left[1])));

    let mut live = waiting(&project, &runner);
    let now = beside(&project);
    assert!(now.len() == 2 && now[1] != left[1], "{now:?}");
    let rehearse = || Run::of(project.command(&runner).args(["up", "--dry-run", "--database", "app.db"]));
    rehearse().succeeds().says("Rehearsed 002_code");
    assert_eq!(beside(&project), now);
    // It was not disturbed, and goes on to its end.
    drop(live.stdin.take());
    assert!(live.wait().unwrap().success());
    assert_eq!(beside(&project), ["app.db"]);
    assert!(fs::read(project.root.join("app.db")).unwrap() == before);
}

/// The lines about differences, without the migration that they are of.
fn differences(run: &Run) -> Vec<serde_json::Value> {
    let lines = run.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let about = lines.filter(|line| line["reason"] == "schema-difference").map(|mut line| {
        line.as_object_mut().unwrap().remove("migration");
        line
    });
    about.collect()
}

#[test]
fn what_changes_in_the_schema_is_said_as_schema_says_it() {
    let project = Project::wired(
        "rehearsal-schema",
        &[(
            "001_a.sql",
            "CREATE TABLE note(id INTEGER PRIMARY KEY, stars INT);
CREATE TABLE tag(x, y);
CREATE VIEW v AS SELECT x FROM tag;
CREATE VIEW w AS SELECT x FROM tag;
",
        )],
    );
    project.dbmigrate(["up"]).succeeds();
    project.write(
        "migrations/002_check.sql",
        "CREATE TABLE new(id INTEGER PRIMARY KEY, stars INT CONSTRAINT some_stars CHECK (stars > 0));
INSERT INTO new SELECT * FROM note;
DROP TABLE note;
ALTER TABLE new RENAME TO note;
",
    );
    // Another text, and no other schema; then another query.
    project.write("migrations/003_text.sql", "DROP VIEW w;\ncreate view \"w\"  as select \"x\" /* it */ from tag;\n");
    project.write("migrations/004_view.sql", "DROP VIEW v;\nCREATE VIEW v AS SELECT y FROM tag;\n");
    let run = project.dbmigrate(["up", "--dry-run"]).succeeds();
    let lines: Vec<_> = run.stdout.lines().collect();
    let [check, added, text, view, changed] = lines.as_slice() else { panic!("{run}") };
    assert!([check, text, view].iter().all(|line| line.starts_with("Rehearsed ")), "{run}");
    assert_eq!(*added, "    table `note`: `CONSTRAINT some_stars CHECK (stars > 0)` is added");
    assert!(changed.starts_with("    view `v` changes its "), "{run}");

    let rehearsed = differences(&project.dbmigrate(["up", "--dry-run", "--message-format", "json"]).succeeds());
    let compared = project.dbmigrate(["schema", "--from", "database", "--message-format", "json"]).succeeds();
    assert_eq!(rehearsed.len(), 2);
    assert_eq!(rehearsed, differences(&compared));

    project.write("migrations/004_view.down.sql", "DROP VIEW v;\n");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["down", "--dry-run"]).succeeds().says("\n    view `v` is removed\n");
}
