//! Sets with Rust in them: where a replay meets it, the package's runner does it.

use toml_edit::value;

use crate::support::Project;

const LIB: &str = "//! A program with all sorts of migrations.

dbmigrate_runtime::include_migrations!(pub mod migrations);

/// The Rust that its SQL calls.
pub struct App;

impl migrations::Steps for App {
    fn fill(&self, db: &rusqlite::Connection) -> Result<(), migrations::StepError> {
        // No hook has run again, no repeatable ever, and nobody keeps a history.
        for (what, expect) in [(\"hooked\", 1), (\"tag\", 0)] {
            let rows: i64 = db.query_row(&format!(\"SELECT count(*) FROM {what}\"), [], |row| row.get(0))?;
            if rows != expect {
                return Err(format!(\"{rows} rows in {what}\").into());
            }
        }
        if migrations::table_exists(db, \"finished\")? || migrations::view_exists(db, \"labels\")? {
            return Err(\"it is not over yet\".into());
        }
        print!(\"filling\");
        db.execute(\"INSERT INTO tag (label) VALUES ('none')\", [])?;
        Ok(())
    }

    fn clean(&self, db: &rusqlite::Connection) -> Result<(), migrations::StepError> {
        Ok(db.execute_batch(\"DROP TABLE log\")?)
    }
}
";
const TAG: &str = "use crate::migrations::Connection;

pub fn up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(\"CREATE TABLE tag (id INTEGER PRIMARY KEY, label TEXT, note INTEGER REFERENCES note)\")
}

pub fn down(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(\"DROP TABLE tag\")
}
";
/// What needs Rust stands between what does not, and each needs what came before it.
const FILES: &[(&str, &str)] = &[
    ("001_note.sql", "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);\n-- dbmigrate: down\nDROP TABLE note;\n"),
    ("002_tag.rs", TAG),
    (
        "003_labels.sql",
        "-- dbmigrate: call fill
CREATE TABLE label AS SELECT label FROM tag;
-- dbmigrate: down
DROP TABLE label;
DELETE FROM tag;
",
    ),
    (
        "004_log.sql",
        "CREATE TABLE log (n INTEGER CHECK (n = 1));
INSERT INTO log SELECT count(*) FROM label;
-- dbmigrate: down
-- dbmigrate: call clean
",
    ),
    ("hooks/before_all.sql", "CREATE TABLE hooked AS SELECT 1 AS n;\n"),
    ("hooks/after_all.sql", "CREATE TABLE finished AS SELECT count(*) AS n FROM hooked;\n"),
    ("repeatable/labels.sql", "CREATE VIEW labels AS SELECT label FROM label;\n"),
];

fn project(test: &str) -> Project {
    let project = Project::new(test);
    project.write("src/lib.rs", LIB);
    project.init(&["--runner"]).succeeds();
    project.remove("migrations/001_initial_schema.sql");
    for (file, text) in FILES {
        project.write(&format!("migrations/{file}"), text);
    }
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["database"] = value("app.db"));
    let library = project.name.replace('-', "_");
    project.write(
        &format!("src/bin/{}-migrate.rs", project.name),
        format!(
            "//! The runner.\n\nfn main() -> std::process::ExitCode {{\n    \
             {library}::migrations::migrator(&{library}::App).cli()\n}}\n"
        ),
    );
    project
}

/// Takes the runner out of the manifest; the binary stays.
fn without_runner(project: &Project) {
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"].as_table_mut().unwrap().remove("runner");
    });
}

/// What replays left in the temporary folder that `check` was told of.
fn left(project: &Project) -> usize {
    std::fs::read_dir(project.root.join("tmp")).unwrap().count()
}

#[test]
fn every_way_up_and_back_of_a_mixed_set_is_checked() {
    let project = project("replay-mixed");
    project.write("tmp/.keep", "");
    project.remove("tmp/.keep");
    let checked = crate::support::Run::of(
        project
            .command(env!("CARGO_BIN_EXE_cargo-dbmigrate"))
            .args(["dbmigrate", "check"])
            .env("TMPDIR", project.root.join("tmp")),
    )
    .succeeds();
    assert_eq!(
        checked.stderr,
        "     Checked replay-mixed (4 migrations, 2 hooks, 1 repeatable; replayed 4 up and 4 down in memory)\n"
    );
    assert_eq!((checked.stdout.as_str(), left(&project)), ("", 0));
    let line = project.dbmigrate(["check", "--message-format", "json", "--offline", "--locked"]).succeeds();
    assert!(line.stdout.contains("\"replayed_downs\":4,\"replayed_ups\":4,"), "{line}");
    assert!(line.stdout.contains("\"unchecked\":[],\"unchecked_downs\":[]"), "{line}");
    assert!(!project.has("app.db"));

    // The real run does the same.
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("4 applied migrations");
    project.dbmigrate(["down", "--all", "--no-backup"]).succeeds();

    without_runner(&project);
    let checked = project.dbmigrate(["check"]).succeeds();
    checked
        .says("replayed 1 up and 1 down in memory")
        .says(
            "`002_tag` holds Rust, which only the program can run: not replayed are `002_tag`, `003_labels`, `004_log`",
        )
        .says("cargo dbmigrate init --runner");
    project.dbmigrate(["schema"]).exits(101).says("`002_tag` holds Rust").says("cargo dbmigrate init --runner");
}
