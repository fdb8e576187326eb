//! The command lines, as whole processes, on the files and databases of the same sets.

use std::fs;
use std::process::Command;

use super::prepare::COUNTS;
use crate::figures::Figures;
use crate::programs::Place;
use crate::sets::Set;
use crate::tools::Tool;
use crate::{Result, files, process};

/// What is asked of them, where they have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Help,
    /// All applied.
    Status,
    /// All of them, on a new file.
    Up,
    /// All applied, nothing to do.
    UpAgain,
    /// The files, replayed and linted.
    Check,
}

impl Verb {
    const ALL: [Self; 5] = [Self::Help, Self::Status, Self::Up, Self::UpAgain, Self::Check];

    fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Status => "status",
            Self::Up => "up",
            Self::UpAgain => "up-again",
            Self::Check => "check",
        }
    }
}

/// # Errors
///
/// When a command can't be run at all.
pub fn measure(place: &Place, rounds: usize) -> Result<Figures> {
    let mut figures = Figures::default();
    place.empty_scratch()?;
    for count in &COUNTS[1..] {
        eprintln!("command lines, {count} migrations");
        for tool in Tool::RUNNERS {
            // The database that all but `up` look at.
            if let Some(mut up) = command(place, tool, Verb::Up, *count)? {
                let run = process::run(&mut up)?;
                if !run.success {
                    figures.answer(format!("failed/commands/{count}/{}", tool.name()), run.stderr);
                }
            }
        }
        for round in 0..rounds {
            for verb in Verb::ALL {
                // Where each migration is waited for on disk, minutes would go by.
                if verb == Verb::Up && round >= 3 {
                    continue;
                }
                for tool in Tool::RUNNERS {
                    if verb == Verb::Up {
                        files::remove_database(&place.scratch(&format!("{count}-{}.db", tool.name())))?;
                    }
                    let Some(mut command) = command(place, tool, verb, *count)? else { continue };
                    let name = format!("commands/{}/{count}/{}", verb.name(), tool.name());
                    let run = process::run(&mut command)?;
                    if run.success {
                        figures.add(format!("{name}/ns"), run.wall.as_secs_f64() * 1e9);
                        figures.add(format!("{name}/cpu"), run.cpu.as_secs_f64() * 1e9);
                    } else {
                        figures.answer(format!("failed/{name}"), run.stderr + &run.stdout);
                    }
                }
                if verb == Verb::Check {
                    replay_floor(place, &mut figures, *count)?;
                }
            }
        }
    }
    for tool in Tool::RUNNERS {
        if let Some(path) = place.command(tool) {
            figures.answer(format!("cli-version/{}", tool.name()), version(&path)?);
        }
    }
    files::remove_folder(&place.scratch(""))?;
    Ok(figures)
}

/// What SQLite alone takes for what `check` replays: every statement, in memory.
fn replay_floor(place: &Place, figures: &mut Figures, count: usize) -> Result<()> {
    let script = place.scratch("all.sql");
    fs::write(&script, Set::of(count).sql())?;
    let words = ["floor", ":memory:", &script.to_string_lossy()];
    let run = process::succeeds(&mut place.run(Tool::Plain, crate::programs::BASE, &words))?;
    figures.add(format!("commands/check/{count}/floor/ns"), run.wall.as_secs_f64() * 1e9);
    figures.add(format!("commands/check/{count}/floor/cpu"), run.cpu.as_secs_f64() * 1e9);
    Ok(())
}

fn command(place: &Place, tool: Tool, verb: Verb, count: usize) -> Result<Option<Command>> {
    let Some(path) = place.command(tool) else { return Ok(None) };
    let package = place.package(tool, &count.to_string());
    let database = place.scratch(&format!("{count}-{}.db", tool.name())).to_string_lossy().into_owned();
    let mut command = Command::new(path);
    // These two make no file of their own accord.
    if verb == Verb::Up && matches!(tool, Tool::Sqlx | Tool::Refinery) {
        fs::write(&database, "")?;
    }
    // Nothing but what is given here decides which database it is.
    command.current_dir(&package).env_remove("DATABASE_URL");
    match (tool, verb) {
        (Tool::Dbmigrate, Verb::Help) => command.args(["dbmigrate", "--help"]),
        (_, Verb::Help) => command.arg("--help"),
        (Tool::Dbmigrate, Verb::Status) => command.args(["dbmigrate", "status", "--database", &database]),
        (Tool::Dbmigrate, Verb::Up | Verb::UpAgain) => command.args(["dbmigrate", "up", "--database", &database]),
        (Tool::Dbmigrate, Verb::Check) => command.args(["dbmigrate", "check"]),
        (Tool::Sqlx, Verb::Status) => command.args(["migrate", "info", "--database-url", &url(&database)]),
        (Tool::Sqlx, Verb::Up | Verb::UpAgain) => command.args(["migrate", "run", "--database-url", &url(&database)]),
        (Tool::Diesel, Verb::Status) => command.args(["migration", "list", "--database-url", &database]),
        (Tool::Diesel, Verb::Up | Verb::UpAgain) => command.args(["migration", "run", "--database-url", &database]),
        (Tool::Refinery, Verb::Up | Verb::UpAgain) => {
            let config = place.scratch(&format!("{count}-refinery.toml"));
            let text = format!("[main]\ndb_type = \"Sqlite\"\ndb_path = \"{database}\"\n");
            files::write(&config, &text)?;
            command.arg("migrate").arg("-c").arg(&config).args(["-p", "migrations"])
        }
        _ => return Ok(None),
    };
    Ok(Some(command))
}

fn url(database: &str) -> String {
    format!("sqlite:{database}")
}

fn version(path: &std::path::Path) -> Result<String> {
    let mut command = Command::new(path);
    if path.ends_with("cargo-dbmigrate") {
        command.arg("dbmigrate");
    }
    let run = process::run(command.arg("--version"))?;
    let number = run.stdout.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    Ok(number.unwrap_or_default().to_owned())
}
