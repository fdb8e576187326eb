//! A database whose writer was killed in the middle of a transaction: what only reads can't take that back, and every
//! such command says so in the same words.

#![cfg(unix)] // A lock of Windows keeps a file that is open from being copied.

use rusqlite::Connection;

use crate::support::{Project, Run};

const DB: &str = "hot.db";

/// A project with one migration pending in a database that has the journal of a writer that is gone.
pub(crate) fn hot(test: &str) -> Project {
    let users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";
    let tags = "CREATE TABLE tags (name TEXT);";
    let project = Project::wired(test, &[("001_users.sql", users), ("002_tags.sql", tags)]);
    project.dbmigrate(["up", "--to", "1", "--database", "held.db"]).succeeds();
    let writer = Connection::open(project.root.join("held.db")).unwrap();
    writer
        .execute_batch(
            "PRAGMA cache_size = 1;
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO users (name) SELECT 'name ' || i FROM n;
             BEGIN; UPDATE users SET name = name || ' and much more'",
        )
        .unwrap();
    for suffix in ["", "-journal"] {
        let words = [format!("held.db{suffix}"), format!("{DB}{suffix}")];
        Run::of(project.command("cp").args(words)).succeeds();
    }
    writer.execute_batch("ROLLBACK").unwrap();
    project
}

#[test]
fn every_command_that_reads_says_what_a_crashed_writer_left_and_what_takes_it_back() {
    let project = hot("hot-journal");
    for command in [
        &["status"][..],
        &["verify"],
        &["history"],
        &["repair"],
        &["up", "--dry-run"],
        &["down", "--dry-run"],
        &["check"],
        &["drift"],
        &["schema", "database"],
        &["script"],
        &["adopt", "--plan", "--from", "live"],
    ] {
        let command = [command, &["--database", DB]].concat();
        let run = project.dbmigrate(command).exits(101).says("a writer crashed and left a journal beside `hot.db`");
        run.says("to roll back what it had not finished: `cargo dbmigrate status --recover --database hot.db`")
            .says("or, with a copy kept: `cargo dbmigrate backup --database hot.db`")
            .says_not("readonly");
        assert!(project.has("hot.db-journal"));
    }
    project.dbmigrate(["schema", DB]).exits(101).says("`cargo dbmigrate status --recover --database hot.db`");
    project.dbmigrate(["status", "--recover", "--database", DB]).succeeds().says("Recovered `hot.db`");
    project.dbmigrate(["check", "--database", DB]).succeeds();
}

#[test]
fn what_was_taken_back_is_said_of_one_file_and_of_many() {
    let project = hot("hot-recover");
    for name in ["one.db", "two.db"] {
        for suffix in ["", "-journal"] {
            let words = [format!("{DB}{suffix}"), format!("{name}{suffix}")];
            Run::of(project.command("cp").args(words)).succeeds();
        }
    }
    let recover = ["status", "--recover"];
    let run = project.dbmigrate([&recover[..], &["--database", DB, "--message-format", "json"]].concat()).succeeds();
    assert_eq!(run.stdout.lines().next(), Some(r#"{"reason":"database-recovered","database":"hot.db"}"#));
    let run = project.dbmigrate([&recover[..], &["--databases", "one.db", "--databases", "held.db"]].concat());
    let run = run.succeeds().says("note: `one.db`: unfinished changes were rolled back");
    run.says_not("`held.db`: what");
    let run = project.dbmigrate([&recover[..], &["--databases", "two.db", "--message-format", "json"]].concat());
    run.succeeds().says(r#""notes":["unfinished changes were rolled back"]"#);
}

/// A reader needs the log of a database in WAL mode, and SQLite removes neither file for one that may only read.
#[test]
fn what_reads_leaves_the_database_as_it_is() {
    for (mode, beside) in [("delete", &[][..]), ("wal", &["-shm", "-wal"])] {
        let project = Project::wired(&format!("read-{mode}"), &[("001_users.sql", "CREATE TABLE users (name TEXT);")]);
        project.dbmigrate(["up"]).succeeds();
        project.execute("app.db", &format!("PRAGMA journal_mode = {mode}"));
        let before = std::fs::read(project.root.join("app.db")).unwrap();
        for command in [&["status"][..], &["verify"], &["history"], &["drift"], &["check", "--database", "app.db"]] {
            project.dbmigrate(command).succeeds();
            assert!(before == std::fs::read(project.root.join("app.db")).unwrap(), "{command:?}");
            for suffix in ["-journal", "-shm", "-wal"] {
                assert!(beside.contains(&suffix) || !project.has(&format!("app.db{suffix}")), "{command:?}: {suffix}");
            }
            let log = std::fs::metadata(project.root.join("app.db-wal"));
            assert!(log.is_err() || log.is_ok_and(|log| log.len() == 0), "{command:?}");
        }
    }
}

#[test]
fn a_journal_without_its_database_is_not_deleted_for_a_new_one() {
    let project = hot("hot-missing");
    std::fs::rename(project.root.join(DB), project.root.join("moved.db")).unwrap();
    let journal = std::fs::read(project.root.join("hot.db-journal")).unwrap();
    for command in [&["up"][..], &["up", "--dry-run"], &["status"], &["down"]] {
        let run = project.dbmigrate([command, &["--database", DB]].concat()).exits(101);
        run.says("error: `hot.db` is missing, but its journal `hot.db-journal` exists: SQLite would delete that")
            .says("help: to create a new database, move it away: `mv hot.db-journal hot.db-journal.left`");
        assert!(!project.has(DB));
        assert_eq!(std::fs::read(project.root.join("hot.db-journal")).unwrap(), journal);
    }
    // Both choices lead on.
    std::fs::rename(project.root.join("moved.db"), project.root.join(DB)).unwrap();
    project.dbmigrate(["status", "--recover", "--database", DB]).succeeds();
    assert_eq!(project.query(DB, "SELECT count(*) FROM users WHERE name LIKE '%more'"), ["0"]);
    project.write("new.db-wal", "rows of somebody");
    project.dbmigrate(["up", "--database", "new.db"]).exits(101).says("its log `new.db-wal` exists");
    Run::of(project.command("mv").args(["new.db-wal", "new.db-wal.left"])).succeeds();
    project.dbmigrate(["up", "--database", "new.db"]).succeeds();
}
