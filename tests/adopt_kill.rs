//! A program that is killed while it takes an old history over, and many that start at once: the history is the old one or
//! ours, never between, exactly one takes it over, and the next start ends with what an undisturbed one does.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use toml_edit::{Array, value};

use crate::adopt::{contents, installed, restore};
use crate::sound::{files_of, remove};
use crate::support::{Project, Run, query};

const STARTS: usize = 8;

/// Counts its statements, and stops at one where the environment says so.
const PROGRAM: &str = "use std::io::Read;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

dbmigrate_runtime::include_migrations!(pub mod migrations);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or(\"a path\")?;
    let mut connection = rusqlite::Connection::open(path)?;
    // What is not committed is in the file before the commit.
    connection.execute_batch(\"PRAGMA cache_size = 1; PRAGMA synchronous = OFF\")?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    let number: usize = std::env::var(\"NUMBER\").map_or(Ok(0), |number| number.parse())?;
    let mut count = 0;
    let trace = move |event: TraceEvent<'_>| {
        let TraceEvent::Stmt(..) = event else { return };
        count += 1;
        if number == 0 {
            println!(\"{count}\");
        } else if number == count {
            println!(\"there\");
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(3);
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(trace))?;
    println!(\"start\");
    if number == 0 {
        let _ = std::io::stdin().read(&mut [0]);
    }
    let report = migrations::migrator().up(&mut connection)?;
    println!(\"{} {}\", report.adopted.is_some() as usize, report.applied.len());
    Ok(())
}
";

/// The program, built, of a package that comes from sqlx.
fn program(test: &str) -> Project {
    let project = installed("sqlx", "installed.sql", test);
    project.dbmigrate(["adopt", "--from", "sqlx", "--old-table", "drop"]).succeeds();
    project.init(&[]).succeeds();
    project.write("src/main.rs", PROGRAM);
    project.edit_manifest(|manifest| {
        let features: Array = ["bundled", "trace"].into_iter().collect();
        manifest["dependencies"]["rusqlite"]["features"] = value(features);
    });
    project.cargo(["build", "-q"]).succeeds();
    project
}

/// A database as sqlx has left it, in this journal mode.
fn fresh(project: &Project, name: &str, mode: &str) -> PathBuf {
    let path = project.root.join(name);
    remove(&path);
    restore(project, "sqlx", "installed.sql", name);
    project.execute(name, &format!("PRAGMA journal_mode = {mode}"));
    path
}

fn start(project: &Project, database: &Path) -> Command {
    let mut command = project.command(project.program());
    command.arg(database);
    command
}

/// What a database holds as a history, in a word. A copy is looked at, so that the next start finds what was left.
fn history(database: &Path) -> String {
    let copy = database.with_extension("copy");
    remove(&copy);
    for (from, to) in files_of(database).iter().zip(files_of(&copy)) {
        if from.exists() && !from.to_string_lossy().ends_with("-shm") {
            fs::copy(from, to).unwrap();
        }
    }
    assert_eq!(query(&copy, "PRAGMA integrity_check"), ["ok"]);
    let has = |table: &str| query(&copy, &format!("SELECT 1 FROM sqlite_schema WHERE name = '{table}'")) == ["1"];
    let count = |table: &str| query(&copy, &format!("SELECT count(*) FROM {table}")).concat();
    let found = match (has("_sqlx_migrations"), has("_migrations"), has("_migrations_head")) {
        (true, false, false) => format!("old {}", count("_sqlx_migrations")),
        (false, true, true) => format!("ours {}", count("_migrations WHERE state = 'applied'")),
        between => panic!("{between:?}"),
    };
    remove(&copy);
    found
}

fn killed_at(project: &Project, database: &Path, number: usize) {
    let mut command = start(project, database);
    command.env("NUMBER", number.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!((lines.next().as_deref(), lines.next().as_deref()), (Some("start"), Some("there")), "{number}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn case_45_a_program_that_is_killed_on_the_way_has_the_old_history_or_ours() {
    let project = program("killed");
    let statements = {
        let run = Run::of(&mut start(&project, &fresh(&project, "whole.db", "delete"))).succeeds();
        assert!(run.stdout.ends_with("1 1\n"), "{run}");
        run.stdout.lines().count() - 2
    };
    assert!(statements > 40, "{statements}");
    let finished = contents(&project.root.join("whole.db"));
    for mode in ["delete", "wal"] {
        let mut seen = Vec::new();
        for number in 1..=statements {
            let database = fresh(&project, "killed.db", mode);
            killed_at(&project, &database, number);
            seen.push(history(&database));
            Run::of(&mut start(&project, &database)).succeeds();
            assert_eq!(contents(&database), finished, "{mode}, statement {number}");
        }
        seen.dedup();
        assert_eq!(seen, ["old 5", "ours 5", "ours 6"], "{mode}");
    }
}

#[test]
fn case_46_of_many_programs_that_start_at_once_one_takes_it_over() {
    let project = program("race");
    for mode in ["delete", "wal", "delete", "wal"] {
        let database = fresh(&project, "race.db", mode);
        let spawn = || -> Child {
            let mut command = start(&project, &database);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut starts: Vec<Child> = (0..STARTS).map(|_| spawn()).collect();
        for child in &mut starts {
            // Who has gone already has nobody to tell.
            let _ = child.stdin.take().unwrap().write_all(b"x");
        }
        let mut sum = [0, 0];
        for child in starts {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{mode}: {}", String::from_utf8_lossy(&output.stderr));
            let said = String::from_utf8(output.stdout).unwrap();
            let counts = said.lines().last().unwrap().split_once(' ').unwrap();
            sum[0] += counts.0.parse::<usize>().unwrap();
            sum[1] += counts.1.parse::<usize>().unwrap();
        }
        assert_eq!(sum, [1, 1], "{mode}");
        assert_eq!(history(&database), "ours 6", "{mode}");
    }
}
