//! Ctrl-C while one database is migrated: what has begun is brought to its end, nothing more is begun, and it is said.

#![cfg(unix)] // Signals.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Project, interrupt};

/// A project whose second migration counts so far, with many small ones behind it; the first is applied.
fn counting(test: &str, last: &str) -> Project {
    let long = format!(
        "INSERT INTO t VALUES (1);
         INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n {last}) SELECT count(*) FROM n;"
    );
    let mut files = vec![("001_t.sql".to_owned(), "CREATE TABLE t (a);".to_owned()), ("002_long.sql".to_owned(), long)];
    files.extend((3..=300).map(|n| (format!("{n:03}_small.sql"), format!("INSERT INTO t VALUES ({n});"))));
    let files: Vec<_> = files.iter().map(|(name, sql)| (name.as_str(), sql.as_str())).collect();
    let project = Project::wired(test, &files);
    project.dbmigrate(["up", "--to", "1"]).succeeds();
    project
}

/// Begins to migrate, and waits until the second migration has written.
fn begun(project: &Project) -> Child {
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.args(["dbmigrate", "up", "--message-format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !project.has("app.db-journal") {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::yield_now();
    }
    child
}

#[test]
fn an_interrupted_run_ends_behind_the_migration_that_runs() {
    let project = counting("interrupt-once", "WHERE i < 3000000");
    let child = begun(&project);
    interrupt(&project, &child);
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(101), "{out}{err}");
    assert!(err.contains("interrupted: finishing what has begun"), "{err}");
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(last["reason"], "error", "{last}");
    let message = last["message"].as_str().unwrap();
    assert!(message.starts_with("stopped before `") && message.ends_with(": interrupted"), "{message}");
    assert!(!project.has("app.db-journal"));
    project.dbmigrate(["status"]).succeeds().says("[x] 002_long").says("[ ] 300_small");
    project.dbmigrate(["up"]).succeeds();
    project.dbmigrate(["status", "--check"]).succeeds();
}

#[test]
fn interrupted_again_it_ends_at_once_and_says_what_becomes_of_the_rest() {
    let project = counting("interrupt-twice", "");
    let mut child = begun(&project);
    interrupt(&project, &child);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("interrupt again to stop at once")));
    interrupt(&project, &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(lines.any(|line| line.contains("the next command that writes rolls back what is half done")));
    project.dbmigrate(["status", "--recover"]).succeeds().says("[x] 001_t").says("[ ] 002_long");
    assert_eq!(project.query("app.db", "SELECT count(*) FROM t"), ["0"]);
}

#[test]
fn a_look_at_many_that_is_interrupted_says_that_nothing_was_changed() {
    let project = Project::wired("interrupt-look", &[("001_t.sql", "CREATE TABLE t (a);")]);
    project.dbmigrate(["up", "--database", "done.db"]).succeeds();
    let holder = rusqlite::Connection::open(project.root.join("held.db")).unwrap();
    holder.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.args(["dbmigrate", "up", "--databases", "done.db", "--databases", "held.db", "--message-format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It has looked at the one, and waits for the other.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("\"outcome\":\"current\"")));
    interrupt(&project, &child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("error: interrupted: nothing was being changed"), "{said}");
}
