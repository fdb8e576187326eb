//! What the programs do when they run: on a new file, with nothing pending, eight at once, and in tests. Each round runs
//! every tool once before the next round begins, so that what disturbs the machine disturbs all.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use super::prepare::{COUNTS, TESTED, snapshot};
use crate::figures::Figures;
use crate::programs::{BASE, Place};
use crate::sets::Set;
use crate::tools::Tool;
use crate::{Result, files, process};

/// How many programs start at once.
const AT_ONCE: usize = 8;

/// # Errors
///
/// When a program can't be run at all. What fails in one of them is told, and its figure stays empty.
pub fn measure(place: &Place, rounds: usize) -> Result<Figures> {
    let mut figures = Figures::default();
    place.empty_scratch()?;
    for count in COUNTS {
        eprintln!("{count} migrations on a new file");
        // Where each migration is waited for on disk, minutes would go by.
        fresh(place, &mut figures, count, if count < COUNTS[2] { rounds } else { rounds.min(5) })?;
    }
    for count in COUNTS {
        eprintln!("nothing pending after {count} migrations");
        nothing_pending(place, &mut figures, count, rounds)?;
    }
    eprintln!("a database for each test");
    tests(place, &mut figures, rounds)?;
    for mode in ["delete", "wal"] {
        eprintln!("{AT_ONCE} first starts at once, journal mode {mode}");
        at_once(place, &mut figures, mode, rounds)?;
    }
    files::remove_folder(&place.scratch(""))?;
    Ok(figures)
}

/// One way of filling a new file: under which name, by which program, with which words.
struct Way {
    name: String,
    tool: Tool,
    set: String,
    verb: &'static str,
}

fn fresh(place: &Place, figures: &mut Figures, count: usize, rounds: usize) -> Result<()> {
    let script = place.scratch("all.sql");
    fs::write(&script, Set::of(count).sql())?;
    let way = |what: &str, tool: Tool, set: &str, verb| Way {
        name: format!("{what}/{count}/{}", tool.name()),
        tool,
        set: set.to_owned(),
        verb,
    };
    let of = count.to_string();
    let mut ways = Vec::new();
    for tool in Tool::ALL {
        ways.push(way("floor", tool.base(), BASE, "floor"));
        if tool != Tool::Plain {
            ways.push(way("fresh", tool, &of, "fresh"));
        }
        if tool.has_grouped() {
            ways.push(way("grouped", tool, &of, "grouped"));
        }
    }
    // The plain program is the base of two.
    ways.dedup_by(|one, other| one.name == other.name);
    if place.binary(Tool::Dbmigrate, &snapshot(count)).is_file() {
        ways.push(way("snapshot", Tool::Dbmigrate, &snapshot(count), "fresh"));
    }
    for _ in 0..rounds {
        for Way { name, tool, set, verb } in &ways {
            let database = place.scratch("fresh.db");
            files::remove_database(&database)?;
            let path = database.to_string_lossy();
            let mut words = vec![*verb, &path];
            let script = script.to_string_lossy();
            if *verb == "floor" {
                words.push(&script);
            }
            let run = process::run(&mut place.run(*tool, set, &words))?;
            if !run.success {
                figures.answer(format!("failed/{name}"), run.stderr);
                continue;
            }
            figures.add(format!("{name}/ns"), run.number("ns")?);
            figures.add(format!("{name}/kib"), run.number("peak_kib")?);
            figures.add(format!("{name}/cpu"), run.cpu.as_secs_f64() * 1e9);
        }
    }
    Ok(())
}

fn nothing_pending(place: &Place, figures: &mut Figures, count: usize, rounds: usize) -> Result<()> {
    let set = count.to_string();
    let path = |tool: Tool| place.scratch(&format!("{count}-{}.db", tool.name())).to_string_lossy().into_owned();
    let mut tools = Vec::new();
    for tool in Tool::RUNNERS {
        let made = process::run(&mut place.run(tool, &set, &["fresh", &path(tool)]))?;
        if made.success {
            let tables =
                "SELECT CAST(count(*) AS TEXT) FROM sqlite_schema WHERE name GLOB 'account_*' AND type = 'table'";
            let run = process::succeeds(&mut place.run(tool, &set, &["ask", &path(tool), tables]))?;
            if run.number("answer")? != (count / 5) as f64 {
                return Err(
                    format!("the program over {} was built with other than {count} migrations", tool.name()).into()
                );
            }
            tools.push(tool);
        }
    }
    for _ in 0..rounds {
        for &tool in &tools {
            let run = process::succeeds(&mut place.run(tool, &set, &["starts", &path(tool), "101"]))?;
            figures
                .add(format!("starts/{count}/{}/ns", tool.name()), run.number("with_ns")? - run.number("without_ns")?);
            figures.add(format!("first-query/{count}/{}/ns", tool.name()), run.number("without_ns")?);
        }
    }
    for round in 0..rounds * 5 {
        for &tool in &tools {
            let with = || process::succeeds(&mut place.run(tool, &set, &["start", &path(tool)]));
            let without = || process::succeeds(&mut place.run(tool.base(), BASE, &["plain", &path(tool)]));
            let (with, without) = if round % 2 == 0 {
                (with()?, without()?)
            } else {
                let without = without()?;
                (with()?, without)
            };
            let name = tool.name();
            figures.add(format!("process/{count}/{name}/ns"), with.wall.as_secs_f64() * 1e9);
            figures.add(format!("process/{count}/{name}/cpu"), with.cpu.as_secs_f64() * 1e9);
            figures.add(format!("process/{count}/{name}/kib"), with.number("peak_kib")?);
            figures.add(format!("plain-process/{count}/{name}/ns"), without.wall.as_secs_f64() * 1e9);
            figures.add(format!("plain-process/{count}/{name}/cpu"), without.cpu.as_secs_f64() * 1e9);
        }
    }
    Ok(())
}

fn tests(place: &Place, figures: &mut Figures, rounds: usize) -> Result<()> {
    let way = |tool: &Tool| {
        // What only tests call has a build of its own.
        let set = if *tool == Tool::Dbmigrate { "testing".to_owned() } else { TESTED.to_string() };
        (format!("tests/{}", tool.name()), *tool, set)
    };
    let mut ways: Vec<(String, Tool, String)> = Tool::RUNNERS.iter().map(way).collect();
    ways.push(("tests/backup".to_owned(), Tool::Dbmigrate, "backup".to_owned()));
    for _ in 0..rounds {
        for (name, tool, set) in &ways {
            let run = process::run(&mut place.run(*tool, set, &["tests", "51"]))?;
            if run.success {
                figures.add(format!("{name}/ns"), run.number("ns")?);
            } else {
                figures.answer(format!("failed/{name}"), run.stderr);
            }
        }
    }
    Ok(())
}

fn at_once(place: &Place, figures: &mut Figures, mode: &str, rounds: usize) -> Result<()> {
    let set = COUNTS[0].to_string();
    for _ in 0..rounds {
        for tool in Tool::RUNNERS {
            let database = place.scratch("at-once.db");
            files::remove_database(&database)?;
            let path = database.to_string_lossy();
            if mode == "wal" {
                // The switch of an empty file is its own race, and not the tools'.
                let wal = ["batch", &path, "PRAGMA journal_mode = wal"];
                process::succeeds(&mut place.run(Tool::Plain, BASE, &wal))?;
            }
            let name = format!("at-once/{mode}/{}", tool.name());
            for outcome in start_at_once(place, tool, &set, &database)? {
                figures.add(format!("{name}/failed"), f64::from(u8::from(outcome.is_err())));
                if let Err(error) = outcome {
                    figures.answer(format!("failed/{name}"), error);
                }
            }
            // Whatever failed, the next start has to find a way on.
            let after = process::run(&mut place.run(tool, &set, &["start", &path]))?;
            figures.add(format!("{name}/stuck"), f64::from(u8::from(!after.success)));
        }
    }
    Ok(())
}

/// Eight programs that begin at one moment, and how each ends.
fn start_at_once(
    place: &Place,
    tool: Tool,
    set: &str,
    database: &Path,
) -> Result<Vec<std::result::Result<(), String>>> {
    let mut children = Vec::new();
    for _ in 0..AT_ONCE {
        let mut command = place.run(tool, set, &["start-at-once", &database.to_string_lossy()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        children.push(child);
    }
    for child in &mut children {
        drop(child.stdin.take());
    }
    let mut outcomes = Vec::new();
    for child in children {
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        outcomes.push(if output.status.success() { Ok(()) } else { Err(said) });
    }
    Ok(outcomes)
}
