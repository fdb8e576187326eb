//! README.md can't rot: its session runs, its files are the ones that are applied, its configuration is read.

use std::fs;

use crate::support::{Project, Run, checkout};

/// The fenced blocks of one language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(checkout().join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A line as it looks with another clock.
fn timeless(line: &str) -> String {
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[\d.]+ (µs|ms|s)\b").unwrap();
    time.replace_all(line.trim_end(), "…").into_owned()
}

#[test]
fn the_session_runs_as_it_is_written() {
    // `cargo new notes` and `cd notes`.
    let project = Project::new("notes");
    let files: Vec<String> = blocks("sql");
    let mut ran = 0;
    for block in blocks("console") {
        for step in block.split("$ ").filter(|step| !step.is_empty()) {
            let (command, shown) = step.split_once('\n').unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            let run = match words.as_slice() {
                ["cargo", "new" | "test", ..] | ["cargo", "run", "--manifest-path", ..] | ["cd", _] => continue,
                ["cargo", "dbmigrate", "init"] => project.init(&[]),
                ["cargo", "dbmigrate", rest @ ..] => project.dbmigrate(rest.iter().copied()),
                ["cargo", "run"] => project.cargo(["run", "-q"]),
                ["cargo", rest @ ..] => project.cargo(rest.iter().copied()),
                ["mv", from, to] => {
                    fs::rename(project.root.join(from), project.root.join(to)).unwrap();
                    continue;
                }
                _ => panic!("the README types `{command}`, which this test does not know"),
            };
            ran += 1;
            shows(&run, command, shown);
            if words.get(2) == Some(&"create") {
                for text in &files {
                    let (name, _) = text.split_once('\n').unwrap();
                    project.write(name.strip_prefix("-- ").unwrap(), text);
                }
            }
        }
    }
    assert!(ran >= 7, "only {ran} commands of the README ran");
}

/// Every line that a guide shows is in what came out.
#[track_caller]
pub(crate) fn shows(run: &Run, command: &str, shown: &str) {
    let came_out: Vec<String> = run.stdout.lines().chain(run.stderr.lines()).map(timeless).collect();
    for line in shown.lines().filter(|line| !line.is_empty()).map(timeless) {
        assert!(came_out.contains(&line), "`{command}` does not show `{line}`:\n{run}");
    }
}

#[test]
fn the_configuration_is_read_without_a_word() {
    let manifest = format!("[package]\nname = \"notes\"\n\n{}", blocks("toml").concat());
    let source = dbmigrate_core::SourceText::new("Cargo.toml", &manifest);
    let (config, diagnostics) = dbmigrate_core::config::read(&source, None);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    // The keys show their defaults, but for those that have none.
    let defaults = dbmigrate_core::Config { declared: true, ..Default::default() };
    let shown = dbmigrate_core::Config {
        database: None,
        fixtures: None,
        min_sqlite: None,
        runner: None,
        replay: Default::default(),
        reserved: Default::default(),
        ..config
    };
    assert_eq!(shown, defaults);
}

#[test]
fn the_first_command_migrates_a_real_database_and_shows_its_status() {
    let command = blocks("console").concat();
    assert!(command.contains("$ cargo run --manifest-path fixtures/decant/Cargo.toml\n"), "{command}");
    let project = Project::fixture("decant", "readme");
    project.cargo(["run", "-q"]).succeeds().says("[x] 001_initial_schema").says("Pending: 0");
    assert!(project.has("decant.db"));
}

#[test]
fn every_command_of_the_command_line_is_in_the_table() {
    let readme = fs::read_to_string(checkout().join("README.md")).unwrap();
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
