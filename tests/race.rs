//! Many starts at once, of a new database and of one that an older program left in the middle: everything is applied
//! once, the others wait and find nothing to do, nobody fails, and nobody waits for who is gone.
//!
//! The test command runs twenty rounds of each; `DBMIGRATE_ROUNDS=100` is the whole proof.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use toml_edit::{Array, value};

use crate::support::{Project, Run, query};

const STARTS: usize = 16;

/// What the older program has; its last file has no transaction.
const OLDER: [(&str, &str); 4] = [
    ("001_seed.sql", "CREATE TABLE seed(n);\nINSERT INTO seed VALUES (1);"),
    (
        "002_team.sql",
        "CREATE TABLE team(id INTEGER PRIMARY KEY);
CREATE TABLE member(id INTEGER PRIMARY KEY, team NOT NULL REFERENCES team ON DELETE CASCADE);
INSERT INTO team VALUES (1), (2);
INSERT INTO member VALUES (10, 1), (20, 2);
INSERT INTO seed VALUES (2);",
    ),
    ("003_pause.sql", "INSERT INTO seed VALUES (3);\nSELECT pause();"),
    (
        "004_steps.sql",
        "-- dbmigrate: no-transaction
INSERT INTO seed VALUES (4);
VACUUM;
INSERT INTO seed VALUES (5);
SELECT pause();
PRAGMA optimize;
INSERT INTO seed VALUES (6);",
    ),
];

/// What a newer one adds.
const NEWER: [(&str, &str); 3] = [
    (
        "005_rebuild.sql",
        "CREATE TABLE team_new(id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO team_new(id) SELECT id FROM team;
DROP TABLE team;
ALTER TABLE team_new RENAME TO team;
INSERT INTO seed VALUES (7);",
    ),
    (
        "006_code.rs",
        "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> {
    db.execute(\"INSERT INTO seed VALUES (8)\", []).map(drop)
}
",
    ),
    ("007_more.sql", "CREATE INDEX member_team ON member(team);\nINSERT INTO seed VALUES (9);"),
];

/// Opens, waits for the word, migrates in one or in many threads, and says how many transactions it made.
const PROGRAM: &str = "use std::io::Read;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dbmigrate_runtime::JournalMode;
use rusqlite::functions::FunctionFlags;

dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() {
    let [path, mode, threads, patience] = std::env::args().skip(1).collect::<Vec<_>>().try_into().expect(\"arguments\");
    let threads: usize = threads.parse().expect(\"a number\");
    let patience = Duration::from_secs(patience.parse().expect(\"a number\"));
    let mode = if mode == \"wal\" { JournalMode::Wal } else { JournalMode::Delete };
    let _ = std::io::stdin().read(&mut [0]);
    let (barrier, applied) = (Barrier::new(threads), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                barrier.wait();
                let mut connection = rusqlite::Connection::open(&path).expect(\"a database\");
                // The runner's own patience is what counts.
                connection.busy_timeout(Duration::ZERO).expect(\"a timeout\");
                pause(&connection);
                let migrator = migrations::migrator().journal_mode(mode).busy_timeout(patience);
                let report = migrator.up(&mut connection).unwrap_or_else(|error| panic!(\"{error}\"));
                // A file without a transaction is finished by who finds it: several may have a part in it.
                let done = report.applied.iter().filter(|done| done.number != 4).count();
                applied.fetch_add(done, Ordering::Relaxed);
            });
        }
    });
    println!(\"{}\", applied.into_inner());
}

/// Where the environment says so, a call of `pause()` says where it is, holds what it holds, and waits to be killed.
fn pause(connection: &rusqlite::Connection) {
    let calls = AtomicUsize::new(0);
    let pause = move |_: &mut rusqlite::functions::Context<'_>| {
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        if std::env::var(\"PAUSE_AT\").is_ok_and(|at| at == call.to_string()) {
            println!(\"paused\");
            let _ = std::io::stdin().read(&mut [0]);
        }
        Ok(None::<i64>)
    };
    connection.create_scalar_function(\"pause\", 0, FunctionFlags::SQLITE_UTF8, pause).expect(\"a function\");
}
";

/// One build of the program, and what its databases are called.
struct Program(Project);

impl Program {
    fn build(name: &str, newer: &[(&str, &str)]) -> Self {
        let project = Project::wired(name, &[&OLDER, newer].concat());
        project.write("src/main.rs", PROGRAM);
        project.edit_manifest(|manifest| {
            let features: Array = ["bundled", "functions"].into_iter().collect();
            manifest["dependencies"]["rusqlite"]["features"] = value(features);
        });
        project.cargo(["build", "-q"]).succeeds();
        Self(project)
    }

    fn command(&self, database: &Path, mode: &str, threads: usize, patience: usize) -> Command {
        let mut command = self.0.command(self.0.program());
        command.arg(database).args([mode, &threads.to_string(), &patience.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// So many processes that are about to start, each with so many threads.
    fn line_up(&self, database: &Path, mode: &str, processes: usize, threads: usize) -> Vec<Child> {
        (0..processes).map(|_| self.command(database, mode, threads, 60).spawn().unwrap()).collect()
    }

    /// A process that has come to its n-th pause, where it holds the lock.
    fn paused(&self, database: &Path, mode: &str, pause: usize) -> Child {
        let mut child = self.command(database, mode, 1, 60).env("PAUSE_AT", pause.to_string()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "paused\n", "{mode}, {pause}");
        child
    }
}

/// Lets all of them go at once, and adds up what they did.
fn go(mut children: Vec<Child>) -> usize {
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }
    let applied = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse::<usize>().unwrap()
    });
    applied.sum()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every migration was applied, and every row of the seed is there once.
fn assert_complete(database: &Path, mode: &str, migrations: usize, seeds: usize) {
    let seed = (1..=seeds).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    let found = "SELECT group_concat(n, ' ') FROM (SELECT n FROM seed ORDER BY n)";
    assert_eq!(query(database, found), [seed], "{}", database.display());
    assert_eq!(query(database, "SELECT group_concat(id || ':' || team, ' ') FROM member"), ["10:1 20:2"]);
    let states = query(database, "SELECT count(*) || state FROM _migrations GROUP BY state");
    assert_eq!(states, [format!("{migrations}applied")], "{}", database.display());
    assert_eq!(query(database, "PRAGMA journal_mode"), [mode]);
}

/// Each mode in turn, with files of their own.
fn rounds(project: &Project, test: &str) -> Vec<(&'static str, PathBuf)> {
    let rounds: usize = std::env::var("DBMIGRATE_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let round = |round| (["delete", "wal"][round % 2], project.root.join(format!("{test}-{round}.db")));
    (0..rounds).map(round).collect()
}

#[test]
fn case_46_sixteen_first_starts_apply_everything_once() {
    let program = Program::build("race-first", &NEWER);
    for (processes, threads) in [(STARTS, 1), (1, STARTS)] {
        for (mode, database) in rounds(&program.0, &format!("first-{processes}")) {
            assert_eq!(go(program.line_up(&database, mode, processes, threads)), 6, "{}", database.display());
            assert_complete(&database, mode, 7, 9);
            // And once more: nothing is left to do.
            assert_eq!(go(program.line_up(&database, mode, 1, 1)), 0);
        }
    }
}

#[test]
fn case_46_sixteen_starts_go_on_from_what_a_killed_older_program_left() {
    let (older, newer) = (Program::build("race-older", &[]), Program::build("race-newer", &NEWER));
    for (processes, threads) in [(STARTS, 1), (1, STARTS)] {
        for (mode, database) in rounds(&newer.0, &format!("upgrade-{processes}")) {
            kill(older.paused(&database, mode, 2));
            let states =
                query(&database, "SELECT number || state || statements_done FROM _migrations WHERE number > 2");
            assert_eq!(states, ["3applied2", "4running3"]);
            assert_eq!(go(newer.line_up(&database, mode, processes, threads)), 3, "{}", database.display());
            assert_complete(&database, mode, 7, 9);
        }
    }
}

#[test]
fn case_46_nobody_waits_for_a_process_that_was_killed_with_the_lock() {
    let program = Program::build("race-killed", &[]);
    for (mode, database) in rounds(&program.0, "killed") {
        // At its first pause it has done nothing yet, at its second it is in the middle of its last file.
        for pause in [1, 2] {
            let database = database.with_extension(pause.to_string());
            let holder = program.paused(&database, mode, pause);
            let refused = Run::of(program.command(&database, mode, 1, 0).stdin(Stdio::null()));
            refused.exits(101).says("database is locked");
            let others = program.line_up(&database, mode, STARTS, 1);
            kill(holder);
            // Without any patience, and before the others.
            let first = program.command(&database, mode, 1, 0).spawn().unwrap();
            assert_eq!(go(vec![first]), if pause == 1 { 3 } else { 0 }, "{}", database.display());
            assert_eq!(go(others), 0);
            assert_complete(&database, mode, 4, 6);
        }
    }
}
