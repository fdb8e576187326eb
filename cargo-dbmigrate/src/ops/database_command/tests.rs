//! Whole commands in process: on databases in a folder of their own, said to a terminal that is a list of lines.

use std::fs;
use std::path::PathBuf;

use clap::Parser as _;
use dbmigrate_core::Config;

use super::*;
use crate::cli::Cli;
use crate::error::FAILURE;

/// What was said; data stands as it is, the rest behind its kind.
#[derive(Default)]
struct Lines(Vec<String>);

impl Terminal for Lines {
    fn data(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn status(&mut self, verb: &str, message: &str) {
        self.0.push(format!("{verb} {message}"));
    }

    fn error(&mut self, message: &str) {
        self.0.push(format!("error: {message}"));
    }

    fn warning(&mut self, message: &str) {
        self.0.push(format!("warning: {message}"));
    }

    fn note(&mut self, message: &str) {
        self.0.push(format!("note: {message}"));
    }

    fn help(&mut self, message: &str) {
        self.0.push(format!("help: {message}"));
    }

    fn confirm(&mut self, _: &str) -> Option<bool> {
        None
    }
}

/// A package with two sets in one database.
struct Package {
    root: PathBuf,
    projects: Vec<Project>,
}

impl Package {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("dbmigrate-command-{name}-{}", std::process::id()));
        let project = |set: &str| {
            let dir = format!("migrations/{set}");
            fs::create_dir_all(root.join(&dir)).unwrap();
            let text = format!("CREATE TABLE {set} (a);\n");
            fs::write(root.join(&dir).join("001_first.sql"), text).unwrap();
            let mut project = Project::bare(root.clone(), dir.clone());
            let table = format!("history_{set}");
            project.config = Config { set: set.to_owned(), dir, table, ..Config::default() };
            project.sets = 2;
            project.histories = ["history_shop", "history_mail"].map(str::to_owned).to_vec();
            project
        };
        let projects = ["shop", "mail"].map(project).to_vec();
        Self { root, projects }
    }

    fn run(&self, verb: &Verb, set: Option<&str>) -> (u8, Vec<String>) {
        let args = DatabaseArgs { database: Some(self.root.join("app.db")), ..DatabaseArgs::default() };
        let words = ["cargo-dbmigrate", "status"].into_iter().chain(set.iter().flat_map(|set| ["--set", *set]));
        let global = Cli::parse_from(words).global;
        let copy = CopyArgs::default();
        let command =
            DatabaseCommand { verb, copy: &copy, args: &args, global: &global, way: String::new(), announce: |_| {} };
        let mut lines = Lines::default();
        let exit = command.run(&self.projects, ReadAhead::default(), &mut lines).unwrap();
        (exit, lines.0)
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn status(check: bool) -> Verb {
    Verb::Status { check, recover: false }
}

#[test]
fn sets_of_one_database_are_brought_up_together_and_shown_one_by_one() {
    let package = Package::new("together");
    let (exit, lines) = package.run(&Verb::Up { to: None, existing: false, dry_run: false }, None);
    assert_eq!(exit, DONE, "{lines:?}");
    assert!(lines[0].starts_with("Database ") && lines[0].ends_with("(from `--database`)"), "{lines:?}");
    let (exit, lines) = package.run(&status(true), None);
    assert_eq!(exit, DONE, "{lines:?}");
    let headings: Vec<&String> = lines.iter().filter(|line| ["shop:", "mail:"].contains(&line.as_str())).collect();
    assert_eq!(headings, ["shop:", "mail:"], "{lines:?}");
}

#[test]
fn one_set_is_worked_on_alone_and_the_others_are_left() {
    let package = Package::new("alone");
    let (exit, lines) = package.run(&Verb::Up { to: None, existing: false, dry_run: false }, Some("mail"));
    assert_eq!(exit, DONE, "{lines:?}");
    let (exit, lines) = package.run(&status(true), Some("mail"));
    assert_eq!(exit, DONE, "{lines:?}");
    assert!(!lines.iter().any(|line| line == "shop:"), "{lines:?}");
    let (exit, lines) = package.run(&status(true), None);
    assert_eq!(exit, NO, "{lines:?}");
}

#[test]
fn what_none_of_them_has_is_said_once() {
    let package = Package::new("missing");
    let (exit, lines) = package.run(&status(false), None);
    let errors = lines.iter().filter(|line| line.starts_with("error: no database at ")).count();
    assert_eq!((exit, errors), (FAILURE, 1), "{lines:?}");
    assert!(!package.root.join("app.db").exists());
}
