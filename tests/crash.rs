//! A program that dies in the middle of a migration: the next start finds the old state or the new one, and goes on.

use toml_edit::{Array, value};

use crate::support::{Project, Run};

const BASE: &str = "CREATE TABLE team(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE member(id INTEGER PRIMARY KEY, team NOT NULL REFERENCES team ON DELETE CASCADE);
INSERT INTO team VALUES (1, 'red'), (2, 'blue');
INSERT INTO member VALUES (10, 1), (11, 1), (12, 2);
";

/// A rebuild with a place to die between any two statements.
const REBUILD: &str = "SELECT crash();
CREATE TABLE new(id INTEGER PRIMARY KEY, name TEXT NOT NULL, colour TEXT);
SELECT crash();
INSERT INTO new(id, name) SELECT id, name FROM team;
SELECT crash();
DROP TABLE team;
SELECT crash();
ALTER TABLE new RENAME TO team;
SELECT crash();
";

/// The same without a transaction: every step stays, and the next start goes on behind it.
const STEPS: &str = "-- dbmigrate: no-transaction
CREATE TABLE log(n INTEGER PRIMARY KEY, what TEXT);
SELECT crash();
INSERT INTO log(what) VALUES ('one');
INSERT INTO log(what) SELECT 'two' WHERE crash() IS NULL;
VACUUM;
SELECT crash();
INSERT INTO log(what) VALUES ('three');
SELECT crash();
";

const PROGRAM: &str = "use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::functions::FunctionFlags;

dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or(\"no path\")?;
    let mut connection = rusqlite::Connection::open(path)?;
    let calls = AtomicUsize::new(0);
    // Dies without a word at the call whose number the environment gives.
    connection.create_scalar_function(\"crash\", 0, FunctionFlags::SQLITE_UTF8, move |_| {
        let this = calls.fetch_add(1, Ordering::Relaxed) + 1;
        if std::env::var(\"CRASH_AT\").is_ok_and(|at| at == this.to_string()) {
            std::process::abort();
        }
        Ok(None::<i64>)
    })?;
    migrations::migrator().up(&mut connection)?;
    Ok(())
}
";

#[test]
fn a_crash_at_any_step_leaves_the_old_state_or_the_new_one() {
    let project = Project::wired(
        "crash",
        &[
            ("001_base.sql", BASE),
            ("002_rebuild.sql", REBUILD),
            ("003_steps.sql", STEPS),
            ("004_end.sql", "CREATE TABLE done(x);"),
        ],
    );
    project.write("src/main.rs", PROGRAM);
    project.edit_manifest(|manifest| {
        manifest["dependencies"]["rusqlite"]["features"] =
            value(["bundled", "functions"].into_iter().collect::<Array>());
    });
    project.cargo(["build", "-q"]).succeeds();
    let start = |database: &str, crash_at: usize| {
        let mut command = project.command(project.program());
        Run::of(command.arg(database).env("CRASH_AT", crash_at.to_string()))
    };
    for crash_at in 1..=9 {
        let database = format!("crash-{crash_at}.db");
        // Five calls in the rebuild, four in the file without a transaction.
        let crashed = start(&database, crash_at);
        assert_ne!(crashed.code, 0, "call {crash_at} is never reached: {crashed}");
        let tables =
            project.query(&database, "SELECT name FROM sqlite_schema WHERE name IN ('new', 'team') ORDER BY 1");
        let recorded = project.query(&database, "SELECT number || state FROM main._migrations ORDER BY number");
        let members = "SELECT count(*) FROM member";
        if crash_at <= 5 {
            // The rebuild is not there at all, neither in the schema nor in the history.
            assert!(!recorded.iter().any(|row| row.starts_with('2')), "crash at {crash_at}: {recorded:?}");
            assert!(!tables.contains(&"new".to_owned()), "crash at {crash_at}: {tables:?}");
        } else {
            assert_eq!(recorded, ["1applied", "2applied", "3running"], "crash at {crash_at}");
        }
        if tables.contains(&"team".to_owned()) {
            assert_eq!(project.query(&database, members), ["3"], "crash at {crash_at}");
        }

        start(&database, 0).succeeds();
        assert_eq!(project.query(&database, members), ["3"], "crash at {crash_at}");
        assert_eq!(
            project.query(&database, "SELECT what FROM log ORDER BY n"),
            ["one", "two", "three"],
            "crash at {crash_at}"
        );
        assert_eq!(project.query(&database, "PRAGMA foreign_key_check"), Vec::<String>::new());
        assert_eq!(project.query(&database, "PRAGMA integrity_check"), ["ok"]);
        project.dbmigrate(["verify", "--database", &database]).succeeds();
    }
}

/// Where cargo becomes the runner, nobody else says how that ended.
#[cfg(unix)]
#[test]
fn a_runner_that_dies_does_not_do_so_without_a_word() {
    let project = Project::new("crash-runner");
    project.init(&["--runner"]).succeeds();
    project.remove("migrations/001_initial_schema.sql");
    let code = "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    std::process::abort()\n}\n";
    project.write("migrations/001_dies.rs", code);
    let up = project.dbmigrate(["up", "--database", "app.db"]).exits(101);
    up.says("the runner `")
        .says("was stopped: signal: 6")
        .says("help: `cargo dbmigrate status --database app.db` shows how far it came");
    project.dbmigrate(["status", "--database", "app.db"]).succeeds().says("[ ] 001_dies");
}
