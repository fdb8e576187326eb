//! The work on one database by the package's own runner: a process for each file, as only the program can run the Rust
//! in its migrations. The runner is built before, once; what it says is read as lines of JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dbmigrate_runtime::cli::PROGRAM;
use serde_json::Value;

use super::look::{connect, version};
use super::work::Worked;
use super::{Crew, Done, Fault, Task};
use crate::ops::interrupt::Interrupt;
use crate::ops::runner;

/// The runner, built.
pub(crate) struct Remote<'r> {
    pub(crate) name: &'r str,
    pub(crate) executable: PathBuf,
}

impl Remote<'_> {
    /// Lets it work on a database.
    pub(super) fn work(&self, path: &Path, crew: &Crew<'_>, task: Task, interrupt: &Interrupt) -> Worked {
        let (done, fault) = match self.run(path, crew, interrupt) {
            Ok(done) => (done, None),
            Err((done, fault)) => (done, Some(fault)),
        };
        let read =
            |_| connect(path, crew, Task::Status).and_then(|(mut connection, _)| version(crew, &mut connection)).ok();
        Worked { after: task.writes().then_some(()).and_then(read), done, fault }
    }

    fn run(&self, path: &Path, crew: &Crew<'_>, interrupt: &Interrupt) -> Result<Done, (Done, Fault)> {
        let failed = |message: String| (Done::default(), Fault::new(message));
        let path =
            std::path::absolute(path).map_err(|error| failed(format!("could not find the current folder: {error}")))?;
        let mut command = Command::new(&self.executable);
        command.env(PROGRAM, &crew.request.program).args(runner::words(&path, crew.request)).stdin(Stdio::null());
        // Ctrl-C in the terminal is for the work as a whole: what has begun here is brought to its end, or
        // ended by a second one.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let output = interrupt
            .output(&mut command)
            .map_err(|error| failed(format!("could not run `{}`: {error}", self.executable.display())))?;
        let (done, fault) = read(&String::from_utf8_lossy(&output.stdout));
        match fault {
            Some(fault) => Err((done, fault)),
            None if output.status.success() => Ok(done),
            None => {
                let fault =
                    Fault::new(format!("the runner `{}` did not come to its end: {}", self.name, output.status));
                let said = String::from_utf8_lossy(&output.stderr);
                Err((
                    done,
                    match said.trim() {
                        "" => fault,
                        said => fault.help(format!("it said: {said}")),
                    },
                ))
            }
        }
    }
}

/// What the runner says that it did, and what stopped it. Between its lines stands whatever the program printed.
fn read(stdout: &str) -> (Done, Option<Fault>) {
    let mut done = Done::default();
    let mut fault = None;
    for line in stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let texts = |key: &str| -> Vec<String> {
            line[key].as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        match line["reason"].as_str().unwrap_or_default() {
            "migration-applied" | "repeatable-applied" | "repeatable-rehearsed" => done.applied += 1,
            "migration-rehearsed" if line["direction"] == "down" => done.rolled_back += 1,
            "migration-rehearsed" => done.applied += 1,
            "migration-rolled-back" => done.rolled_back += 1,
            "database-copied" => done.backup = Some(text("path").into()),
            "error" => {
                let notes = texts("notes").into_iter().map(|note| format!("\nnote: {note}"));
                let message = text("message") + &place(&line) + &notes.collect::<String>();
                let retry = line["retry"].as_u64().and_then(|retry| usize::try_from(retry).ok());
                fault = Some(Fault { message, help: texts("help"), is_busy: false }.for_all(retry));
                continue;
            }
            _ => {}
        }
        done.notes.extend(texts("notes"));
    }
    (done, fault)
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
        let (done, fault) = read(stdout);
        assert_eq!((done.applied, done.rolled_back, done.backup), (1, 0, Some("a.bak".into())));
        assert_eq!(done.notes, ["skipped"]);
        assert_eq!(fault, Some(Fault::new("no (a.rs:7)\nnote: b").help("do")));
        assert_eq!(read("{\"reason\":\"migration-rolled-back\"}").0.rolled_back, 1);
        let again = read("{\"reason\":\"error\",\"message\":\"no\",\"help\":[\"a\",\"run `up` again\"],\"retry\":1}").1;
        let help = again.unwrap().help;
        assert_eq!((help.len(), help[0].as_str()), (3, "a"));
        assert!(help[1].ends_with("run the same command again"), "{help:?}");
    }
}
