//! `cargo dbmigrate test`: what is lost on the way is said, with exit code 1; what was not tried is named.

use serde_json::Value;
use toml_edit::value;

use crate::support::Project;

const TABLES: (&str, &str) = (
    "001_tables.sql",
    "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE member (id INTEGER PRIMARY KEY, team INTEGER REFERENCES team ON DELETE CASCADE, nick TEXT);
",
);
const COLUMN: (&str, &str) = (
    "002_column.sql",
    "ALTER TABLE team ADD COLUMN size INT;\n-- dbmigrate: down\nALTER TABLE team DROP COLUMN size;\n",
);
const LOSSY: (&str, &str) = (
    "003_lossy.sql",
    // To replace a row is to delete it, and its children with it.
    "INSERT OR REPLACE INTO team SELECT * FROM team;
",
);

#[test]
fn a_sound_set_passes_and_a_lossy_one_does_not() {
    let project = Project::wired("test-command", &[TABLES, COLUMN]);
    project
        .dbmigrate(["test"])
        .succeeds()
        .says("001_tables  up                 0 rows       0 compared")
        .says("002_column  up, down, up ")
        .says("with generated rows (2 migrations up, 1 down and up again, 1 older version to the newest in one go)");
    project.write(&format!("migrations/{}", LOSSY.0), LOSSY.1);
    project
        .dbmigrate(["test"])
        .exits(1)
        .says("error: `003_lossy` (up): table `member` does not keep the row (id = ")
        .says(" rows\n")
        .says("error: `001_tables` (from it to the newest): table `member` does not keep the row")
        .says("3 problems");
    // What is asked for, and no more.
    project.dbmigrate(["test", "--to", "2"]).succeeds().says_not("003_lossy");
    project.dbmigrate(["test", "column"]).succeeds().says("002_column").says_not("001_tables ");
    project.dbmigrate(["test", "3"]).exits(1).says("`003_lossy` (up)").says_not("`001_tables`");
    project.dbmigrate(["test", "--from", "2"]).exits(1).says("1 older version to the newest");
    project.dbmigrate(["test", "nope"]).exits(2).says("there is no migration `nope`");
    assert!(!project.has("app.db"));
}

#[test]
fn rows_that_a_copy_leaves_behind_are_counted_and_no_fault() {
    let some = "CREATE TABLE new (id INTEGER PRIMARY KEY, team INTEGER REFERENCES team ON DELETE CASCADE, nick TEXT);
INSERT INTO new SELECT * FROM member WHERE id < 0;
DROP TABLE member;
ALTER TABLE new RENAME TO member;
";
    let project = Project::wired("test-left-out", &[TABLES, ("002_some.sql", some)]);
    let run = project.dbmigrate(["test"]).succeeds().says("note: `002_some` leaves ");
    let run = run.says(" rows of `member` behind, as its copy says\n");
    // Nothing is said of what is not asked for.
    project.dbmigrate(["test", "1"]).succeeds().says_not("behind");
    let json = project.dbmigrate(["test", "--message-format", "json"]).succeeds();
    let lines = json.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let left_out = lines.filter_map(|line| line["left_out"].get(0).cloned()).collect::<Vec<_>>();
    let [one] = &left_out[..] else { panic!("{json}") };
    assert_eq!(one["table"], "member");
    assert!(run.stderr.contains(&format!("leaves {} of {} rows", one["rows"], one["of"])), "{run}");
    project.write("migrations/002_some.sql", some.replace(" WHERE id < 0", ""));
    project.dbmigrate(["test"]).succeeds().says_not("behind");
}

#[test]
fn programs_read_what_was_compared_and_what_differs() {
    let project = Project::wired("test-json", &[TABLES, COLUMN, LOSSY]);
    let run = project.dbmigrate(["test", "--message-format", "json"]).exits(1);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |reason: &str| lines.iter().filter(|line| line["reason"] == reason).collect::<Vec<_>>();
    let migrations = of("tested-migration");
    assert_eq!(migrations.len(), 3);
    assert!(migrations[1]["went_back"] == true && migrations[1]["rows"].as_u64() > Some(0), "{}", migrations[1]);
    let fault = &migrations[2]["faults"][0];
    assert_eq!((&fault["way"], &fault["table"]), (&"up".into(), &"member".into()));
    assert!(fault["rows"].as_u64() > Some(0) && fault["example"].as_str().unwrap().starts_with("(id = "), "{fault}");
    assert_eq!(of("tested-version").len(), 2);
    assert_eq!(
        (&of("test-summary")[0]["faults"], &of("test-summary")[0]["unchecked"]),
        (&3.into(), &Value::Array(vec![]))
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn the_rows_of_the_team_are_real() {
    let project =
        Project::wired("test-fixtures", &[TABLES, ("002_nick.sql", "CREATE UNIQUE INDEX nick ON member (nick);\n")]);
    project
        .edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["fixtures"] = value("fixtures/rows"));
    project.dbmigrate(["test"]).exits(101).says("could not read the folder `fixtures/rows`");
    project.write("fixtures/rows/001_members.sql", "INSERT INTO member (nick) VALUES ('ada'), ('bob');\n");
    project.dbmigrate(["test"]).succeeds().says("with the rows in `fixtures/rows` (2 migrations up");
    project.write("fixtures/rows/001_members.sql", "INSERT INTO member (nick) VALUES ('ada'), ('ada');\n");
    project
        .dbmigrate(["test"])
        .exits(1)
        .says("`002_nick` (up): SQLite rejects this statement: UNIQUE constraint failed: member.nick")
        .says("--> migrations/002_nick.sql:1:1")
        .says("tried with the rows in `fixtures/rows`");
    project.write("fixtures/rows/009.sql", "SELECT 1;\n");
    project.dbmigrate(["test"]).exits(101).says("come after migration 9, which does not exist");
}

#[test]
fn what_only_the_program_can_run_is_never_called_tested() {
    let project = Project::wired(
        "test-rust",
        &[TABLES, ("002_call.sql", "-- dbmigrate: call fill\n"), ("003_x.sql", "SELECT 1;\n")],
    );
    project
        .dbmigrate(["test"])
        .exits(1)
        .says("`002_call` contains Rust, which only the program can run, so these were not tested: `002_call`, `003_x`")
        .says("migrations::migrator().testing().check_all()")
        .says("cargo add --dev dbmigrate-runtime --features testing")
        .says("(1 migration up, 0 down and up again)");
    project.remove("migrations/002_call.sql");
    project.remove("migrations/003_x.sql");
    project.write("migrations/002_back.sql", "SELECT 1;\n-- dbmigrate: down\n-- dbmigrate: call empty\n");
    project.dbmigrate(["test"]).exits(1).says("as only the program can run them: `002_back`");
}

#[test]
fn several_packages_are_tried_in_one_go() {
    let project = Project::wired("test-workspace", &[TABLES]);
    project.edit_manifest(|manifest| {
        manifest["workspace"]["members"] = toml_edit::Array::from_iter(["other"]).into();
    });
    project.write(
        "other/Cargo.toml",
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\n[package.metadata.migrations]\ndatabase = \"o.db\"\n",
    );
    project.write("other/src/lib.rs", "");
    project.write("other/migrations/001_a.sql", "CREATE TABLE a (b);\n-- dbmigrate: down\nSELECT 1;\n");
    project
        .dbmigrate(["test", "--workspace"])
        .exits(1)
        .says("`001_a` (down): compared with before, table `a` is added")
        .says(" Tested test-workspace with generated rows")
        .says(" Tested other with generated rows");
    project.dbmigrate(["test", "-p", "other"]).exits(1).says_not("test-workspace with");
    project.dbmigrate(["test", "--workspace", "--exclude", "other"]).succeeds();
}
