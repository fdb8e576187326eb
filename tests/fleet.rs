//! One schema, many files: `--databases` looks at all of them before it changes one, and says what became of each.

use std::collections::BTreeMap;
use std::fs;
#[cfg(unix)]
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::Stdio;
#[cfg(unix)]
use std::process::{Child, ChildStdout};
#[cfg(unix)]
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde_json::Value;

use crate::guide::page;
#[cfg(unix)]
use crate::support::interrupt;
use crate::support::{Project, Run, query};

const MIGRATIONS: [(&str, &str); 3] = [
    (
        "001_users.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n-- dbmigrate: down\nDROP TABLE users;\n",
    ),
    (
        "002_stars.sql",
        "ALTER TABLE users ADD COLUMN stars INTEGER NOT NULL DEFAULT 0;\n\
         -- dbmigrate: down\nALTER TABLE users DROP COLUMN stars;\n",
    ),
    (
        "003_names.sql",
        "CREATE UNIQUE INDEX users_by_name ON users (name);\n-- dbmigrate: down\nDROP INDEX users_by_name;\n",
    ),
];

/// How many files the big fleets have.
fn many() -> usize {
    if std::env::var("DBMIGRATE_FLEET").is_ok_and(|size| size == "full") { 10_000 } else { 60 }
}

/// A package with three migrations.
fn package(test: &str) -> Project {
    Project::wired(test, &MIGRATIONS)
}

/// Makes so many databases in `tenants/`, each with the first migration and a row.
fn tenants(project: &Project, count: usize) -> Vec<String> {
    project.dbmigrate(["up", "--to", "1", "--database", "template.db"]).succeeds();
    project.execute("template.db", "INSERT INTO users (name) VALUES ('ann'), ('bob')");
    fs::create_dir_all(project.root.join("tenants")).unwrap();
    let names: Vec<String> = (0..count).map(|at| format!("tenants/{at:05}.db")).collect();
    for name in &names {
        fs::copy(project.root.join("template.db"), project.root.join(name)).unwrap();
    }
    names
}

/// The newest migration of a database.
fn version(project: &Project, database: &str) -> String {
    project.query(database, "SELECT name FROM _migrations ORDER BY number DESC LIMIT 1").concat()
}

/// How many databases are at each version.
fn versions(project: &Project, databases: &[String]) -> BTreeMap<String, usize> {
    let mut versions = BTreeMap::new();
    for database in databases {
        *versions.entry(version(project, database)).or_default() += 1;
    }
    versions
}

/// The lines of JSON of a run: that of each database, and the last one.
fn told(run: &Run) -> (BTreeMap<String, Value>, Value) {
    let mut databases = BTreeMap::new();
    let mut last = Value::Null;
    for line in run.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line["reason"].as_str().unwrap() {
            "fleet-database" => {
                let name = line["database"].as_str().unwrap().to_owned();
                assert!(databases.insert(name, line).is_none(), "a database is told twice: {run}");
            }
            "fleet-finished" | "fleet-paused" => {
                assert_eq!(last, Value::Null, "{run}");
                last = line;
            }
            _ => panic!("{line}"),
        }
    }
    (databases, last)
}

/// Every file of a folder as it is now. Another process reads them: who closes a file lets go of the locks that its own
/// process has on it.
#[cfg(unix)]
fn copied(project: &Project, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let _ = fs::remove_dir_all(project.root.join("copied"));
    Run::of(project.command("cp").args(["-RL", folder, "copied"])).succeeds();
    let files = bytes(&project.root.join("copied"));
    let name = |path: PathBuf| Path::new(folder).join(path.strip_prefix(project.root.join("copied")).unwrap());
    files.into_iter().map(|(path, bytes)| (name(path), bytes)).collect()
}

/// Every file below a folder, with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => all.extend(bytes(&path)),
            Ok(_) => drop(all.insert(path.clone(), fs::read(&path).unwrap())),
            Err(_) => {}
        }
    }
    all
}

/// Makes a database that has nothing in it, and is no file without bytes.
const NOTHING: &str = "CREATE TABLE a (x); DROP TABLE a";

const UP: [&str; 3] = ["up", "--databases", "tenants/*.db"];

/// Case 57: a fleet with one of everything that can go wrong.
#[cfg(unix)]
#[test]
fn case_57_a_fleet_with_every_fault_is_reported_at_once_left_alone_and_resumed() {
    let project = package("fleet-57");
    let healthy = tenants(&project, many());
    let at = |name: &str| project.root.join(name);
    for name in ["corrupt", "locked", "newer", "readonly", "edited", "wal", "excluded"] {
        fs::copy(at("template.db"), at(&format!("tenants/{name}.db"))).unwrap();
    }
    project.dbmigrate(["up", "--to", "2", "--database", "tenants/other.db"]).succeeds();
    // A page of the schema that is none.
    let mut corrupt = fs::read(at("tenants/corrupt.db")).unwrap();
    corrupt[100..4096].fill(0xff);
    fs::write(at("tenants/corrupt.db"), corrupt).unwrap();
    fs::write(at("tenants/text.db"), "no database, but long enough to be one: ".repeat(40)).unwrap();
    project.execute("tenants/edited.db", "UPDATE _migrations SET checksum = 'v1:0'");
    project.execute(
        "tenants/newer.db",
        "INSERT INTO _migrations SELECT 9, '004_later', applied_at, set_name, 4, checksum, state, statements_done, \
         duration_us, up_sql, down_sql, tool, text_checksum, prefix_checksum, steps_us, violations FROM _migrations",
    );
    let mut readonly = fs::metadata(at("tenants/readonly.db")).unwrap().permissions();
    readonly.set_readonly(true);
    fs::set_permissions(at("tenants/readonly.db"), readonly).unwrap();
    let locked = Connection::open(at("tenants/locked.db")).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    let excluded = Connection::open(at("tenants/excluded.db")).unwrap();
    excluded.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // A reader of a log is in nobody's way.
    let reader = Connection::open(at("tenants/wal.db")).unwrap();
    reader.execute_batch("PRAGMA journal_mode = WAL; INSERT INTO users (name) VALUES ('eve'); BEGIN").unwrap();
    let rows = || reader.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(rows(), 3);
    let mut list = String::from("tenants/missing.db\n");
    project.write("list.txt", &list);

    let faulty = ["corrupt", "edited", "excluded", "locked", "missing", "newer", "readonly", "text"];
    let faulty = faulty.map(|name| format!("tenants/{name}.db"));
    let all = [UP.as_slice(), &["--databases-from", "list.txt", "--busy-timeout", "0"]].concat();
    let before = copied(&project, "tenants");
    let refused = project.dbmigrate(&all).exits(101);
    for (name, message) in [
        ("corrupt", "malformed"),
        ("edited", "`001_users` was edited after it was applied"),
        ("excluded", "database is locked"),
        ("locked", "another connection holds the write lock"),
        ("missing", "no database at"),
        ("newer", "newer than all migrations of this program"),
        ("readonly", "is read-only"),
        ("text", "is not a SQLite database"),
    ] {
        let is_told = |line: &str| line.starts_with(&format!("error: `tenants/{name}.db`: "));
        let at = refused.stderr.lines().position(is_told).unwrap_or_else(|| panic!("{name} is missing in {refused}"));
        let told = refused.stderr.lines().skip(at).take(4).collect::<Vec<_>>().join("\n");
        assert!(told.contains(message), "{name}: {told}");
        assert!(!told.contains(&format!("`tenants/{name}.db`: `tenants/{name}.db` ")), "named twice: {told}");
    }
    let summary = format!("8 of {} databases can't be worked on, so nothing was done", many() + 10);
    let refused = refused.says(&summary).says("to leave them out: `--keep-going`");
    assert_eq!(refused.stderr.matches("error: `tenants/").count(), faulty.len(), "{refused}");
    assert!(before == copied(&project, "tenants"), "a look has changed something");

    // As many as that may fail, and no more.
    let capped = project.dbmigrate(all.iter().copied().chain(["--max-failures", "8"])).exits(101);
    capped.says("so nothing was done");
    assert!(before == copied(&project, "tenants"));

    let going = all.iter().copied().chain(["--keep-going", "--message-format", "json", "--jobs", "3"]);
    let run = project.dbmigrate(going).exits(101);
    let (databases, last) = told(&run);
    assert_eq!(databases.len(), many() + 10);
    for (name, line) in &databases {
        let expect = if faulty.contains(name) { "refused" } else { "done" };
        assert_eq!(line["outcome"], expect, "{line}");
        assert_eq!(line["message"].is_string(), expect == "refused", "{line}");
        if expect == "done" {
            let before = if name == "tenants/other.db" { "002_stars" } else { "001_users" };
            assert_eq!((&line["before"], &line["after"]), (&before.into(), &"003_names".into()), "{line}");
            assert!(line["duration_us"].as_u64().unwrap() > 0);
        }
    }
    assert_eq!(databases["tenants/newer.db"]["before"], "004_later");
    assert_eq!((&last["done"], &last["refused"], &last["left"]), (&(many() + 2).into(), &8.into(), &0.into()));
    assert_eq!(versions(&project, &healthy), BTreeMap::from([("003_names".to_owned(), many())]));
    let after = copied(&project, "tenants");
    for name in faulty.iter().map(Path::new) {
        assert!(before.get(name) == after.get(name), "{} was changed", name.display());
    }
    // The reader sees what it saw.
    assert_eq!(rows(), 3);
    drop(reader);

    // What can be put right is; the next run does only that.
    locked.execute_batch("ROLLBACK").unwrap();
    excluded.execute_batch("ROLLBACK").unwrap();
    for name in ["corrupt", "edited", "text", "newer", "readonly"] {
        fs::remove_file(at(&format!("tenants/{name}.db"))).unwrap();
    }
    list.clear();
    list.push_str("tenants/wal.db\n");
    project.write("list.txt", list);
    let (databases, last) =
        told(&project.dbmigrate(all.iter().copied().chain(["--message-format", "json"])).succeeds());
    let done = databases.iter().filter(|(_, line)| line["outcome"] == "done").map(|(name, _)| name.as_str());
    assert_eq!(done.collect::<Vec<_>>(), ["tenants/excluded.db", "tenants/locked.db"]);
    assert_eq!(last["current"], many() + 2);
    project.dbmigrate(UP).succeeds().says("0 databases migrated in").says(&format!("{} had nothing to do", many() + 4));
    project.dbmigrate(["status", "--check", "--databases", "tenants/*.db"]).succeeds();
}

/// `up` on all databases, by a script of the shell, two at a time: as it is once one of them is done.
#[cfg(unix)]
fn begun(project: &Project, script: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = project.command("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_cargo-dbmigrate"), "dbmigrate"]);
    command.args(UP).args(["--message-format", "json", "--jobs", "2"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"outcome\":\"done\"")));
    (child, lines)
}

/// The exit code and the last line of a run.
#[cfg(unix)]
fn ended(mut child: Child, lines: Lines<BufReader<ChildStdout>>) -> (Option<i32>, Value) {
    let last = lines.map(Result::unwrap).last().unwrap();
    (child.wait().unwrap().code(), serde_json::from_str(&last).unwrap())
}

/// Connections that read these databases: what is written to one is not committed before its reader is gone.
#[cfg(unix)]
fn read(project: &Project, databases: &[String]) -> Vec<Connection> {
    let reader = |database| {
        let connection = Connection::open(project.root.join(database)).unwrap();
        connection.execute_batch("BEGIN; SELECT * FROM users").unwrap();
        connection
    };
    databases.iter().map(reader).collect()
}

/// What a shell runs in the background is begun deaf to Ctrl-C, and stays so.
#[cfg(unix)]
#[test]
fn a_run_that_is_not_to_hear_of_an_interrupt_does_not() {
    let project = package("fleet-deaf");
    let databases = tenants(&project, 4 * many().min(500));
    let readers = read(&project, &databases[databases.len() / 2..]);
    let (child, lines) = begun(&project, "trap '' INT; exec \"$@\"");
    interrupt(&project, &child);
    drop(readers);
    let (exit, last) = ended(child, lines);
    assert_eq!((exit, last["left"].as_u64()), (Some(0), Some(0)), "{last}");
    assert_eq!(versions(&project, &databases), BTreeMap::from([("003_names".to_owned(), databases.len())]));
}

/// Ctrl-C ends the work behind what has begun, says what is left, and the same command does that.
#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_what_it_has_begun_and_says_what_is_left() {
    let project = package("fleet-interrupt");
    let databases = tenants(&project, 4 * many().min(500));
    let readers = read(&project, &databases[databases.len() / 2..]);
    let (mut child, lines) = begun(&project, "exec \"$@\"");
    interrupt(&project, &child);
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("interrupted: finishing what has begun")));
    drop(readers);
    let (exit, last) = ended(child, lines);
    assert_eq!(exit, Some(101));
    assert_eq!((&last["reason"], &last["errors"][0]), (&"fleet-finished".into(), &"interrupted".into()));
    let [done, left] = ["done", "left"].map(|it| usize::try_from(last[it].as_u64().unwrap()).unwrap());
    assert!(left > 0 && done + left == databases.len(), "{last}");
    // Each is done or was not begun.
    let after = versions(&project, &databases);
    assert_eq!(after, BTreeMap::from([("001_users".to_owned(), left), ("003_names".to_owned(), done)]));
    project.dbmigrate(UP).succeeds().says(&format!("{left} databases migrated"));
}

/// However it ends, each file is as before or as after one of its migrations, and the next run does what is left.
#[cfg(unix)]
#[test]
fn a_killed_run_leaves_whole_files_and_the_next_one_does_the_rest() {
    let project = package("fleet-kill");
    let databases = tenants(&project, 4 * many().min(500));
    let readers = read(&project, &databases[databases.len() / 2..]);
    let (mut child, _lines) = begun(&project, "exec \"$@\"");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(readers);

    let before = versions(&project, &databases);
    assert!(before.get("001_users").is_some_and(|left| *left > 0), "nothing is left to resume: {before:?}");
    for database in &databases {
        assert_eq!(project.query(database, "PRAGMA integrity_check"), ["ok"], "{database}");
        let names =
            project.query(database, "SELECT group_concat(name) FROM (SELECT name FROM _migrations ORDER BY number)");
        let has = |table: &str, name: &str| {
            project.query(database, &format!("SELECT count(*) FROM {table} WHERE name = '{name}'")) == ["1"]
        };
        let (stars, index) = (has("pragma_table_info('users')", "stars"), has("sqlite_schema", "users_by_name"));
        let expect = match (stars, index) {
            (false, false) => "001_users",
            (true, false) => "001_users,002_stars",
            (true, true) => "001_users,002_stars,003_names",
            (false, true) => panic!("{database} has the last and not the second"),
        };
        assert_eq!(names, [expect], "{database}");
    }
    let (_, last) = told(&project.dbmigrate(UP.iter().copied().chain(["--message-format", "json"])).succeeds());
    let complete = before.get("003_names").copied().unwrap_or(0);
    assert_eq!((&last["current"], &last["done"]), (&complete.into(), &(databases.len() - complete).into()));
    assert_eq!(versions(&project, &databases), BTreeMap::from([("003_names".to_owned(), databases.len())]));
    for database in &databases {
        assert_eq!(project.query(database, "SELECT group_concat(name) FROM users"), ["ann,bob"]);
    }
}

#[cfg(unix)]
#[test]
fn few_files_may_be_open_and_many_jobs_wanted() {
    let project = package("fleet-limit");
    let databases = tenants(&project, many());
    let binary = env!("CARGO_BIN_EXE_cargo-dbmigrate");
    let limited =
        |line: &str| Run::of(project.command("sh").args(["-c", &format!("ulimit -n 64; exec '{binary}' {line}")]));
    let up = limited("up --databases 'tenants/*.db' --jobs 50 --backup").succeeds();
    up.says("4 at once instead of 50: this process may not open files for more");
    assert_eq!(versions(&project, &databases), BTreeMap::from([("003_names".to_owned(), many())]));
    let drift = limited("drift --databases 'tenants/*.db'").succeeds();
    drift.says(&format!("Databases: {0} | Current: {0}", many()));
    limited("down --all --databases 'tenants/*.db' --no-backup").succeeds().says("rolled back in");
}

#[test]
fn the_first_ones_are_done_and_somebody_looks() {
    let project = package("fleet-canary");
    let databases = tenants(&project, 5);
    let canary = |more: &[&str]| project.dbmigrate([UP.as_slice(), &["--canary", "2"], more].concat());
    let run = canary(&["--jobs", "1"]).exits(1);
    let run = run.says("Paused 2 databases migrated, 3 left");
    run.says("to continue with the others: `cargo dbmigrate up --databases 'tenants/*.db' --jobs 1`");
    let expect = |done: usize| {
        let mut expect = BTreeMap::from([("003_names".to_owned(), done)]);
        if done < 5 {
            expect.insert("001_users".to_owned(), 5 - done);
        }
        assert_eq!(versions(&project, &databases), expect);
    };
    expect(2);
    let (lines, last) = told(&canary(&["--message-format", "json"]).exits(1));
    assert_eq!((lines.len(), &last["reason"], &last["left"]), (5, &"fleet-paused".into(), &1.into()));
    expect(4);
    canary(&["--yes"]).succeeds();
    expect(5);
    // Nobody has to look where nothing is left.
    canary(&[]).succeeds();

    // One that fails is enough.
    project.dbmigrate(["down", "--to", "001", "--databases", "tenants/*.db"]).succeeds();
    project.execute(&databases[1], "INSERT INTO users (name) VALUES ('ann')");
    let failed = canary(&["--yes", "--jobs", "1", "--keep-going"]).exits(101);
    failed.says("UNIQUE constraint failed").says("1 of 5 databases failed, 3 were not reached");
    let all = versions(&project, &databases);
    assert_eq!(all["001_users"], 3, "{all:?}");
}

#[test]
fn what_fails_at_work_stops_the_others_unless_they_are_to_go_on() {
    let project = package("fleet-failures");
    let databases = tenants(&project, 8);
    for twice in [1, 3, 5] {
        project.execute(&databases[twice], "INSERT INTO users (name) VALUES ('ann')");
    }
    let up = |more: &[&str]| {
        for database in &databases {
            let version = version(&project, database);
            if version != "001_users" {
                project.dbmigrate(["down", "--to", "1", "--database", database]).succeeds();
            }
        }
        let run = project.dbmigrate([UP.as_slice(), &["--jobs", "1", "--message-format", "json"], more].concat());
        let (_, last) = told(&run.exits(101));
        ["done", "failed", "left"].map(|key| last[key].as_u64().unwrap())
    };
    assert_eq!(up(&[]), [1, 1, 6]);
    assert_eq!(up(&["--max-failures", "2"]), [2, 2, 4]);
    assert_eq!(up(&["--keep-going"]), [5, 3, 0]);
    let (lines, _) = told(&project.dbmigrate([UP.as_slice(), &["--message-format", "json", "--keep-going"]].concat()));
    let failed = &lines[&databases[1]];
    assert_eq!((&failed["before"], &failed["after"]), (&"002_stars".into(), &"002_stars".into()));
    assert!(failed["message"].as_str().unwrap().contains("UNIQUE constraint failed: users.name"), "{failed}");
    let help: Vec<&str> = failed["help"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(
        help,
        [
            "if a database already has it, its file must not change: correct the rows of this one, then run the same \
             command again",
            "else correct the file, then run the same command again",
        ]
    );
    // On copies nothing is lost, so all of them are tried.
    let dry = project.dbmigrate([UP.as_slice(), &["--dry-run", "--jobs", "1"]].concat()).exits(1);
    let dry = dry.says("`tenants/00001.db`, `tenants/00003.db`, `tenants/00005.db`: ");
    assert_eq!(dry.stderr.matches("UNIQUE constraint failed").count(), 1, "{dry}");
    assert_eq!(versions(&project, &databases)["002_stars"], 3);
}

#[test]
fn what_many_have_in_common_does_not_fill_the_screen() {
    let project = package("fleet-equal");
    let databases = tenants(&project, 23);
    let on = |words: &[&str]| project.dbmigrate(words.iter().chain(&["--databases", "tenants/*.db"]));
    // Each of them has another fault.
    for (at, database) in databases.iter().enumerate() {
        project.execute(database, &format!("UPDATE _migrations SET name = '001_of_{at}'"));
    }
    let shown = |words: &[&str]| {
        let run = on(words);
        (run.stderr.matches("has the number of").count(), run.stderr.contains("and 3 more; `-v` shows all"))
    };
    for command in ["up", "verify"] {
        assert_eq!(shown(&[command]), (20, true), "{command}");
        assert_eq!(shown(&[command, "-v"]), (23, false), "{command}");
    }
    // All of them, and then all but one, have the same.
    for database in &databases {
        project.execute(database, "UPDATE _migrations SET name = '001_users', checksum = 'v1:0'");
    }
    let once = |words: &[&str], names: &str| {
        let run = on(words).says(names);
        assert_eq!(run.stderr.matches("was edited after it was applied").count(), 1, "{run}");
    };
    for command in ["up", "verify", "status"] {
        once(&[command], "error: all 23 databases: ");
        once(&[command, "-v"], "`tenants/00021.db`, `tenants/00022.db`: ");
    }
    project.dbmigrate(["repair", "--all", "--database", &databases[1]]).succeeds();
    once(&["up"], "error: `tenants/00000.db`, `tenants/00002.db`, `tenants/00003.db` and 19 more: ");
    let run = project.dbmigrate([UP.as_slice(), &["--message-format", "json"]].concat()).exits(101);
    assert_eq!(told(&run).0.values().filter(|line| line["outcome"] == "refused").count(), 22);
}

#[test]
fn a_fault_of_the_files_is_said_once_and_where_it_is() {
    let project = package("fleet-files");
    tenants(&project, 3);
    project.write("migrations/001_users.sql", "CREATE TABLE users (id);\nSELECT * FROM nowhere;\n");
    let drift = project.dbmigrate(["drift", "--databases", "tenants/*.db"]).exits(101);
    let drift = drift.says("error: all 3 databases: ").says("no such table: nowhere (migrations/001_users.sql:2:");
    assert_eq!((drift.stderr.matches("nowhere").count(), drift.stdout.matches("nowhere").count()), (1, 0), "{drift}");
}

#[test]
fn going_back_needs_one_target_for_all() {
    let project = package("fleet-down");
    let databases = tenants(&project, 4);
    project.dbmigrate(["up", "--database", &databases[0]]).succeeds();
    project.dbmigrate(["up", "--to", "2", "--database", &databases[1]]).succeeds();
    fs::create_dir(project.root.join("empty")).unwrap();
    project.execute("empty/new.db", NOTHING);
    let down = |words: &[&str]| project.dbmigrate(["down", "--databases", "tenants/*.db"].iter().chain(words));
    for words in [&[][..], &["003"], &["--count", "1"]] {
        down(words).exits(2).says("`down` of many databases needs a version");
    }
    down(&["--to", "nmes"]).exits(2).says("did you mean `names`?");
    let back = down(&["--to", "stars", "--databases", "empty/*.db"]).succeeds();
    back.says("1 database rolled back in").says("4 had nothing to do");
    assert_eq!(versions(&project, &databases), BTreeMap::from([("001_users".into(), 2), ("002_stars".into(), 2)]));
    down(&["--all"]).succeeds();
    for database in &databases {
        assert_eq!(project.query(database, "SELECT count(*) FROM _migrations"), ["0"]);
    }
    // No way back from one of them: nothing is begun.
    project.write("migrations/004_last.sql", "CREATE TABLE last (a);\n");
    project.dbmigrate(["up", "--database", &databases[2]]).succeeds();
    project.dbmigrate(["up", "--to", "3", "--databases", "tenants/*.db"]).succeeds();
    down(&["--to", "1"]).exits(101).says("004_last").says("1 of 4 databases can't be worked on, so nothing was done");
    assert_eq!(version(&project, &databases[0]), "003_names");
}

#[test]
fn what_only_looks_writes_nothing_and_says_no() {
    let project = package("fleet-look");
    let databases = tenants(&project, 3);
    project.dbmigrate(["up", "--database", &databases[0]]).succeeds();
    project.execute(&databases[1], "CREATE TABLE by_hand (a)");
    project.execute(&databases[2], "UPDATE _migrations SET checksum = 'v1:0'");
    let before = bytes(&project.root.join("tenants"));
    let on =
        |command: &str, more: &[&str]| project.dbmigrate([&[command, "--databases", "tenants/*.db"], more].concat());
    let status = on("status", &[]).succeeds();
    for line in [
        "tenants/00000.db  003_names  nothing to do",
        "tenants/00001.db  001_users  2 pending",
        "Databases: 3 | Current: 1 | Pending: 1 | Differing: 1",
    ] {
        assert!(status.stdout.lines().any(|it| it == line), "{line}: {status}");
    }
    on("status", &["--check"]).exits(1);
    on("status", &["-q"]).succeeds().says_not("Found");
    let verify = on("verify", &[]).exits(1).says("`001_users` was edited after it was applied");
    let verify = verify.says("`cargo dbmigrate repair 001_users --database tenants/00002.db`");
    assert!(verify.stdout.contains("tenants/00000.db  003_names  3 migrations, as the history has them\n"), "{verify}");
    let drift = on("drift", &[]).exits(1).says("`tenants/00001.db`: the schema is not what the migrations make");
    assert!(drift.stdout.contains("tenants/00000.db  003_names  no difference from 3 applied migrations\n"), "{drift}");
    drift.says("table `by_hand` is added").says("Databases: 3 | Current: 2 | Differing: 1");
    for command in ["status", "verify", "drift"] {
        let (lines, last) = told(&on(command, &["--message-format", "json"]));
        assert_eq!((lines.len(), &last["command"]), (3, &command.into()));
    }
    let (lines, _) = told(&on("drift", &["--message-format", "json"]));
    assert_eq!(lines["tenants/00001.db"]["differences"], serde_json::json!(["table `by_hand` is added"]));
    assert_eq!(lines["tenants/00000.db"]["checked"], 3);
    let (lines, _) = told(&on("status", &["--message-format", "json"]));
    assert_eq!(lines["tenants/00000.db"]["checked"], Value::Null);
    assert!(before == bytes(&project.root.join("tenants")));
}

#[test]
fn many_files_are_counted_and_all_of_them_are_listed_on_request() {
    let project = package("fleet-table");
    let databases = tenants(&project, 50);
    project.dbmigrate(["up", "--database", &databases[7]]).succeeds();
    let status = project.dbmigrate(["status", "--databases", "tenants/**"]).succeeds();
    assert_eq!(
        status.stdout,
        "49 databases  001_users  2 pending\n 1 database   003_names  nothing to do\n\n\
         Databases: 50 | Current: 1 | Pending: 49\n"
    );
    let listed = project.dbmigrate(["status", "--databases", "tenants/**", "-v"]).succeeds();
    assert_eq!(listed.stdout.lines().filter(|line| line.starts_with("tenants/")).count(), 50, "{listed}");
    let up = project.dbmigrate(["up", "--databases", "tenants/**"]).succeeds();
    assert_eq!(
        up.stdout,
        "49 databases  001_users -> 003_names  done\n 1 database   003_names               nothing to do\n"
    );
}

#[test]
fn copies_lie_beside_each_and_are_never_taken_for_databases() {
    let project = package("fleet-copies");
    tenants(&project, 0);
    for tenant in ["a", "b"] {
        fs::create_dir_all(project.root.join("tenants").join(tenant)).unwrap();
        fs::copy(project.root.join("template.db"), project.root.join("tenants").join(tenant).join("app.db")).unwrap();
    }
    let on = |words: &[&str]| project.dbmigrate(words.iter().chain(&["--databases", "tenants/*/*"]));
    let copies = |folder: &str| {
        let names = fs::read_dir(project.root.join(folder)).unwrap().map(|it| it.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".bak")).count()
    };
    on(&["backup"]).succeeds().says("2 databases copied");
    on(&["backup", "--backup-keep", "2"]).succeeds().says("Found 2 databases (left out: 2 files that belong to one)");
    on(&["up", "--backup"]).succeeds();
    assert_eq!([copies("tenants/a"), copies("tenants/b")], [3, 3]);
    // Two files of one name would share their copies.
    on(&["backup", "--to", "x.db"]).exits(2).says("`--to` names one file");
    let alike = on(&["backup", "--backup-dir", "copies"]).exits(101);
    alike.says("the copies of `tenants/a/app.db`, `tenants/b/app.db` would have the same name");
    assert!(!project.has("copies"));
    let alike = on(&["down", "--to", "1", "--backup", "--backup-dir", "copies"]).exits(101);
    alike.says("would have the same name");
    assert_eq!(version(&project, "tenants/a/app.db"), "003_names");
    let one = ["backup", "--backup-dir", "copies", "--databases", "tenants/a/app.db"];
    project.dbmigrate(one).succeeds();
    assert_eq!(copies("copies"), 1);
    on(&["verify"]).succeeds();
}

#[test]
fn which_files_are_meant_is_said_in_patterns_and_lists() {
    let project = package("fleet-names");
    let databases = tenants(&project, 3);
    let status = |words: &[&str]| project.dbmigrate(["status"].iter().chain(words));
    status(&["--databases", "tenants/*.sqlite"]).exits(101).says("`tenants/*.sqlite` names no database");
    status(&["--databases", "tenants/["]).exits(2).says("is not a pattern");
    // What has no wildcard was meant as a path.
    status(&["--databases", "tenants/none.db"]).exits(101).says("no database at `tenants/none.db`").says_not("quote");
    status(&["--databases", "tenants"]).exits(101).says("is a folder").says("`--databases 'tenants/*.db'`");
    // Without quotes the shell has read the pattern.
    let expanded = [&["--databases"], &databases.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat();
    status(&expanded)
        .exits(2)
        .says("tip: the shell has made several words of the pattern: quote it, as in --databases");
    status(&["more"]).exits(2).says_not("quote");
    status(&["--databases="]).exits(2);
    let down = ["down", "--databases", "tenants/*.db"];
    project.dbmigrate(down).exits(2).says("`down --to TARGET`").says_not("quote the pattern");
    project.dbmigrate(down.iter().chain(&["tenants/b.db"])).exits(2).says("quote the pattern");
    // Who reads JSON waits for the last line, whatever comes before it.
    for (words, exit) in [(["--databases", "tenants/*.sqlite"], 101), (["--databases", "tenants/["], 2)] {
        let run = status(&[&words[..], &["--message-format", "json"]].concat()).exits(exit);
        let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
        assert!(last["reason"] == "fleet-finished" && last["databases"] == 0, "{run}");
        assert_eq!(last["errors"].as_array().unwrap().len(), 1, "{run}");
    }
    status(&["--databases", "x", "--database", "y"]).exits(2).says("cannot be used with");
    status(&["--databases-from", "no.txt"]).exits(101).says("could not read the list `no.txt`");
    status(&["--jobs", "2"]).exits(2).says("--databases");
    status(&["--databases", "x", "--jobs", "0"]).exits(2);
    status(&["--databases", "x", "--canary", "1"]).exits(2).says("unexpected argument '--canary'");
    project.dbmigrate(["up", "--keep-going"]).exits(2).says("--databases");
    project.dbmigrate(["up", "--yes", "--databases", "x"]).exits(2).says("`--yes` is for `--canary N`");
    let down = project.dbmigrate(["down", "--yes"]).exits(2).says("`--yes` is for `--canary N`");
    down.says("`down` asks nothing else: remove `--yes`");
    project.dbmigrate(["redo", "--databases", "x"]).exits(2).says("unexpected argument '--databases'");
    status(&["--databases", "tenants/*.db", "--dir", "migrations"]).exits(2).says("`--layout` and `--dir`");
    // Once each, in the order in which they are named.
    project.write("list", format!("{}\r\n\n{}\n", databases[2], databases[0]));
    let run = status(&["--databases", "./tenants/00001.db", "--databases-from", "list", "--databases", "tenants/*.db"]);
    let run = run.succeeds().says("Found 3 databases (left out: 3 files named again)");
    let names: Vec<&str> = run.stdout.lines().filter_map(|line| line.split_once(".db ")).map(|(it, _)| it).collect();
    assert_eq!(names, ["tenants/00001", "tenants/00000", "tenants/00002"]);
    project.write("zero", format!("{}\0{}\0", databases[0], databases[1]));
    status(&["--databases-from", "zero"]).exits(2).says("for a list in which they end each name");
    status(&["--databases-from", "zero", "-0"]).succeeds().says("Databases: 2");
    project.write("own", "tenants/00000.db-wal\n");
    project.write("tenants/00000.db-wal", "");
    status(&["--databases-from", "own"]).exits(101).says("by its name it belongs to one");
    // From the list that another program makes.
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command
        .args(["dbmigrate", "status", "--databases-from", "-"])
        .stdin(fs::File::open(project.root.join("list")).unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Databases: 2 | Pending: 2"));
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_a_name() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = package("fleet-bytes");
    tenants(&project, 1);
    let odd = project.root.join("tenants").join(std::ffi::OsStr::from_bytes(b"\xff.db"));
    fs::copy(project.root.join("template.db"), &odd).unwrap();
    project.dbmigrate(UP).succeeds().says("2 databases migrated");
    assert_eq!(query(&odd, "SELECT count(*) FROM _migrations"), ["3"]);
    project.write("list", b"tenants/\xff.db\n");
    project.dbmigrate(["verify", "--databases-from", "list"]).succeeds().says("Databases: 1 | Current: 1");
    // Neither takes the copies of the other for its own.
    let other = odd.with_file_name(std::ffi::OsStr::from_bytes(b"\xfe.db"));
    fs::copy(&odd, &other).unwrap();
    for _ in 0..3 {
        project.dbmigrate(["backup", "--backup-keep", "1", "--databases", "tenants/?.db"]).succeeds();
    }
    let names = fs::read_dir(project.root.join("tenants")).unwrap().map(|it| it.unwrap().file_name());
    let names: Vec<Vec<u8>> = names.map(|name| name.as_bytes().to_vec()).filter(|it| it.ends_with(b".bak")).collect();
    for first in [0xff, 0xfe] {
        // The oldest of the version, and the newest.
        assert_eq!(names.iter().filter(|name| name[0] == first).count(), 2, "{names:?}");
    }
    assert_eq!(names.len(), 4);
}

#[cfg(unix)]
#[test]
fn what_can_not_be_worked_on_safely_is_refused_by_the_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = package("fleet-refused");
    let databases = tenants(&project, 3);
    fs::hard_link(project.root.join(&databases[1]), project.root.join("tenants/other.db")).unwrap();
    project.write("tenants/zero.db", "");
    let before = bytes(&project.root.join("tenants"));
    let run = project.dbmigrate(UP).exits(101);
    run.says("`tenants/00001.db`: `tenants/other.db` is the same file under another name, a hard link")
        .says("`tenants/zero.db`: is empty: 0 bytes")
        .says("`cargo dbmigrate up --database tenants/zero.db`")
        .says("2 of 4 databases can't be worked on, so nothing was done");
    assert_eq!(bytes(&project.root.join("tenants")), before);
    fs::remove_file(project.root.join("tenants/other.db")).unwrap();
    fs::remove_file(project.root.join("tenants/zero.db")).unwrap();
    // A folder that can't be written. Permissions don't bind root, so somebody else has to try.
    let folder = project.root.join("tenants");
    let mut words = vec!["cargo-dbmigrate"];
    let permit = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    if fs::write(folder.join("probe"), "").is_ok() {
        fs::remove_file(folder.join("probe")).unwrap();
        words = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"].to_vec();
        if std::process::Command::new("setpriv").arg("--version").output().is_err() {
            permit(0o755);
            assert!(std::env::var_os("CI").is_none(), "this is root, and there is no `setpriv`");
            println!("not tested: this is root, and there is no `setpriv`");
            return;
        }
    }
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_cargo-dbmigrate");
        let mut command = match words[0] {
            "setpriv" => {
                let mut command = project.command("setpriv");
                command.args(&words[1..]).arg(program);
                command
            }
            _ => project.command(program),
        };
        Run::of(command.arg("dbmigrate").args(arguments))
    };
    let up = run(&UP);
    let backup = run(&["backup", "--databases", "tenants/*.db"]);
    permit(0o755);
    up.exits(101).says("error: all 3 databases: the folder `").says("can't be written").says("3 of 3 databases");
    backup.exits(101).says("no copy can be written to `").says("3 of 3 databases");
    assert_eq!(versions(&project, &databases)["001_users"], 3);
}

#[test]
fn every_database_has_all_sets() {
    let project = Project::new("fleet-sets");
    project.edit_manifest(|manifest| {
        let tables = "[migrations.sets.accounts]\n[migrations.sets.billing]\n";
        manifest["package"]["metadata"] = tables.parse::<toml_edit::DocumentMut>().unwrap().as_item().clone();
    });
    project.write("migrations/accounts/001_users.sql", MIGRATIONS[0].1);
    let invoices = "-- dbmigrate: requires accounts/001_users\nCREATE TABLE invoices (who INTEGER REFERENCES users (id));\n\
                    -- dbmigrate: down\nDROP TABLE invoices;\n";
    project.write("migrations/billing/001_invoices.sql", invoices);
    fs::create_dir(project.root.join("t")).unwrap();
    for name in ["a", "b", "c"] {
        project.execute(&format!("t/{name}.db"), NOTHING);
    }
    let on = |words: &[&str]| project.dbmigrate(words.iter().chain(&["--databases", "t/*.db"]));
    on(&["up", "--set", "accounts"]).succeeds().says("- -> accounts/001_users");
    on(&["up", "--to", "1"]).exits(2).says("`up --to` works on one").says("`--set accounts`, `--set billing`");
    on(&["up"]).succeeds().says("accounts/001_users -> accounts/001_users, billing/001_invoices");
    on(&["verify"]).succeeds();
    on(&["drift"]).succeeds();
    on(&["down", "--all"]).exits(2).says("`down --all` works on one");
    on(&["down", "--all", "--set", "accounts"]).exits(101).says("requires it").says("so nothing was done");
    on(&["down", "--all", "--set", "billing"]).succeeds();
    on(&["status", "--check", "--set", "accounts"]).succeeds();
    on(&["status", "--check"]).exits(1).says("1 pending");
    on(&["status", "--set", "bill"]).exits(2).says("there is no set `bill`");
    project.edit_manifest(|manifest| {
        manifest["package"]["metadata"]["migrations"]["sets"]["billing"]["database"] = toml_edit::value("b.db");
    });
    on(&["up"]).exits(2).says("`--databases` names those of one set");
}

/// Only the program can run the Rust in its migrations: its runner is built once, and is a process for each file.
#[cfg(unix)]
#[test]
fn rust_is_run_by_the_programs_own_runner() {
    let project = Project::fixture("cmdarr", "fleet");
    let databases: Vec<String> = (0..6).map(|at| format!("tenants/{at}.db")).collect();
    fs::create_dir_all(project.root.join("tenants")).unwrap();
    for database in &databases {
        project.execute(
            database,
            "CREATE TABLE command_executions (id INTEGER PRIMARY KEY, command_name TEXT NOT NULL, started_at TEXT, \
             success INTEGER); INSERT INTO command_executions VALUES (1, 'sync', '2023-05-01', 1)",
        );
    }
    // Its name is taken there.
    project.execute(&databases[3], "CREATE TABLE ix_command_executions_status (a)");
    let on = |words: &[&str]| project.dbmigrate(words.iter().chain(&["--databases", "tenants/*.db"]));
    let before = bytes(&project.root.join("tenants"));
    let dry = on(&["up", "--to", "1.0.0", "--dry-run"]).succeeds().says("6 databases rehearsed");
    assert!(before == bytes(&project.root.join("tenants")), "{dry}");
    let (lines, last) = told(&on(&["up", "--to", "1.0.0", "--message-format", "json", "--jobs", "3"]).succeeds());
    assert_eq!((last["done"].as_u64(), lines["tenants/0.db"]["applied"].as_u64()), (Some(6), Some(1)));
    assert_eq!(lines["tenants/5.db"]["after"], "001_add_status_to_command_executions");
    // To build the runner anew is no work on databases.
    let runner = project.program().with_file_name(project.name.replace("cmdarr", "cmdarr-migrate"));
    project.write("src/lib.rs", project.read("src/lib.rs") + "// Another line.\n");
    let (_, last) = told(&on(&["drift", "--message-format", "json"]));
    let begun = SystemTime::now() - Duration::from_micros(last["duration_us"].as_u64().unwrap());
    assert!(fs::metadata(&runner).unwrap().modified().unwrap() <= begun, "{last}");
    let failed = on(&["up", "--keep-going"]).exits(101);
    failed.says("error: `tenants/3.db`: ").says("ix_command_executions_status").says("1 of 6 databases failed");
    project.execute(&databases[3], "DROP TABLE ix_command_executions_status");
    on(&["up"]).succeeds().says("1 database migrated in").says("5 had nothing to do");
    on(&["status", "--check"]).succeeds();
    let all = BTreeMap::from([("002_ensure_command_execution_indexes".to_owned(), 6)]);
    let rows = "SELECT name FROM migrations ORDER BY number DESC LIMIT 1";
    let mut versions = BTreeMap::new();
    databases.iter().for_each(|it| *versions.entry(project.query(it, rows).concat()).or_default() += 1);
    assert_eq!(versions, all);
    on(&["down", "--all"]).exits(101).says("can't be rolled back").says("so nothing was done");

    // On a host without cargo, as the guide has it.
    let recipe = page("docs/fleets.md");
    let recipe = recipe.lines().find(|line| line.contains("xargs -0")).unwrap();
    fs::copy(project.root.join(&databases[0]), project.root.join("tenants/new.db")).unwrap();
    project.execute("tenants/new.db", "DELETE FROM migrations WHERE number = 2");
    let shell =
        Run::of(project.command("sh").args(["-c", &recipe.replace("clinic-migrate", &runner.display().to_string())]));
    shell.succeeds().says("1 migration applied");
    on(&["status", "--check"]).succeeds();
}

/// What a writer that crashed had begun is taken back by the look, so that the next run needs no help.
#[cfg(unix)]
#[test]
fn a_file_whose_writer_crashed_is_brought_up_with_the_others() {
    let project = package("fleet-crashed");
    let databases = tenants(&project, 3);
    let writer = Connection::open(project.root.join("template.db")).unwrap();
    let begun = "PRAGMA cache_size = 1; BEGIN; UPDATE users SET name = name || ' and much more';
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO users (name) SELECT 'half ' || i FROM n";
    writer.execute_batch(begun).unwrap();
    for crashed in &databases[1..] {
        for suffix in ["", "-journal"] {
            let words = [format!("template.db{suffix}"), format!("{crashed}{suffix}")];
            Run::of(project.command("cp").args(words)).succeeds();
        }
    }
    writer.execute_batch("ROLLBACK").unwrap();
    assert!(fs::read(project.root.join(&databases[1])).unwrap().windows(5).any(|it| it == b"half "));
    let status = project.dbmigrate(["status", "--databases", "tenants/*.db"]).exits(101);
    status
        .says("a writer crashed and left a journal beside")
        .says(&format!("`cargo dbmigrate status --recover --database {}`", databases[1]))
        .says(&format!("`cargo dbmigrate backup --database {}`", databases[1]));
    // Asked for, it is taken back, and nothing else is done.
    let recovered = ["status", "--recover", "--databases", &databases[1]];
    project.dbmigrate(recovered).succeeds().says("Pending: 1");
    assert!(!project.has(&format!("{}-journal", databases[1])));
    assert_eq!(version(&project, &databases[1]), "001_users");
    // A copy takes it back as well, and applies nothing.
    project.dbmigrate(["backup", "--databases", &databases[2]]).succeeds().says("1 database copied");
    assert_eq!(version(&project, &databases[2]), "001_users");
    project.dbmigrate(UP).succeeds().says("3 databases migrated");
    for database in &databases {
        assert_eq!(project.query(database, "SELECT group_concat(name) FROM users"), ["ann,bob"]);
    }
}

#[test]
fn nobody_is_told_to_leave_out_what_was_left_out() {
    let project = package("fleet-left-out");
    tenants(&project, 3);
    project.write("tenants/zero.db", "");
    let keep_going = || project.dbmigrate(UP.iter().chain(&["--keep-going"])).exits(101);
    keep_going().says("3 databases migrated");
    keep_going()
        .says("error: 1 of 4 databases can't be worked on, 3 had nothing to do")
        .says_not("to leave them out")
        .says_not("nothing was done");
}
