//! `cargo nextest` really run: it gives each test a process of its own, and they share one template all the same, as
//! docs/testing.md says.

use std::fs;
use std::io::Write as _;

use crate::support::{Project, Run};

const LIBRARY: &str = "dbmigrate_runtime::include_migrations!(pub mod migrations, backup);

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::migrations;

    /// A database with a seed that leaves a line behind whenever it runs.
    fn notes() -> i64 {
        let testing = migrations::migrator().testing().seed_with(|db| {
            let mut made = std::fs::OpenOptions::new().append(true).create(true).open(std::env::var(\"MADE\").unwrap()).unwrap();
            writeln!(made, \"{}\", std::process::id()).unwrap();
            db.execute(\"INSERT INTO notes (text) VALUES ('seeded')\", []).map(drop)
        });
        let db = testing.database().unwrap();
        db.execute(\"INSERT INTO notes (text) VALUES ('own')\", []).unwrap();
        db.query_row(\"SELECT count(*) FROM notes\", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn one() {
        assert_eq!(notes(), 2);
    }

    #[test]
    fn two() {
        assert_eq!(notes(), 2);
    }

    #[test]
    fn three() {
        assert_eq!(notes(), 2);
    }

    #[test]
    fn four() {
        assert_eq!(notes(), 2);
    }

    #[test]
    fn migrations_lead_there_and_back() {
        migrations::migrator().testing().check_all().unwrap();
    }
}
";

#[test]
fn tests_in_processes_of_their_own_share_a_template() {
    let notes =
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n-- dbmigrate: down\nDROP TABLE notes;\n";
    let project = Project::wired("nextest", &[("001_notes.sql", notes)]);
    project.write("src/lib.rs", LIBRARY);
    project.write("src/main.rs", "fn main() {}\n");
    project.add_testing();
    project.edit_manifest(|manifest| {
        let features: toml_edit::Array = ["bundled", "backup"].into_iter().collect();
        manifest["dependencies"]["rusqlite"]["features"] = toml_edit::value(features);
    });
    if project.cargo(["nextest", "--version"]).code != 0 {
        // The workflow installs it.
        assert!(std::env::var_os("DBMIGRATE_NEXTEST").is_none(), "cargo-nextest is not installed");
        // Past the capture of the test, so that a run without it says so.
        writeln!(std::io::stderr(), "cargo-nextest is not installed: tests/nextest.rs tried nothing").unwrap();
        return;
    }
    let made = project.root.join("made.txt");
    let run = || {
        let mut command = project.command(env!("CARGO"));
        // A run inside of nextest itself must not be taken for a part of it.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NEXTEST")) {
            command.env_remove(name);
        }
        command.args(["nextest", "run", "--offline", "--no-fail-fast"]).env("MADE", &made);
        Run::of(&mut command).succeeds().says("5 tests run: 5 passed")
    };
    run();
    assert_eq!(fs::read_to_string(&made).unwrap().lines().count(), 1, "one process makes it, the others load it");
    // The next run has it still.
    run();
    assert_eq!(fs::read_to_string(&made).unwrap().lines().count(), 1);
    // A test that is built anew may expect something else of it.
    project.write("src/lib.rs", LIBRARY.replace("'seeded'", "'seeded again'"));
    run();
    assert_eq!(fs::read_to_string(&made).unwrap().lines().count(), 2);
}
