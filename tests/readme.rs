//! README.md can't rot: its session runs, its files are the ones that are applied, its configuration is read.

use crate::guide::{Block, blocks, page, play};
use crate::support::Project;

/// What is typed in a checkout of this repository.
const TRYING: &str = "Try it";

#[test]
fn the_session_runs_as_it_is_written() {
    let mut blocks = blocks("README.md");
    blocks.retain(|block| block.section != TRYING && ["console", "sql"].contains(&block.language.as_str()));
    let ran = play(&blocks, Project::new("readme"));
    assert!(ran >= 7, "only {ran} commands of the README ran");
}

#[test]
fn the_rust_is_what_init_writes_and_what_the_examples_run() {
    let project = Project::new("readme-rust");
    project.init(&[]).succeeds();
    let wired = [project.read("build.rs"), project.read("src/main.rs").replace("readme-rust.db", "notes.db")].concat();
    let runs = wired + &page("examples/rusqlite/tests/test_databases.rs");
    let mut blocks = blocks("README.md");
    blocks.retain(|block| block.language == "rust,ignore");
    let lines = blocks.iter().flat_map(|block| block.text.lines().map(str::trim));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    assert!(lines.len() > 8, "{lines:?}");
    for line in lines {
        assert!(runs.contains(line), "nothing that runs has `{line}`");
    }
}

#[test]
fn the_first_command_migrates_a_real_database_and_shows_its_status() {
    let mut blocks = blocks("README.md");
    blocks.retain(|block| block.section == TRYING);
    let typed: Vec<String> = blocks.iter().flat_map(Block::steps).map(|step| step.command).collect();
    assert_eq!(typed, ["cargo run --manifest-path fixtures/decant/Cargo.toml", "cargo test --workspace"]);
    let project = Project::fixture("decant", "readme");
    project.cargo(["run", "-q"]).succeeds().says("[x] 001_initial_schema").says("Pending: 0");
    assert!(project.has("decant.db"));
}

#[test]
fn every_command_of_the_command_line_is_in_the_table() {
    let readme = page("README.md");
    let help = Project::new("readme-help").dbmigrate(["--help"]).succeeds();
    let commands =
        help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut count = 0;
    // What a command is about may go on in the next line, further in.
    for line in commands.filter(|line| !line.starts_with("   ")) {
        let command = line.split_whitespace().next().unwrap();
        if command == "help" {
            continue;
        }
        assert!(readme.contains(&format!("`{command}")), "`{command}` is not in README.md");
        count += 1;
    }
    assert!(count >= 11, "{help}");
}
