//! The package's own runner, as a replay asks for it where it meets Rust: one way of one migration at a time, on a
//! database in a temporary folder.
//!
//! It is built once, when it is first needed, and then run without cargo. What it says is kept to itself unless it
//! fails.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cargo_metadata::Message;
use dbmigrate_core::{Body, Diagnostic, Down, Location, MigrationSet, SourceMigration, SourceText, Span};
use dbmigrate_runtime::cli::{self, REPLAY};
use dbmigrate_schema::{Program, Step};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use serde_json::Value;

use crate::cli::{BuildArgs, Global, PROGRAM};
use crate::ops::project::Project;
use crate::ops::runner::{self, Build};

/// The code of the findings that say that the runner can't be asked, whatever the migrations are like.
pub(crate) const UNUSABLE: &str = "runner";

/// A package's runner.
#[derive(Debug)]
pub(crate) struct Runner<'p> {
    name: &'p str,
    project: &'p Project,
    global: &'p Global,
    build: &'p BuildArgs,
    /// What it was built to. A build that failed is not tried again.
    executable: OnceCell<Result<PathBuf, Diagnostic>>,
    folder: OnceCell<Folder>,
    /// The set and the number of each migration of the package, by its file.
    origins: OnceCell<BTreeMap<String, (String, u64)>>,
}

impl<'p> Runner<'p> {
    /// That of a package which names one.
    pub(crate) fn of(project: &'p Project, global: &'p Global, build: &'p BuildArgs) -> Option<Self> {
        let name = project.config.runner.as_deref()?;
        Some(Self {
            name,
            project,
            global,
            build,
            executable: OnceCell::new(),
            folder: OnceCell::new(),
            origins: OnceCell::new(),
        })
    }

    /// Where it was built to.
    pub(crate) fn executable(&self) -> Result<&Path, Diagnostic> {
        let built = self.executable.get_or_init(|| self.built());
        built.as_deref().map_err(Clone::clone)
    }

    fn built(&self) -> Result<PathBuf, Diagnostic> {
        let manifest = self.project.manifest();
        runner::known(self.name, self.project)?;
        let build = Build { runner: self.name, manifest: &manifest, global: self.global, args: self.build };
        let mut command = runner::cargo();
        command.args(build.arguments("build")).arg("--message-format=json-render-diagnostics");
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| unusable(format!("could not run `cargo build`: {error}")))?;
        if !output.status.success() {
            return Err(unusable(format!("could not build the runner `{}`", self.name))
                .note("a replay needs it for migrations in Rust"));
        }
        let built = Message::parse_stream(output.stdout.as_slice()).filter_map(Result::ok).filter_map(|message| {
            let Message::CompilerArtifact(artifact) = message else { return None };
            artifact.executable.filter(|_| artifact.target.name == self.name)
        });
        built.last().map(Into::into).ok_or_else(|| unusable(format!("cargo did not report where `{}` is", self.name)))
    }

    fn folder(&self) -> Result<&Path, Diagnostic> {
        if let Some(folder) = self.folder.get() {
            return Ok(&folder.0);
        }
        let made = Folder::new().map_err(|error| unusable(format!("could not make a temporary folder: {error}")))?;
        Ok(&self.folder.get_or_init(|| made).0)
    }

    /// The set and the number of a migration, which may stand among those of another set.
    fn origin(&self, migration: &SourceMigration) -> (&str, u64) {
        if self.project.sets == 1 {
            return (&self.project.config.set, migration.number);
        }
        let origins = self.origins.get_or_init(|| {
            let all = self.project.load_all();
            let of = |set: MigrationSet| {
                let name = set.config.set;
                set.migrations.into_iter().map(move |it| (it.file, (name.clone(), it.number))).collect::<Vec<_>>()
            };
            all.into_iter().flat_map(|loaded| of(loaded.set)).collect()
        });
        let own = (self.project.config.set.as_str(), migration.number);
        origins.get(&migration.file).map_or(own, |(set, number)| (set.as_str(), *number))
    }

    /// Why a way was not gone to its end.
    fn failure(&self, migration: &SourceMigration, output: &Output) -> Option<Diagnostic> {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let (printed, answer) = answer(&stdout);
        let failed = match answer {
            Some(answer) if answer["reason"] == "replayed" && output.status.success() => return None,
            Some(answer) if answer["reason"] == "replay-failed" => refused(migration, &answer),
            _ => {
                let message =
                    format!("the runner `{}` did not run `{}`: {}", self.name, migration.name(), output.status);
                Diagnostic::error("rust-failed", message).in_file(migration.file.as_str())
            }
        };
        let said = printed.to_owned() + &String::from_utf8_lossy(&output.stderr);
        Some(if said.trim().is_empty() { failed } else { failed.note(format!("it said:\n{}", said.trim())) })
    }
}

impl Program for Runner<'_> {
    fn run(&self, migration: &SourceMigration, way: Step, before: &Connection) -> Result<Connection, Diagnostic> {
        let executable = self.executable()?;
        let (set, number) = self.origin(migration);
        let file = self.folder()?.join(format!("{}.dbmigrate-replay", migration.number));
        let lost = |error: rusqlite::Error| unusable(format!("could not use `{}`: {error}", file.display()));
        copy(before, Connection::open(&file).map_err(lost)?)
            .map_err(lost)?
            .close()
            .map_err(|(_, error)| lost(error))?;
        let way = if way == Step::Up { "up" } else { "down" };
        let mut command = Command::new(executable);
        command.env(cli::PROGRAM, PROGRAM).args([REPLAY, way, &number.to_string()]).arg(&file);
        command.args((!set.is_empty()).then_some(set));
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| unusable(format!("could not run `{}`: {error}", executable.display())))?;
        if let Some(failure) = self.failure(migration, &output) {
            return Err(failure);
        }
        let after = Connection::open(&file).map_err(lost)?;
        let after = copy(&after, Connection::open_in_memory().map_err(lost)?).map_err(lost)?;
        fs::remove_file(&file).map_err(|error| unusable(format!("could not remove `{}`: {error}", file.display())))?;
        Ok(after)
    }
}

fn unusable(message: String) -> Diagnostic {
    Diagnostic::error(UNUSABLE, message)
}

fn copy(from: &Connection, mut to: Connection) -> rusqlite::Result<Connection> {
    Backup::new(from, &mut to)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(to)
}

/// All that the program printed, and what the runner answered behind it.
fn answer(stdout: &str) -> (&str, Option<Value>) {
    let split = stdout.rfind("{\"reason\":\"replay").and_then(|start| stdout.split_at_checked(start));
    let answered = split.and_then(|(printed, line)| Some((printed, serde_json::from_str(line.trim_end()).ok()?)));
    answered.map_or((stdout, None), |(printed, answer)| (printed, Some(answer)))
}

/// What the migration itself is stopped by, at its place.
fn refused(migration: &SourceMigration, answer: &Value) -> Diagnostic {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let failed = Diagnostic::error("rust-failed", text(&answer["message"]));
    let failed = answer["notes"].as_array().into_iter().flatten().fold(failed, |failed, note| failed.note(text(note)));
    let file = answer["file"].as_str().unwrap_or(&migration.file);
    let sources = match &migration.body {
        Body::Sql { up, down: Down::Script(down) } => vec![&up.source, &down.source],
        Body::Sql { up, .. } => vec![&up.source],
        // The line says nothing about code.
        Body::Rust(_) => Vec::new(),
    };
    let place = |name: &str| answer[name].as_u64().and_then(|at| usize::try_from(at).ok()?.checked_sub(1));
    match (sources.into_iter().find(|source| source.path() == file), place("line")) {
        (Some(source), Some(line)) => failed.at(location(source, line, place("column"))),
        _ => failed.in_file(file),
    }
}

/// The rest of a line from a column on; both count from 0.
fn location(source: &SourceText, line: usize, column: Option<usize>) -> Location {
    let text = source.text();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let letters = text.get(start..).unwrap_or_default().chars().take(column.unwrap_or(0));
    let start = start + letters.map(char::len_utf8).sum::<usize>();
    Location::new(source, source.first_line(Span::new(start, text.len())))
}

/// A folder for nobody but this user, which goes with the command.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = std::env::temp_dir().join(format!("dbmigrate-replay-{}-{}", std::process::id(), now.as_micros()));
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_stands_behind_what_the_program_printed() {
        for (stdout, expect) in [
            ("{\"reason\":\"replayed\"}\n", Some("replayed")),
            (
                "filling {\"reason\":\"replayed\"}\nno line end{\"reason\":\"replay-failed\",\"message\":\"x\"}\n",
                Some("replay-failed"),
            ),
            ("{\"reason\":\"replayed\"}\nmore\n", None),
            ("", None),
        ] {
            let (printed, answer) = answer(stdout);
            assert_eq!(printed.contains("filling"), stdout.contains("filling"));
            assert_eq!(answer.as_ref().map(|answer| answer["reason"].as_str().unwrap()), expect, "{stdout}");
        }
    }

    #[test]
    fn a_place_in_the_file_is_marked_to_the_end_of_its_line() {
        let source = SourceText::new("a.sql", "SELECT 1;\nSELECT 'ü', nope;\nSELECT 2;\n");
        for (line, column, expect) in [(1, Some(12), "nope;"), (1, None, "SELECT 'ü', nope;"), (9, Some(9), "")] {
            let place = location(&source, line, column);
            assert_eq!(source.slice(place.span), expect);
        }
    }
}
