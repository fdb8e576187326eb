//! A program that is killed while a fresh database starts from a snapshot: all of it is there or nothing, and the next
//! start ends as every other.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use toml_edit::{Array, value};

use crate::sound::{Contents, contents, files_of, remove};
use crate::support::{Project, Run, query};

/// Says every statement by its number, and waits to be killed before the one that it is told.
const PROGRAM: &str = "use std::io::Read;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [path, mode, target, at] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| \"arguments\")?;
    let mut connection = rusqlite::Connection::open(path)?;
    // A cache so small that what is not committed is in the file before the commit.
    connection.execute_batch(\"PRAGMA cache_size = 10; PRAGMA synchronous = OFF\")?;
    let (at, mut count) = (at.parse::<usize>()?, 0);
    let trace = move |event: TraceEvent<'_>| {
        let TraceEvent::Stmt(_, sql) = event else { return };
        if sql.starts_with(\"--\") {
            return;
        }
        count += 1;
        println!(\"{count}\");
        if count == at {
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(3);
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(trace))?;
    let mode = if mode == \"wal\" { dbmigrate_runtime::JournalMode::Wal } else { dbmigrate_runtime::JournalMode::Delete };
    let report = migrations::migrator().journal_mode(mode).up_to(&mut connection, target.parse::<u64>()?)?;
    println!(\"stood for {}\", report.snapshot.map_or(0, |started| started.migrations));
    Ok(())
}
";

/// The last one that the snapshot stands for.
const LAST: usize = 3;
/// The last of all.
const ALL: usize = 4;

fn bench() -> (Project, Vec<Contents>) {
    let project = Project::wired(
        "snapshot-kill",
        &[
            ("001_teams.sql", "CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);\n"),
            (
                "002_rows.sql",
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)\n\
                 INSERT INTO team (name) SELECT 'a name that is long enough to fill pages, number ' || i FROM n;\n",
            ),
            (
                "003_search.sql",
                "CREATE INDEX team_name ON team (name);\n\
                 CREATE VIRTUAL TABLE search USING fts5 (name, content = 'team', content_rowid = 'id');\n\
                 INSERT INTO search (search) VALUES ('rebuild');\n",
            ),
            ("004_late.sql", "CREATE TABLE late (x);\nINSERT INTO late SELECT id FROM team;\n"),
        ],
    );
    project.write("src/main.rs", PROGRAM);
    project.edit_manifest(|manifest| {
        let features: Array = ["bundled", "trace"].into_iter().collect();
        manifest["dependencies"]["rusqlite"]["features"] = value(features);
    });
    // What the whole way makes.
    project.cargo(["build", "-q"]).succeeds();
    let mut expected = vec![Contents::new()];
    for target in 1..=ALL {
        let database = project.root.join("walked.db");
        Run::of(&mut command(&project, &database, "delete", target, 0)).succeeds().says("stood for 0");
        expected.push(contents(&database));
    }
    project.dbmigrate(["snapshot", "--to", &LAST.to_string()]).succeeds();
    project.cargo(["build", "-q"]).succeeds();
    (project, expected)
}

fn command(project: &Project, database: &Path, mode: &str, target: usize, at: usize) -> Command {
    let mut command = project.command(project.program());
    command.arg(database).arg(mode).arg(target.to_string()).arg(at.to_string());
    command
}

#[test]
fn a_kill_before_any_statement_leaves_all_of_it_or_nothing() {
    let (project, expected) = bench();
    let mut seen = [0; ALL + 1];
    for mode in ["delete", "wal"] {
        let database = project.root.join(format!("{mode}.db"));
        let run =
            Run::of(&mut command(&project, &database, mode, ALL, 0)).succeeds().says(&format!("stood for {LAST}"));
        assert_eq!(contents(&database), expected[ALL]);
        let statements = run.stdout.lines().count() - 1;
        assert!(statements > 30, "{statements}");
        for at in 1..=statements {
            remove(&database);
            let mut killed = command(&project, &database, mode, ALL, at);
            let mut child = killed.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            assert!(lines.any(|line| line == at.to_string()), "{mode} {at}");
            child.kill().unwrap();
            child.wait().unwrap();
            // A copy is looked at, so that the next start finds what was left.
            let copy = database.with_extension("copy");
            remove(&copy);
            for (from, to) in files_of(&database).iter().zip(files_of(&copy)) {
                if from.exists() && !from.to_string_lossy().ends_with("-shm") {
                    fs::copy(from, to).unwrap();
                }
            }
            assert_eq!(query(&copy, "PRAGMA integrity_check"), ["ok"], "{mode} {at}");
            let has_history = query(&copy, "SELECT 1 FROM sqlite_schema WHERE name = '_migrations'") == ["1"];
            let rows =
                if has_history { query(&copy, "SELECT count(*) FROM _migrations").concat() } else { "0".to_owned() };
            let rows: usize = rows.parse().unwrap();
            assert!([0, LAST, ALL].contains(&rows), "{mode} {at}: {rows}");
            assert_eq!(contents(&copy), expected[rows], "{mode} {at}: {rows}");
            seen[rows] += 1;
            remove(&copy);
            Run::of(&mut command(&project, &database, mode, ALL, 0)).succeeds();
            assert_eq!(contents(&database), expected[ALL], "{mode} {at}");
        }
    }
    assert!(seen[0] > 20 && seen[LAST] > 5, "{seen:?}");
}
