//! `script`: what the runner would do, as SQL that any SQLite runs: the same schema, rows and history, and nothing at
//! all on a database that is elsewhere.

use std::fs;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::support::{Project, Run, ask};

pub(crate) const NOTES: [(&str, &str); 3] = [
    (
        "001_notes.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE notes (
  id INTEGER PRIMARY KEY, -- ids; really
  user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
  body TEXT
);
INSERT INTO users (name) VALUES ('ada; ''quoted'''), ('bob');
CREATE TRIGGER notes_body AFTER INSERT ON notes BEGIN
  UPDATE notes SET body = CASE WHEN NEW.body IS NULL THEN ';' ELSE NEW.body END WHERE id = NEW.id;
END;
-- dbmigrate: down
DROP TABLE notes; DROP TABLE users;
",
    ),
    (
        "002_rebuild.sql",
        "-- dbmigrate: assert SELECT count(*) < 100 FROM users -- few
CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL CHECK (name <> ''));
INSERT INTO new_users SELECT * FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
-- dbmigrate: down
CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
INSERT INTO new_users SELECT * FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
",
    ),
    (
        "003_bare.sql",
        "-- dbmigrate: no-transaction
CREATE INDEX notes_user ON notes (user_id);
VACUUM;
UPDATE notes SET body = 'x' WHERE body = ';';
-- dbmigrate: down
-- dbmigrate: no-transaction
DROP INDEX notes_user;
",
    ),
];

fn notes(test: &str) -> Project {
    let project = Project::wired(test, &NOTES);
    project.write("migrations/hooks/before_all.sql", "CREATE TABLE IF NOT EXISTS hooked (x);\n");
    project.write("migrations/hooks/after_all.sql", "INSERT INTO hooked VALUES (1);\n");
    project.write(
        "migrations/repeatable/named.sql",
        "CREATE VIEW named AS SELECT name FROM users;
CREATE TRIGGER named_new INSTEAD OF INSERT ON named BEGIN
  INSERT INTO users (name) VALUES (NEW.name);
END;
",
    );
    project
}

fn script(project: &Project, args: &[&str]) -> String {
    project.dbmigrate(["script"].iter().chain(args)).succeeds().stdout
}

pub(crate) fn open(project: &Project, database: &str) -> Connection {
    Connection::open(project.root.join(database)).unwrap()
}

/// Everything that is in a database, but for the moment at which it came.
pub(crate) fn dump(database: &Connection) -> Vec<String> {
    let mut all = ask(database, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name");
    let tables = ask(database, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    for table in tables {
        let columns = match &*table {
            "_migrations" => {
                "number, name, set_name, checksum, state, statements_done, up_sql, down_sql, text_checksum, prefix_checksum"
            }
            "_migrations_repeatable" => "set_name, name, nullif(checksum, ''), triggers",
            _ => "*",
        };
        let filter = if table == "sqlite_sequence" { " WHERE name <> '_migrations'" } else { "" };
        let mut rows = ask(database, &format!("SELECT {columns} FROM \"{table}\"{filter}"));
        if table.starts_with("_migrations") {
            rows.sort();
        }
        all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

/// One statement after the other, as a driver does that takes no more.
pub(crate) fn step_by_step(database: &Connection, text: &str) -> Result<(), rusqlite::Error> {
    for statement in dbmigrate_core::statement::split(text) {
        database.execute_batch(&text[statement.span.start..statement.span.end])?;
    }
    Ok(())
}

/// A shell that goes on after an error, where the machine has one; CI must have it.
fn shell(project: &Project, database: &str, text: &str) -> Option<Run> {
    let has_shell = Command::new("sqlite3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has_shell || std::env::var_os("CI").is_none(), "CI has the shell of SQLite");
    if !has_shell {
        return None;
    }
    project.write("input.sql", text);
    let mut command = project.command("sqlite3");
    command.arg(database).stdin(Stdio::from(fs::File::open(project.root.join("input.sql")).unwrap()));
    let output = command.output().unwrap();
    Some(Run {
        command: format!("{command:?}"),
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    })
}

#[test]
fn it_makes_what_the_runner_makes_from_every_version_to_every_other() {
    let project = notes("script-pairs");
    let version = |count: usize| ["nothing", "1", "2", "3"][count];
    let base = |count: usize| format!("base-{count}.db");
    open(&project, &base(0)).execute_batch("VACUUM").unwrap();
    for count in 1..=3 {
        project.dbmigrate(["up", "--quiet", "--to", version(count), "--database", &base(count)]).succeeds();
        let rows = "INSERT INTO notes (user_id, body) VALUES (1, 'one'), (2, NULL)";
        open(&project, &base(count)).execute_batch(rows).unwrap();
    }
    let at = |name: &str, count: usize| {
        fs::copy(project.root.join(base(count)), project.root.join(name)).unwrap();
    };
    for from in 0..=3 {
        for to in 0..=3 {
            if from == to {
                continue;
            }
            let text = script(&project, &["--from", version(from), "--to", version(to)]);
            at("theirs.db", from);
            match to {
                _ if to > from => {
                    project.dbmigrate(["up", "--quiet", "--no-backup", "--to", version(to), "--database", "theirs.db"])
                }
                0 => project.dbmigrate(["down", "--quiet", "--no-backup", "--all", "--database", "theirs.db"]),
                _ => project.dbmigrate([
                    "down",
                    "--quiet",
                    "--no-backup",
                    "--to",
                    version(to),
                    "--database",
                    "theirs.db",
                ]),
            }
            .succeeds();
            let theirs = open(&project, "theirs.db");
            if to < 3 {
                // They come back at the next start.
                theirs.execute_batch("DROP VIEW IF EXISTS named").unwrap();
            }
            let expected = dump(&theirs);
            for (name, run) in [
                ("whole", &(|database: &Connection, text: &str| database.execute_batch(text)) as &dyn Fn(&_, &_) -> _),
                ("step by step", &step_by_step),
            ] {
                at("own.db", from);
                let own = open(&project, "own.db");
                run(&own, &text).unwrap_or_else(|error| panic!("{name}, {from} to {to}: {error}\n{text}"));
                assert_eq!(dump(&own), expected, "{name}, {from} to {to}");
                // Nowhere else does it change anything.
                assert!(
                    run(&own, &text).unwrap_err().to_string().contains("CHECK constraint failed: this script starts")
                );
                own.execute_batch("ROLLBACK").unwrap();
                assert_eq!(dump(&own), expected, "{name}, {from} to {to}");
            }
            project.dbmigrate(["verify", "--database", "own.db"]).succeeds();
        }
    }
}

#[test]
fn a_program_starts_on_it_with_nothing_to_do() {
    let project = notes("script-program");
    project
        .dbmigrate(["script", "-o", "all.sql"])
        .succeeds()
        .says("Wrote all.sql (from nothing to 003_bare, 3 migrations");
    open(&project, "app.db").execute_batch(&project.read("all.sql")).unwrap();
    project.dbmigrate(["status", "--check"]).succeeds().says("Pending: 0").says("[x] repeatable/named");
    project.dbmigrate(["drift"]).succeeds();
    let before = fs::read(project.root.join("app.db")).unwrap();
    project.dbmigrate(["up"]).succeeds();
    assert_eq!(fs::read(project.root.join("app.db")).unwrap(), before);
    // And it goes back from there, by what the history keeps.
    project.remove("migrations/003_bare.sql");
    project.dbmigrate(["down"]).succeeds().says("003_bare");
}

#[test]
fn a_shell_that_goes_on_after_an_error_changes_nothing_more() {
    let project = notes("script-shell");
    let text = script(&project, &[]);
    let Some(run) = shell(&project, "app.db", &text) else { return };
    run.succeeds();
    project.dbmigrate(["verify"]).succeeds();
    // The rows of this database do not fit: nothing of the migration is done, and nothing after it. The hook before it
    // has a transaction of its own, as with the runner.
    project.dbmigrate(["down", "--to", "1", "--no-backup"]).succeeds();
    let database = open(&project, "app.db");
    database.execute_batch("INSERT INTO users (name) VALUES ('')").unwrap();
    let before = dump(&database);
    shell(&project, "app.db", &script(&project, &["--from", "1"]))
        .unwrap()
        .exits(1)
        .says("CHECK constraint failed: name <> ''")
        .says("cannot start a transaction within a transaction")
        .says("cannot VACUUM from within a transaction");
    assert_eq!(dump(&database), before);
    // Neither on a database that is elsewhere.
    shell(&project, "app.db", &text).unwrap().exits(1).says("this script starts from an empty database");
    assert_eq!(dump(&database), before);
    // What a file asserts is asked of the database, and so are references.
    database.execute_batch("DELETE FROM users WHERE name = ''; WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 200) INSERT INTO users (name) SELECT 'x' || x FROM n").unwrap();
    let before = dump(&database);
    shell(&project, "app.db", &script(&project, &["--from", "1"]))
        .unwrap()
        .exits(1)
        .says("an assertion of 002_rebuild does not hold");
    assert_eq!(dump(&database), before);
}

#[test]
fn rows_that_would_refer_to_nothing_stop_it() {
    let project = Project::wired(
        "script-orphans",
        &[
            (
                "001_a.sql",
                "CREATE TABLE a (id INTEGER PRIMARY KEY, x);\nCREATE TABLE b (a_id REFERENCES a);\nCREATE TABLE c (a_id REFERENCES a);\n",
            ),
            (
                "002_b.sql",
                "CREATE TABLE new_a (id INTEGER PRIMARY KEY, x);\nINSERT INTO new_a SELECT * FROM a WHERE x IS NOT NULL;\nDROP TABLE a;\nALTER TABLE new_a RENAME TO a;\n",
            ),
        ],
    );
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    let database = open(&project, "app.db");
    // One refers to nothing already, which is nobody's fault.
    database
        .execute_batch(
            "PRAGMA foreign_keys = OFF; INSERT INTO a VALUES (1, 1), (2, NULL); INSERT INTO b VALUES (9), (1)",
        )
        .unwrap();
    let text = script(&project, &["--from", "1"]);
    let copy = |name: &str| {
        database.execute_batch(&format!("VACUUM INTO '{}'", project.root.join(name).display())).unwrap();
        open(&project, name)
    };
    copy("fine.db").execute_batch(&text).unwrap();
    database.execute_batch("INSERT INTO c VALUES (2)").unwrap();
    let other = copy("other.db");
    let error = other.execute_batch(&text).unwrap_err();
    assert!(error.to_string().contains("rows refer to rows that do not exist"), "{error}");
}

#[test]
fn the_database_says_where_it_begins_and_files_of_others_stay() {
    let project = notes("script-database");
    project.dbmigrate(["up", "--to", "2"]).succeeds();
    let before = fs::read(project.root.join("app.db")).unwrap();
    let text = script(&project, &["--database", "app.db"]);
    assert!(text.starts_with("-- dbmigrate script: script-database from 002_rebuild to 003_bare\n"), "{text}");
    assert_eq!(fs::read(project.root.join("app.db")).unwrap(), before);
    let json = project.dbmigrate(["script", "--database", "app.db", "--message-format", "json"]).succeeds().stdout;
    let said: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!((&said["from"], &said["migrations"]), (&"002_rebuild".into(), &serde_json::json!(["003_bare"])));
    assert_eq!(said["sql"].as_str().unwrap().trim_end(), text.trim_end());
    project.dbmigrate(["script", "--from", "3"]).succeeds().says("nothing to do: `003_bare` is already the target");
    project.write("mine.sql", "SELECT 1;\n");
    project
        .dbmigrate(["script", "-o", "mine.sql"])
        .exits(101)
        .says("`mine.sql` exists, and was not written by this command");
    assert_eq!(project.read("mine.sql"), "SELECT 1;\n");
    project.dbmigrate(["script", "-o", "own.sql"]).succeeds();
    project.dbmigrate(["script", "-o", "own.sql", "--to", "1"]).succeeds();
    assert!(project.read("own.sql").contains("from nothing to 001_notes"));
    project.dbmigrate(["script", "--from", "1", "--database", "app.db"]).exits(2);
    project.dbmigrate(["script", "--from", "nowhere"]).exits(2).says("there is no migration `nowhere`");
    project.dbmigrate(["script", "--database", "none.db"]).exits(101).says("no database at `none.db`");
    project.execute("app.db", "DELETE FROM _migrations WHERE number = 1");
    let run = project.dbmigrate(["script", "--database", "app.db"]).exits(101);
    let run = run.says("does not have exactly the first migrations: see `001_notes`");
    run.says("`cargo dbmigrate up --database app.db`").says_not("verify");
    // One that is no database of the package is none to begin at.
    project.execute("foreign.db", "CREATE TABLE theirs (x)");
    let run = project.dbmigrate(["script", "--database", "foreign.db"]).exits(101);
    run.says("`foreign.db` has tables and no history").says("`cargo dbmigrate mark --database foreign.db`");
    project.execute("empty.db", "PRAGMA user_version = 0");
    project.dbmigrate(["script", "--database", "empty.db"]).succeeds().says("from nothing to 003_bare");
}

#[test]
fn what_no_script_can_do_is_refused_by_name() {
    let project = Project::wired(
        "script-refused",
        &[
            ("001_a.sql", "CREATE TABLE a (x);\n"),
            ("002_b.rs", "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n"),
            ("003_c.sql", "-- dbmigrate: call step\nSELECT 1;\n"),
            ("004_d.sql", "-- dbmigrate: no-transaction\nATTACH 'other.db' AS other;\nVACUUM INTO 'copy.db';\n"),
            ("005_e.sql", "-- dbmigrate: foreign-keys on\nDROP TABLE a;\n"),
        ],
    );
    project
        .dbmigrate(["script"])
        .exits(101)
        .says("`002_b` contains Rust")
        .says("`003_c` contains Rust")
        .says("migrations/004_d.sql:2:1")
        .says("migrations/004_d.sql:3:1")
        .says("`005_e` drops `a` with foreign keys on")
        .says("5 errors found");
    script(&project, &["--to", "1"]);
    project.dbmigrate(["script", "--from", "1", "--to", "nothing"]).exits(101).says("`001_a` can't be rolled back");
    assert!(!project.has("copy.db") && !project.has("other.db"));
}

const REPEATED: [(&str, &str); 3] = [
    (
        "001_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
INSERT INTO users (name) VALUES ('a'), ('b');
CREATE INDEX users_name ON users (name);
",
    ),
    (
        "002_posts.sql",
        "-- dbmigrate: assert SELECT count(*) = 2 FROM users
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id REFERENCES users, body TEXT);
UPDATE users SET name = name || '!' WHERE name IS NOT NULL;
DELETE FROM users WHERE id = 2;
DROP INDEX users_name;
PRAGMA user_version = 2;
",
    ),
    (
        "003_fill.sql",
        "INSERT INTO posts (user_id, body) SELECT id, name FROM users;\nCREATE VIEW v AS SELECT * FROM posts;\n",
    ),
];

#[test]
fn a_script_that_can_be_run_again_is_right_on_every_version_in_between() {
    let project = Project::wired("script-again", &REPEATED);
    project.write("migrations/repeatable/named.sql", "CREATE VIEW named AS SELECT name FROM users;\n");
    let text = script(&project, &["--idempotent"]);
    project.dbmigrate(["up", "--database", "theirs.db"]).succeeds();
    let expected = dump(&open(&project, "theirs.db"));
    for version in ["nothing", "1", "2", "3"] {
        let name = format!("at-{version}.db");
        if version != "nothing" {
            project.dbmigrate(["up", "--to", version, "--database", &name]).succeeds();
        }
        let database = open(&project, &name);
        for time in 0..2 {
            database.execute_batch(&text).unwrap_or_else(|error| panic!("{version}: {error}"));
            assert_eq!(dump(&database), expected, "{version}, {time}");
        }
        project.dbmigrate(["verify", "--database", &name]).succeeds();
        project.dbmigrate(["status", "--check", "--database", &name]).succeeds();
    }
    // Stopped in the middle, it goes on.
    let database = open(&project, "half.db");
    let second = text.find("\n-- 002_posts\n").unwrap();
    database.execute_batch(&text[..second]).unwrap();
    database.execute_batch(&text).unwrap();
    assert_eq!(dump(&database), expected);
    // What somebody else has in the history is nobody's version in between.
    database.execute_batch("UPDATE _migrations SET checksum = 'other' WHERE number = 1").unwrap();
    assert!(database.execute_batch(&text).unwrap_err().to_string().contains("versions between nothing and 003_fill"));
}

#[test]
fn what_somebody_else_has_made_is_not_taken_for_what_a_migration_makes() {
    let project = Project::wired("script-again-taken", &REPEATED);
    let text = script(&project, &["--idempotent"]);
    let made: Vec<(&str, String)> = {
        project.dbmigrate(["up", "--to", "1", "--database", "one.db"]).succeeds();
        project.dbmigrate(["up", "--database", "all.db"]).succeeds();
        let objects =
            "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE '%migr%'";
        let one = project.query("one.db", objects);
        let all = project.query("all.db", objects).into_iter().filter(|it| !one.contains(it));
        all.map(|it| ("one.db", it)).collect()
    };
    assert!(!made.is_empty());
    for (from, object) in made {
        let (kind, name) = object.split_once(' ').unwrap();
        fs::copy(project.root.join(from), project.root.join("taken.db")).unwrap();
        let sql = match kind {
            "table" => format!("CREATE TABLE {name} (other)"),
            "view" => format!("CREATE VIEW {name} AS SELECT 'other'"),
            _ => continue,
        };
        project.execute("taken.db", &sql);
        let database = open(&project, "taken.db");
        let error = database.execute_batch(&text).unwrap_err().to_string();
        assert!(error.contains(&format!("makes the {kind} {name}, which exists")), "{error}");
        database.execute_batch("ROLLBACK").unwrap();
        let mine = ask(&database, &format!("SELECT sql FROM sqlite_schema WHERE name = '{name}'"));
        assert_eq!(mine, [sql]);
        assert_eq!(ask(&database, "SELECT count(*) FROM _migrations WHERE number = 3"), ["0"]);
    }
}

#[test]
fn a_statement_that_can_not_be_run_again_is_named() {
    let project = Project::wired("script-not-again", &REPEATED);
    project.write(
        "migrations/004_more.sql",
        "ALTER TABLE users ADD COLUMN age;\nDROP VIEW v;\nINSERT INTO users DEFAULT VALUES;\n",
    );
    project.write("migrations/005_view.sql", "CREATE VIEW v AS SELECT 1;\n");
    project
        .dbmigrate(["script", "--idempotent"])
        .exits(101)
        .says("migrations/004_more.sql:1:1")
        .says("`ALTER TABLE` has no IF")
        .says("migrations/004_more.sql:2:1")
        .says("a later one creates it again")
        .says("migrations/004_more.sql:3:1")
        .says("for a script that runs once, remove `--idempotent`");
    script(&project, &["--idempotent", "--to", "3"]);
    // What it needs is gone later, and this script does not make it.
    project.write("migrations/004_more.sql", "DROP VIEW v;\nDROP TABLE posts;\n");
    project.remove("migrations/005_view.sql");
    script(&project, &["--idempotent"]);
    project
        .dbmigrate(["script", "--idempotent", "--from", "2"])
        .exits(101)
        .says("migrations/003_fill.sql:1:1")
        .says("where it has already run, it fails: no such table: posts");
    project.write("migrations/hooks/after_all.sql", "SELECT 1;\n");
    project.dbmigrate(["script", "--idempotent", "--to", "3"]).exits(101).says("would run each time");
}

#[test]
fn what_the_program_has_before_and_registers_is_stood_in_for() {
    let project = Project::wired(
        "script-base",
        &[(
            "001_slugs.sql",
            "ALTER TABLE posts ADD COLUMN slug TEXT COLLATE german;\nUPDATE posts SET slug = slugify(title);\n",
        )],
    );
    project.write("base.sql", "CREATE TABLE posts (title TEXT);\n");
    project.edit_manifest(|manifest| {
        let replay = "{ base = \"base.sql\", functions = [\"slugify\"], collations = [\"german\"] }";
        manifest["package"]["metadata"]["migrations"]["replay"] = replay.parse::<toml_edit::Value>().unwrap().into();
    });
    let text = script(&project, &[]);
    let database = open(&project, "app.db");
    database.execute_batch("CREATE TABLE posts (title TEXT); INSERT INTO posts VALUES ('A b')").unwrap();
    let error = database.execute_batch(&text).unwrap_err();
    assert!(error.to_string().contains("german") || error.to_string().contains("slugify"), "{error}");
    database.execute_batch("ROLLBACK").unwrap();
    // Where the engine has them, it runs, on a database that has tables already.
    let text = text.replace(" COLLATE german", "").replace("slugify(", "lower(");
    database.execute_batch(&text).unwrap();
    assert_eq!(ask(&database, "SELECT slug FROM posts"), ["a b"]);
    assert!(
        database.execute_batch(&text).unwrap_err().to_string().contains("starts from a database without a history")
    );
}

#[test]
fn one_transaction_for_all_stays_one() {
    let project = Project::wired("script-all", &NOTES[..2]);
    project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["transaction"] = "all".into());
    let text = script(&project, &[]);
    assert_eq!(text.matches("BEGIN IMMEDIATE").count(), 1, "{text}");
    open(&project, "app.db").execute_batch(&text).unwrap();
    project.dbmigrate(["verify"]).succeeds();
}

#[test]
fn a_line_that_shells_take_for_an_end_is_said() {
    let project = Project::wired("script-go", &[("001_a.sql", "CREATE TABLE a (x);\nINSERT INTO a SELECT 4\n/\n2;\n")]);
    project.dbmigrate(["script"]).succeeds().says("migrations/001_a.sql:2:1").says("a line of only `/` or `go`");
}

#[test]
fn another_set_of_the_database_is_asked_for() {
    let project = Project::wired("script-sets", &[]);
    project.edit_manifest(|manifest| {
        let sets = "{ accounts = { dir = \"accounts\" }, billing = { dir = \"billing\" } }";
        let sets: toml_edit::Value = format!("{{ sets = {sets} }}").parse().unwrap();
        manifest["package"]["metadata"]["migrations"] = sets.into();
    });
    project.write("accounts/001_accounts.sql", "CREATE TABLE accounts (id INTEGER PRIMARY KEY);\n");
    let invoices =
        "-- dbmigrate: requires accounts/001_accounts\nCREATE TABLE invoices (account REFERENCES accounts);\n";
    project.write("billing/001_invoices.sql", invoices);
    project.write("billing/002_paid.sql", "ALTER TABLE invoices ADD COLUMN paid;\n");
    project.dbmigrate(["script"]).exits(2).says("--set accounts");
    let [accounts, billing] = ["accounts", "billing"].map(|set| script(&project, &["--set", set]));
    let database = open(&project, "app.db");
    let error = database.execute_batch(&billing).unwrap_err().to_string();
    assert!(
        error.contains(
            "001_invoices requires accounts/001_accounts, and the history _migrations_accounts does not exist"
        ),
        "{error}"
    );
    database.execute_batch("ROLLBACK").unwrap();
    database.execute_batch(&accounts).unwrap();
    database.execute_batch(&billing).unwrap();
    for set in ["accounts", "billing"] {
        project.dbmigrate(["verify", "--set", set, "--database", "app.db"]).succeeds();
        project.dbmigrate(["up", "--set", set, "--database", "app.db"]).succeeds();
    }
    script(&project, &["--set", "billing", "--from", "1"]);
    project.dbmigrate(["script", "--set", "billing", "--for", "d1", "d1"]).succeeds();
    // A folder is of one set.
    let run = project.dbmigrate(["script", "--set", "accounts", "--for", "d1", "d1"]).exits(101);
    run.says("`d1/001_invoices.sql` is of the set `billing`")
        .says("give each set a folder of its own")
        .says_not("remove");
    // Each needs the other: there is no order of the two.
    project.write("accounts/002_more.sql", "-- dbmigrate: requires billing/001_invoices\nCREATE TABLE more (x);\n");
    project.dbmigrate(["script", "--set", "billing"]).exits(101).says("neither has a script of its own");
}

#[test]
fn a_squash_is_one_migration() {
    let project = Project::wired("script-squash", &REPEATED);
    project.dbmigrate(["up", "--to", "2", "--database", "old.db"]).succeeds();
    project.dbmigrate(["squash", "--through", "2"]).succeeds();
    open(&project, "app.db").execute_batch(&script(&project, &[])).unwrap();
    project.dbmigrate(["verify"]).succeeds();
    project.dbmigrate(["status", "--check"]).succeeds();
    // Its rows are still those of what was squashed.
    project.dbmigrate(["script", "--database", "old.db"]).exits(101).says("has `001_users`").says("squash --undo");
    let database = open(&project, "old.db");
    let error = database.execute_batch(&script(&project, &["--from", "2"])).unwrap_err();
    assert!(error.to_string().contains("this script starts from 002_squashed"), "{error}");
}

#[test]
fn a_rebuild_in_parts_is_refused_and_one_in_a_group_is_not() {
    let tables = "CREATE TABLE c (id INTEGER PRIMARY KEY, e TEXT);
CREATE TABLE r (id INTEGER PRIMARY KEY, c INTEGER NOT NULL REFERENCES c (id) ON DELETE CASCADE);
INSERT INTO c VALUES (1, 1);
INSERT INTO r VALUES (1, 1);
";
    let rebuild = |begin: &str, end: &str| {
        format!(
            "-- dbmigrate: no-transaction\nPRAGMA foreign_keys = OFF;\n{begin}CREATE TABLE n (id INTEGER PRIMARY KEY, e TEXT UNIQUE);
INSERT INTO n SELECT id, e FROM c;\nDROP TABLE c;\nALTER TABLE n RENAME TO c;\n{end}PRAGMA foreign_keys = ON;\n"
        )
    };
    let parts = rebuild("", "");
    let project = Project::wired("script-parts", &[("001_a.sql", tables), ("002_b.sql", &parts)]);
    let run = project.dbmigrate(["script"]).exits(101);
    run.says("migrations/002_b.sql:5:1").says("`002_b` drops a table with foreign keys off").says_not("please report");
    project.write("migrations/002_b.sql", rebuild("BEGIN;\n", "COMMIT;\n"));
    script(&project, &[]);
}

#[test]
fn what_a_file_sets_of_the_connection_ends_with_it() {
    let table = "CREATE TABLE t (n CHECK (n < 5));\nCREATE VIEW v AS SELECT n FROM t;\n";
    for (at, (setting, next)) in [
        ("ignore_check_constraints", "INSERT OR IGNORE INTO t VALUES (7);\n"),
        ("legacy_alter_table", "ALTER TABLE t RENAME TO u;\n"),
        ("writable_schema", "INSERT INTO t VALUES (1);\n"),
    ]
    .into_iter()
    .enumerate()
    {
        for bare in ["", "-- dbmigrate: no-transaction\n"] {
            let first = format!("{bare}{table}PRAGMA {setting} = 1;\n");
            let name = format!("script-settings-{at}-{}", bare.len());
            let project = Project::wired(&name, &[("001_a.sql", &first), ("002_b.sql", next)]);
            let text = script(&project, &[]);
            project.dbmigrate(["up", "--quiet", "--database", "theirs.db"]).succeeds();
            let own = open(&project, "own.db");
            own.execute_batch(&text).unwrap();
            assert_eq!(dump(&own), dump(&open(&project, "theirs.db")), "{text}");
            assert_eq!(ask(&own, &format!("PRAGMA {setting}")), ["0"], "{text}");
        }
    }
}
