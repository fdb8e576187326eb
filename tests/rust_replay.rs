//! Sets with Rust in them: where a replay meets it, the package's runner does it.

use std::path::Path;

use dbmigrate_runtime::{Migrator, Set};
use toml_edit::value;

use crate::support::{Project, Run};

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
    ("hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS hooked (n);\nINSERT INTO hooked VALUES (1);\n"),
    ("hooks/after_all.sql", "CREATE TABLE IF NOT EXISTS finished AS SELECT count(*) AS n FROM hooked;\n"),
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

/// What a program would find, as `verify_schema` does.
fn fingerprint(database: &Path) -> String {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite);
    let set = Set { migrations: &[], ..Set::EMPTY };
    let mut connection = rusqlite::Connection::open(database).unwrap();
    Migrator::<Rusqlite>::new(&set).schema_fingerprint_of(&mut connection).unwrap()
}

/// Takes the runner out of the manifest; the binary stays.
fn without_runner(project: &Project) {
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"].as_table_mut().unwrap().remove("runner");
    });
}

/// `check` with a temporary folder of its own, in which nothing may stay.
#[track_caller]
fn check(project: &Project) -> Run {
    let temporary = project.root.join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    let checked = Run::of(command.args(["dbmigrate", "check"]).env("TMPDIR", &temporary));
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0);
    checked
}

#[test]
fn every_way_up_and_back_of_a_mixed_set_is_checked() {
    let project = project("replay-mixed");
    let checked = check(&project).succeeds();
    assert_eq!(
        checked.stderr,
        "     Checked replay-mixed (4 migrations, 2 hooks, 1 repeatable; replayed 4 up and 4 down in memory; 3 linted)\n"
    );
    assert_eq!(checked.stdout, "");
    let line = project.dbmigrate(["check", "--message-format", "json", "--offline"]).succeeds();
    assert!(line.stdout.contains("\"replayed_downs\":4,\"replayed_ups\":4,"), "{line}");
    assert!(line.stdout.contains("\"unchecked\":[],\"unchecked_downs\":[]"), "{line}");
    assert!(!project.has("app.db"));

    // The real run does the same.
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("4 applied migrations");
    let locked = project.dbmigrate(["lock", "--message-format", "json"]).succeeds();
    let fingerprint = fingerprint(&project.root.join("app.db"));
    assert!(locked.stdout.contains(&format!("\"fingerprint\":\"{fingerprint}\"")), "{locked}");
    project.dbmigrate(["check", "--offline", "--locked"]).succeeds();
    project.remove("migrations/migrations.lock");
    project.dbmigrate(["down", "--all", "--no-backup"]).succeeds();

    without_runner(&project);
    let checked = project.dbmigrate(["check"]).succeeds();
    checked
        .says("replayed 1 up and 1 down in memory")
        .says(
            "`002_tag` contains Rust, which only the program can run, so these were not replayed: `002_tag`, \
             `003_labels`, `004_log`",
        )
        .says("cargo dbmigrate init --runner");
    project.dbmigrate(["schema"]).exits(101).says("`002_tag` contains Rust").says("cargo dbmigrate init --runner");
}

#[test]
fn what_stops_the_rust_is_told_with_its_file() {
    let project = project("replay-faults");
    // All at once: a down script in Rust, one that calls Rust, and one in SQL.
    project.write("migrations/001_note.sql", FILES[0].1.replace("DROP TABLE note", "DROP TABLE notes"));
    project.write("migrations/002_tag.rs", TAG.replace("DROP TABLE tag", "DROP TABLE tags"));
    project.write("migrations/004_log.sql", format!("{}DROP TABLE log;\n", FILES[3].1));
    let checked = check(&project).exits(1);
    checked
        .says("replayed 4 up and 1 down")
        .says("`002_tag` failed in `down`: no such table: tags")
        .says("--> migrations/002_tag.rs")
        .says("--> migrations/004_log.sql:5:1\n")
        .says("no such table: notes")
        .says("`replay-faults` has 3 errors");
    project.write("migrations/001_note.sql", FILES[0].1);
    project.write("migrations/004_log.sql", FILES[3].1);

    // Whatever code does to its process, it did not run to its end.
    for (does, expect) in [
        ("println!(\"look here\"); panic!(\"oh no\")", "look here\n"),
        ("panic!(\"oh no\")", "oh no"),
        ("println!(\"{{}}\"); std::process::exit(0)", "did not run `002_tag`: exit status: 0"),
        ("std::process::abort()", "did not run `002_tag`: signal"),
        ("let _ = db; db.execute_batch(\"COMMIT\")", "`002_tag` ended the runner's transaction in `up`"),
        ("db.execute_batch(\"DELETE FROM nowhere\")", "no such table: nowhere"),
    ] {
        let code = format!(
            "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> {{\n    let _ = db;\n    {does}\n}}\n"
        );
        project.write("migrations/002_tag.rs", code);
        let checked = check(&project).exits(1);
        checked.says(expect).says("--> migrations/002_tag.rs").says("not replayed after the failure: `003_labels`");
    }
    project.dbmigrate(["schema"]).exits(101).says("started with an empty database").says("nowhere");
}

#[test]
fn a_runner_that_can_not_be_had_is_a_failure_and_no_finding() {
    let project = project("replay-broken");
    project.write("src/lib.rs", LIB.replace("DROP TABLE log\")?)", "DROP TABLE log\")? + nope)"));
    check(&project)
        .exits(101)
        .says("cannot find value `nope`")
        .says("could not build the runner `replay-broken-migrate`");
    for command in [&["schema"][..], &["schema", "--write"], &["generate"]] {
        project.write("schema.sql", "CREATE TABLE t (x);");
        project.dbmigrate(command).exits(101).says("`nope`").says("could not build the runner");
    }
    // What can be told without it is told.
    project.write("migrations/001_note.sql", "CREATE TABLE note (id, id);\n");
    check(&project).exits(1).says("duplicate column name: id").says_not("nope");
    project.write("migrations/001_note.sql", FILES[0].1);
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["runner"] = value("other"));
    check(&project).exits(101).says("there is no binary `other`");
}

#[test]
fn code_without_a_transaction_may_leave_a_log_behind() {
    let project = project("replay-log");
    let code = "// dbmigrate: no-transaction\n\npub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> {
    db.query_row(\"PRAGMA journal_mode = WAL\", [], |_| Ok(()))?;
    db.execute_batch(\"CREATE TABLE IF NOT EXISTS tag (id INTEGER PRIMARY KEY, label TEXT)\")
}\n";
    project.write("migrations/002_tag.rs", code);
    check(&project).succeeds().says("replayed 4 up and 3 down");
}

#[test]
fn the_schema_after_rust_is_known() {
    let project = project("replay-schema");
    let schema = project.dbmigrate(["schema"]).succeeds();
    assert!(schema.stdout.contains("CREATE TABLE tag ") && schema.stdout.contains("CREATE VIEW labels"), "{schema}");
    assert!(!schema.stdout.contains("_migrations"), "{schema}");
    project.dbmigrate(["schema", "--write"]).succeeds().says("Wrote schema.sql");
    check(&project).succeeds();
    project.dbmigrate(["schema", "--from", "schema.sql"]).succeeds().says("0 differences");

    project.dbmigrate(["up", "--to", "2"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("2 applied migrations");
    project.remove("app.db");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("4 applied migrations");
    let locked = project.dbmigrate(["lock", "--message-format", "json"]).succeeds();
    let fingerprint = fingerprint(&project.root.join("app.db"));
    assert!(locked.stdout.contains(&format!("\"fingerprint\":\"{fingerprint}\"")), "{locked}");
    project.dbmigrate(["check", "--offline", "--locked"]).succeeds();
    project.remove("migrations/migrations.lock");
    project.execute("app.db", "ALTER TABLE tag ADD COLUMN by_hand");
    project.dbmigrate(["drift"]).exits(1).says("by_hand");
    project.execute("app.db", "ALTER TABLE tag DROP COLUMN by_hand");

    // What comes next is proved on what the Rust has made, with rows in it.
    let declared = project.read("schema.sql");
    project.write("schema.sql", declared.replace("label TEXT,", "label TEXT NOT NULL,"));
    check(&project).exits(1).says("`schema.sql` declares a different schema");
    project.dbmigrate(["generate", "--dry-run"]).exits(2).says("--fill tag.label");
    let run = project.dbmigrate(["generate", "--fill", "tag.label='none'"]).succeeds();
    run.says("Proved up and down, with ").says("005_");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["drift"]).succeeds().says("5 applied migrations");
    check(&project).succeeds().says("replayed 5 up and 5 down");

    project.write("schema.sql", format!("{}CREATE TABLE last (x);\n", project.read("schema.sql")));
    project.dbmigrate(["create", "last", "--from-diff", "--offline"]).succeeds().says("006_last.sql");
    project.dbmigrate(["create", "more", "--features", "x"]).exits(2).says("--from-diff");

    without_runner(&project);
    for command in [&["drift"][..], &["generate"], &["schema", "--write"]] {
        project.dbmigrate(command).exits(101).says("`002_tag` contains Rust");
    }
}

#[test]
fn a_member_of_a_workspace_has_its_own_runner() {
    let project = project("replay-member");
    let member = "replay-member-too";
    for file in ["src/lib.rs", "src/main.rs", "build.rs"] {
        project.write(&format!("{member}/{file}"), project.read(file));
    }
    let mut manifest: toml_edit::DocumentMut =
        project.read("Cargo.toml").replace("replay-member", "replay-member-too").parse().unwrap();
    manifest.remove("workspace");
    project.write(&format!("{member}/Cargo.toml"), manifest.to_string());
    let runner = project.read("src/bin/replay-member-migrate.rs").replace("replay_member", "replay_member_too");
    project.write(&format!("{member}/src/bin/{member}-migrate.rs"), runner);
    for (file, text) in FILES {
        project.write(&format!("{member}/migrations/{file}"), text);
    }
    project.write(&format!("{member}/migrations/002_tag.rs"), TAG.replace("label TEXT", "label TEXT, extra"));
    project.edit_manifest(|manifest| manifest["workspace"]["members"] = value(toml_edit::Array::from_iter([member])));
    let checked = project.dbmigrate(["check", "--workspace"]).succeeds();
    assert_eq!(checked.stderr.matches("replayed 4 up and 4 down").count(), 2, "{checked}");
    project.dbmigrate(["schema", "-p", member]).succeeds().says("extra");
    let schema = project.dbmigrate(["schema", "-p", "replay-member"]).succeeds();
    assert!(!schema.stdout.contains("extra"), "{schema}");
}
