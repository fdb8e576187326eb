//! docs/ci.md can't rot: its commands run, on sound migrations and on others, and its hook lets the right commits through.

#![cfg(unix)] // The recipes are for a shell.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::guide::blocks;
use crate::support::{Project, Run};

const SOUND: &str = "-- dbmigrate: irreversible so\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n";
const UNSOUND: &str = "-- dbmigrate: irreversible so\nDROP TABLE a;\n";

fn texts(language: &str) -> Vec<String> {
    let blocks = blocks("docs/ci.md").into_iter();
    blocks.filter(|block| block.language == language).map(|block| block.text).collect()
}

/// Every line that calls the tool, without what YAML writes before it.
fn commands() -> Vec<String> {
    let lines = texts("yaml").into_iter().chain(texts("sh")).flat_map(|block| {
        block.lines().map(|line| line.trim().trim_start_matches("- ").to_owned()).collect::<Vec<_>>()
    });
    let command = |line: String| {
        let at = line.find("cargo dbmigrate ")?;
        assert!(["", "run: ", "entry: ", "exec "].contains(&&line[..at]), "{line}");
        Some(line[at..].to_owned())
    };
    lines.filter_map(command).collect()
}

/// A command with `cargo dbmigrate` at hand.
fn with_tool(project: &Project, program: &str) -> Command {
    let mut command = project.command(program);
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-dbmigrate")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tool.to_owned()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(paths).unwrap());
    command
}

#[test]
fn every_command_says_yes_to_sound_migrations_and_no_to_others() {
    let project = Project::wired("ci-commands", &[("001_a.sql", SOUND)]);
    project.cargo(["generate-lockfile", "--offline"]).succeeds();
    project.dbmigrate(["up"]).succeeds();
    fs::copy(project.root.join("app.db"), project.root.join("production-copy.db")).unwrap();
    let commands = commands();
    assert_eq!(commands.len(), 6, "{commands:?}");
    for (unsound, code) in [(false, 0), (true, 1)] {
        if unsound {
            project.write("migrations/002_b.sql", UNSOUND);
        }
        for command in &commands {
            let run = Run::of(with_tool(&project, "sh").args(["-c", command])).exits(code);
            if code == 1 {
                assert!(format!("{}{}", run.stdout, run.stderr).contains("table `a` is dropped"), "{run}");
            }
            if command.contains("sarif") {
                let log: serde_json::Value = serde_json::from_str(&project.read("dbmigrate.sarif")).unwrap();
                assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), usize::from(unsound));
            }
            if command.contains("--message-format github") {
                assert_eq!(run.stdout.matches("::error file=").count(), usize::from(unsound), "{run}");
            }
        }
    }
}

#[test]
fn the_hook_stops_a_commit_of_migrations_that_are_not_sound_and_no_other() {
    let has_git = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has_git || std::env::var_os("CI").is_none(), "CI has git");
    if !has_git {
        return;
    }
    let project = Project::wired("ci-hook", &[("001_a.sql", SOUND)]);
    let git = |args: &[&str]| {
        let mut command = with_tool(&project, "git");
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]);
        Run::of(command.args(args))
    };
    git(&["init", "-q"]).succeeds();
    let hook = texts("sh").into_iter().find(|block| block.contains("pre-commit")).unwrap();
    project.write(".git/hooks/pre-commit", hook);
    let path = project.root.join(".git/hooks/pre-commit");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&path, permissions).unwrap();
    git(&["add", "-A"]).succeeds();
    git(&["commit", "-q", "-m", "a"]).succeeds();

    project.write("migrations/002_b.sql", UNSOUND);
    git(&["add", "-A"]).succeeds();
    git(&["commit", "-q", "-m", "b"]).exits(1).says("table `a` is dropped");
    // It is not part of this commit.
    git(&["reset", "-q"]).succeeds();
    project.write("notes.txt", "so\n");
    git(&["add", "notes.txt"]).succeeds();
    git(&["commit", "-q", "-m", "c"]).succeeds();
    project.write("migrations/002_b.sql", "-- dbmigrate: irreversible so\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n");
    git(&["add", "-A"]).succeeds();
    git(&["commit", "-q", "-m", "d"]).succeeds();
}
