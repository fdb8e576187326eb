//! The work on one database by the package's own runner: a process for each file, as only the program can run the Rust
//! in its migrations. The runner is built before, once; what it says is read as lines of JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use dbmigrate_runtime::cli::PROGRAM;
use serde_json::Value;

use super::Migrators;
use super::look::{connect, version};
use super::work::WorkResult;
use crate::error::CliError;
use crate::fleet::{Changes, Fault, Task};
use crate::ops::interrupt::Interrupt;
use crate::ops::program::Runner;
use crate::ops::runner;

/// The runner, built.
pub(crate) struct RunnerProcess<'r> {
    name: &'r str,
    executable: PathBuf,
}

impl<'r> RunnerProcess<'r> {
    /// Builds the binary of this name.
    pub(crate) fn build(name: &'r str, runner: &Runner<'_>) -> Result<Self, CliError> {
        Ok(Self { name, executable: runner.executable()?.to_owned() })
    }

    /// Lets it work on a database.
    pub(super) fn work(&self, path: &Path, migrators: &Migrators<'_>, task: Task, interrupt: &Interrupt) -> WorkResult {
        let (changes, fault) = match self.run(path, migrators, interrupt) {
            Ok(output) => self.came_to(&output),
            Err(fault) => (Changes::default(), Some(fault)),
        };
        let read = || {
            let (mut connection, _) = connect(path, migrators, Task::Status).ok()?;
            version(migrators, &mut connection).ok()
        };
        WorkResult { version: if task.writes() { read() } else { None }, changes, fault }
    }

    fn run(&self, path: &Path, migrators: &Migrators<'_>, interrupt: &Interrupt) -> Result<Output, Fault> {
        let path = std::path::absolute(path)
            .map_err(|error| Fault::new(format!("could not find the current folder: {error}")))?;
        let mut command = Command::new(&self.executable);
        command
            .env(PROGRAM, &migrators.request.program)
            .args(runner::words(&path, migrators.request))
            .stdin(Stdio::null());
        // Ctrl-C in the terminal is for the work as a whole: what has begun here is brought to its end, or
        // ended by a second one.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        interrupt
            .output(&mut command)
            .map_err(|error| Fault::new(format!("could not run `{}`: {error}", self.executable.display())))
    }

    /// What it did, and what stopped it; one that ends without a word of its own has been stopped as well.
    fn came_to(&self, output: &Output) -> (Changes, Option<Fault>) {
        let (changes, fault) = read(&String::from_utf8_lossy(&output.stdout));
        if fault.is_some() || output.status.success() {
            return (changes, fault);
        }
        let fault = Fault::new(format!("the runner `{}` did not finish: {}", self.name, output.status));
        let fault = match String::from_utf8_lossy(&output.stderr).trim() {
            "" => fault,
            said => fault.help(format!("it said: {said}")),
        };
        (changes, Some(fault))
    }
}

/// What the runner says that it did, and what stopped it. Between its lines stands whatever the program printed.
fn read(stdout: &str) -> (Changes, Option<Fault>) {
    let mut changes = Changes::default();
    let mut fault = None;
    for line in stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let texts = |key: &str| -> Vec<String> {
            line[key].as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        match line["reason"].as_str().unwrap_or_default() {
            "migration-applied" | "repeatable-applied" | "repeatable-rehearsed" => changes.applied += 1,
            "migration-rehearsed" if line["direction"] == "down" => changes.rolled_back += 1,
            "migration-rehearsed" => changes.applied += 1,
            "migration-rolled-back" => changes.rolled_back += 1,
            "database-copied" => changes.backup = Some(text("path").into()),
            "error" => {
                let notes = texts("notes").into_iter().map(|note| format!("\nnote: {note}"));
                let message = text("message") + &place(&line) + &notes.collect::<String>();
                let retry = line["retry"].as_u64().and_then(|retry| usize::try_from(retry).ok());
                fault = Some(Fault { message, help: texts("help"), is_busy: false }.for_all(retry));
                continue;
            }
            _ => {}
        }
        changes.notes.extend(texts("notes"));
    }
    (changes, fault)
}

/// Where in a file it is: ` (migrations/003_x.rs:7)`.
fn place(line: &Value) -> String {
    let Some(file) = line["file"].as_str() else { return String::new() };
    let numbers = ["line", "column"].iter().map_while(|key| line[key].as_u64());
    format!(" ({file}{})", numbers.map(|number| format!(":{number}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runner_says_is_found_among_what_the_program_prints() {
        let stdout = "filling\n{\"reason\":\"database-copied\",\"path\":\"a.bak\"}\n{\"x\":1}\n\
                      {\"reason\":\"migration-applied\",\"name\":\"001_a\",\"notes\":[\"skipped\"]}\nmore\n\
                      {\"reason\":\"error\",\"message\":\"no\",\"file\":\"a.rs\",\"line\":7,\"column\":null,\"notes\":[\"b\"],\"help\":[\"do\"]}\n";
        let (changes, fault) = read(stdout);
        assert_eq!((changes.applied, changes.rolled_back, changes.backup), (1, 0, Some("a.bak".into())));
        assert_eq!(changes.notes, ["skipped"]);
        assert_eq!(fault, Some(Fault::new("no (a.rs:7)\nnote: b").help("do")));
        assert_eq!(read("{\"reason\":\"migration-rolled-back\"}").0.rolled_back, 1);
        let again = read("{\"reason\":\"error\",\"message\":\"no\",\"help\":[\"a\",\"run `up` again\"],\"retry\":1}").1;
        let help = again.unwrap().help;
        assert_eq!((help.len(), help[0].as_str()), (3, "a"));
        assert!(help[1].ends_with("run the same command again"), "{help:?}");
    }
}
