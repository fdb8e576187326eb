//! Cmdarr: migrations in Rust that look first, on databases that have data and on new ones.

use std::process::Command;

use toml_edit::value;

use crate::support::{Project, Run};

const DB: &str = "cmdarr.db";
const FIRST: &str = "001_add_status_to_command_executions";
const SECOND: &str = "002_ensure_command_execution_indexes";
/// A database of a release before 1.0.0.
const OLD: &str = "
CREATE TABLE command_executions (id INTEGER PRIMARY KEY, command_name TEXT NOT NULL, started_at TEXT, success INTEGER);
CREATE INDEX ix_command_executions_command_name ON command_executions (command_name);
INSERT INTO command_executions VALUES (1, 'sync', '2023-05-01', 1), (2, 'scan', '2023-05-02', 0), (3, 'scan', NULL, NULL);
";

fn indexes(project: &Project) -> Vec<String> {
    project.query(DB, "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'ix_%' ORDER BY name")
}

/// The runner as it is called on a host without cargo.
fn runner(project: &Project, database: &str, args: &[&str]) -> Run {
    let binary = project.program().with_file_name(project.name.replace("cmdarr", "cmdarr-migrate"));
    Run::of(Command::new(binary).current_dir(&project.root).args(args).args(["--database", database]))
}

#[test]
fn an_old_database_is_taken_over_version_by_version() {
    let project = Project::fixture("cmdarr", "old");
    project.execute(DB, OLD);
    // Looking needs no build.
    let status = project.dbmigrate(["status", "--verbose"]).succeeds();
    status.says(&format!("[ ] {FIRST}")).says("version: 1.0.0").says("version: 1.0.1").says("Pending: 2");

    // On a copy first: the database itself stays as it is.
    project.execute(DB, &format!("VACUUM INTO '{}'", project.root.join("copy.db").display()));
    project.dbmigrate(["up", "--database", "copy.db"]).succeeds();
    project.dbmigrate(["status", "--check"]).exits(1).says("Pending: 2");
    assert_eq!(project.query("copy.db", "SELECT count(*), count(status) FROM command_executions"), ["3|3"]);

    project.dbmigrate(["up", "--to", "1.0.0"]).succeeds().says(FIRST).says_not(SECOND);
    let rows = project.query(DB, "SELECT id, command_name, started_at, status FROM command_executions");
    assert_eq!(rows, ["1|sync|2023-05-01|completed", "2|scan|2023-05-02|failed", "3|scan|NULL|running"]);
    assert_eq!(indexes(&project), ["ix_command_executions_command_name"]);
    project.dbmigrate(["status"]).succeeds().says(&format!("[x] {FIRST}")).says(&format!("[ ] {SECOND}"));

    // The runner alone, beside the application.
    runner(&project, DB, &["up"]).succeeds().says(SECOND);
    assert_eq!(indexes(&project).len(), 3);
    runner(&project, DB, &["status", "--check"]).succeeds().says("Total: 2 | Applied: 2 | Pending: 0");
    runner(&project, DB, &["down"]).exits(101).says("can't be rolled back").says(SECOND);
    assert_eq!(project.query(DB, "SELECT count(*) FROM migrations WHERE state = 'applied'"), ["2"]);
    runner(&project, "elsewhere.db", &["status"]).exits(101).says("elsewhere.db");
    // Programs read why nothing was done, too.
    let unnamed = |args: &[&str]| {
        let binary = project.program().with_file_name(project.name.replace("cmdarr", "cmdarr-migrate"));
        Run::of(Command::new(binary).current_dir(&project.root).env_remove("DATABASE_URL").args(args)).exits(2)
    };
    let run = unnamed(&["status", "--message-format", "json"]);
    crate::json::conforms(&run.stdout);
    assert!(
        run.stdout.starts_with("{\"reason\":\"error\",\"message\":\"no database was given\",\"database\":null,"),
        "{run}"
    );
    assert_eq!(run.stderr, "");
    assert_eq!(unnamed(&["status"]).stdout, "");
    assert!(!project.has("elsewhere.db"));

    // One that fails half-way leaves the rows and the history as they were; corrected, it runs.
    project.dbmigrate(["create", "--rust", "drop success"]).succeeds().says("003_drop_success.rs");
    let third = |last: &str| {
        format!(
            "// Migration: Drop `success`\n// Version: 1.1.0\n\nuse crate::migrations::Connection;\n\n\
             pub fn up(db: &Connection) -> rusqlite::Result<()> {{\n    \
             db.execute_batch(\"DELETE FROM command_executions WHERE success IS NULL\")?;\n    \
             db.execute_batch(\"{last}\")\n}}\n"
        )
    };
    project.write("migrations/003_drop_success.rs", third("ALTER TABLE command_executions DROP COLUMN succes"));
    project.dbmigrate(["up"]).exits(101).says("003_drop_success.rs").says("no such column: \"succes\"");
    assert_eq!(project.query(DB, "SELECT count(success), count(*) FROM command_executions"), ["2|3"]);
    assert_eq!(project.query(DB, "SELECT count(*) FROM migrations"), ["2"]);
    project.write("migrations/003_drop_success.rs", third("ALTER TABLE command_executions DROP COLUMN success"));
    project.dbmigrate(["up", "--to", "1.1.0"]).succeeds().says("003_drop_success");
    assert_eq!(project.query(DB, "SELECT id, status FROM command_executions"), ["1|completed", "2|failed"]);
}

#[test]
fn the_application_migrates_when_it_starts_old_and_new_databases_alike() {
    let project = Project::fixture("cmdarr", "start");
    project.execute(DB, OLD);
    project.cargo(["run", "-q"]).succeeds().says("sync: completed\nscan: failed\nscan: running\nready");
    assert_eq!(indexes(&project).len(), 3);
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "sync: completed\nscan: failed\nscan: running\nready\n");

    // Where the change is there already, the migration is recorded and does nothing.
    project.remove(DB);
    assert_eq!(project.cargo(["run", "-q"]).succeeds().stdout, "ready\n");
    assert_eq!(project.query(DB, "SELECT name FROM migrations ORDER BY number"), [FIRST, SECOND]);
    assert_eq!(indexes(&project).len(), 3);
}

#[test]
fn a_replay_begins_with_nothing_and_needs_the_first_tables_in_a_migration() {
    let project = Project::fixture("cmdarr", "replay");
    let checked = project.dbmigrate(["check"]).exits(1);
    checked
        .says(&format!("`{FIRST}` failed in `up`: no such table: command_executions"))
        .says("started with an empty database")
        .says(&format!("not replayed after the failure: `{SECOND}`"));

    // Either as what a replay begins with, which no database gets from here,
    let base = |base: &str| {
        let mut table = toml_edit::InlineTable::new();
        table.insert("base", base.into());
        project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["replay"] = value(table));
    };
    base("src/gone.sql");
    project.dbmigrate(["check"]).exits(1).says("could not read `src/gone.sql`").says("remove `base` from `replay`");
    project.cargo(["build", "-q"]).succeeds();
    base("src/schema.sql");
    project.dbmigrate(["check"]).succeeds().says("2 migrations; replayed 2 up and 0 down");
    let schema = project.dbmigrate(["schema"]).succeeds();
    assert_eq!(schema.stdout.matches("CREATE INDEX ix_command_executions_").count(), 3, "{schema}");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"].as_table_mut().unwrap().remove("replay");
    });

    // or as a migration.
    project.write("migrations/000_base.sql", project.read("src/schema.sql"));
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["start"] = value(0));
    project.dbmigrate(["check"]).succeeds().says("3 migrations; replayed 3 up and 0 down");
    let schema = project.dbmigrate(["schema"]).succeeds();
    assert_eq!(schema.stdout.matches("CREATE INDEX ix_command_executions_").count(), 3, "{schema}");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("3 applied migrations");
    project.execute(DB, "DROP INDEX ix_command_executions_status");
    project.dbmigrate(["drift"]).exits(1).says("ix_command_executions_status");
}
