//! `replay` of the manifest, also where the runtime itself replays: `mark`, `lock` and the proof of what comes late. What
//! `check` and the planner make of it stands in `tests/check.rs` and beside the schema crate.

use crate::support::Project;

/// A package with these migrations, whose program registers a function and a collation, over this base.
fn project(test: &str, base: Option<&str>, migrations: &[(&str, &str)]) -> Project {
    let project = Project::wired(test, migrations);
    let base = base.map_or(String::new(), |text| {
        project.write("base.sql", text);
        "base = \"base.sql\", ".to_owned()
    });
    project.edit_manifest(|manifest| {
        let replay: toml_edit::Value =
            format!("{{ {base}functions = [\"shape\"], collations = [\"german\"] }}").parse().unwrap();
        manifest["package"]["metadata"]["migrations"]["replay"] = replay.into();
    });
    project
}

/// The database, as the program made it.
fn made(project: &Project, sql: &str) {
    let database = rusqlite::Connection::open(project.root.join("app.db")).unwrap();
    let flags = rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
    database.create_scalar_function("shape", -1, flags, |_| Ok(1)).unwrap();
    database.create_collation("german", Ord::cmp).unwrap();
    database.execute_batch(sql).unwrap();
}

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT COLLATE german);\n\
                     CREATE INDEX notes_by_text ON notes (text, shape(text));\n";

#[test]
fn mark_compares_with_what_the_program_registers_and_the_base() {
    let project = project("stand-ins-mark", None, &[("001_notes.sql", NOTES)]);
    made(&project, NOTES);
    project.dbmigrate(["mark"]).succeeds().says("Marked 001_notes").says("the schema is what they make");
    project.remove("app.db");
    made(&project, &NOTES.replace(", shape(text)", ""));
    project.dbmigrate(["mark"]).exits(101).says("index `notes_by_text`");

    let base = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
    let age = "ALTER TABLE users ADD COLUMN age;\n";
    let project = self::project("stand-ins-base", Some(base), &[("001_notes.sql", NOTES), ("002_age.sql", age)]);
    made(&project, &format!("{base}{NOTES}{age}"));
    project.dbmigrate(["mark"]).succeeds().says("the schema is what they make");
    project.remove("app.db");
    made(&project, &format!("{base}{NOTES}"));
    project.dbmigrate(["mark"]).exits(101).says("column `age`");
}

#[test]
fn a_runner_that_registers_it_runs_what_uses_it() {
    let project = project("stand-ins-runner", None, &[("001_notes.sql", &format!("{NOTES}{ROW}"))]);
    project
        .dbmigrate(["up"])
        .exits(101)
        .says("no such collation sequence: german")
        .says("`cargo dbmigrate init --runner`");
    project.init(&["--runner"]).succeeds();
    project.edit_manifest(|manifest| {
        manifest["dependencies"]["rusqlite"]["features"] =
            toml_edit::value(["bundled", "functions", "collation"].into_iter().collect::<toml_edit::Array>());
    });
    let runner = &format!("src/bin/{}-migrate.rs", project.name);
    let migrates = project.read(runner);
    let (head, _) = migrates.split_once("fn main()").unwrap();
    project.write(runner, format!("{head}{REGISTERS}"));
    project.dbmigrate(["up", "--dry-run"]).succeeds().says("1 migration would be applied");
    project.dbmigrate(["up"]).succeeds().says("Applied 001_notes");
    project.dbmigrate(["status", "--check"]).succeeds();
    project.dbmigrate(["drift"]).succeeds();
}

const ROW: &str = "INSERT INTO notes (text) VALUES ('a');\n";

const REGISTERS: &str = r#"
use rusqlite::ffi;

unsafe extern "C" fn register(
    database: *mut ffi::sqlite3,
    error: *mut *mut std::ffi::c_char,
    _: *const ffi::sqlite3_api_routines,
) -> std::ffi::c_int {
    unsafe {
        rusqlite::auto_extension::init_auto_extension(database, error, |connection| {
            let flags = rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
            connection.create_scalar_function("shape", -1, flags, |_| Ok(1))?;
            connection.create_collation("german", Ord::cmp)
        })
    }
}

fn main() -> std::process::ExitCode {
    unsafe { rusqlite::auto_extension::register_auto_extension(register) }.unwrap();
    migrations::migrator().cli()
}
"#;

#[test]
fn lock_seals_the_schema_of_what_uses_it() {
    let project = project("stand-ins-lock", None, &[("001_notes.sql", NOTES)]);
    project.dbmigrate(["lock"]).succeeds().says("Sealed 001_notes").says_not("no such");
    assert!(
        project.read("migrations/migrations.lock").contains("schema"),
        "{}",
        project.read("migrations/migrations.lock")
    );
}

#[test]
fn what_comes_late_is_proved_over_it() {
    let base = "CREATE TABLE users (id INTEGER PRIMARY KEY);\n";
    let project = project(
        "stand-ins-late",
        Some(base),
        &[("001_notes.sql", "CREATE TABLE notes (id);\n"), ("003_age.sql", "ALTER TABLE users ADD COLUMN age;\n")],
    );
    project.edit_manifest(|manifest| {
        let settings = &mut manifest["package"]["metadata"]["migrations"];
        settings["numbering"] = toml_edit::value("timestamp");
        settings["out-of-order"] = toml_edit::value("apply");
    });
    for (from, to) in [("001_notes", "20260101000000_notes"), ("003_age", "20260103000000_age")] {
        let text = project.read(&format!("migrations/{from}.sql"));
        project.write(&format!("migrations/{to}.sql"), text);
        project.remove(&format!("migrations/{from}.sql"));
    }
    made(&project, base);
    project.dbmigrate(["up", "--existing"]).succeeds();
    project.write("migrations/20260102000000_tags.sql", "CREATE TABLE tags (name TEXT CHECK (name <> ''));\n");
    project.dbmigrate(["up"]).succeeds().says("Applied 20260102000000_tags");
    project.write("migrations/20260102000001_late.sql", "ALTER TABLE users ADD COLUMN late;\n");
    project.dbmigrate(["up"]).exits(101).says("their order matters");
}
