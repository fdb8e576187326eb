//! docs/scripts.md can't rot: its files and its commands are tried in the order in which they stand.

#![cfg(unix)] // One command is for a shell.

use std::fs;
use std::process::Command;

use crate::readme::shows;
use crate::support::{Project, Run, checkout};

/// The fenced blocks, in order, each with its language.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(checkout().join("docs/scripts.md")).unwrap();
    let inside = text.split("```").skip(1).step_by(2);
    inside.map(|block| block.split_once('\n').unwrap()).map(|(it, block)| (it.to_owned(), block.to_owned())).collect()
}

#[test]
fn the_guide_runs_as_it_is_written() {
    let project = Project::wired("scripts", &[]);
    let has_shell = Command::new("sqlite3").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has_shell || std::env::var_os("CI").is_none(), "CI has the shell of SQLite");
    let mut ran = 0;
    for (language, block) in blocks() {
        match language.as_str() {
            "sql" => {
                let (name, text) = block.split_once('\n').unwrap();
                project.write(name.strip_prefix("-- ").unwrap(), text);
            }
            "sh" if has_shell => drop(Run::of(project.command("sh").args(["-c", &block])).succeeds()),
            "sh" => project.execute("app.db", &project.read("all.sql")),
            "console" => {
                for step in block.split("$ cargo dbmigrate ").filter(|step| !step.is_empty()) {
                    let (command, shown) = step.split_once('\n').unwrap();
                    let code = if shown.contains("error: ") { 101 } else { 0 };
                    let run = project.dbmigrate(command.split_whitespace()).exits(code);
                    shows(&run, command, shown);
                    ran += 1;
                }
            }
            _ => panic!("the guide has a block of `{language}`, which this test does not know"),
        }
    }
    assert_eq!(ran, 9);
    // The other scripts do what they say, too.
    for (script, count) in [("back.sql", "1"), ("newer.sql", "2"), ("again.sql", "2")] {
        project.execute("app.db", &project.read(script));
        assert_eq!(project.query("app.db", "SELECT count(*) FROM _migrations"), [count], "{script}");
    }
}
