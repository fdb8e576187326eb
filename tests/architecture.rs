//! The house rules of ARCHITECTURE.md, as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::checkout;

const CRATES: [&str; 5] =
    ["dbmigrate-core", "dbmigrate-build", "dbmigrate-runtime", "dbmigrate-schema", "cargo-dbmigrate"];

/// Who may know whom, and which crates each may bring along. Development dependencies are not restricted.
#[test]
fn crates_depend_in_one_direction_and_stay_light() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("dbmigrate-core", ["hmac-sha256"].as_slice()),
        ("dbmigrate-build", &["dbmigrate-core", "heck"]),
        ("dbmigrate-runtime", &[]),
        ("dbmigrate-schema", &["dbmigrate-core", "rusqlite", "sqlite3-parser"]),
    ]);
    let metadata =
        cargo_metadata::MetadataCommand::new().manifest_path(checkout().join("Cargo.toml")).no_deps().exec().unwrap();
    assert_eq!(metadata.packages.len(), CRATES.len());
    for package in &metadata.packages {
        let depends: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != cargo_metadata::DependencyKind::Development)
            .map(|dependency| dependency.name.as_str())
            .collect();
        assert!(!depends.contains("cargo-dbmigrate"), "{} depends on the command line", package.name);
        if let Some(allowed) = allowed.get(package.name.as_str()) {
            let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
            assert_eq!(depends, allowed, "{}", package.name);
        }
    }
}

/// `main` -> `cli` -> `commands` -> `ops` -> `report` -> `shell`.
#[test]
fn the_layers_of_the_command_line_look_one_way() {
    let source = checkout().join("cargo-dbmigrate/src");
    for (folder, forbidden) in [
        ("cli.rs", ["crate::commands", "crate::ops", "crate::report", "crate::shell"].as_slice()),
        ("cli", &["crate::commands", "crate::ops", "crate::report", "crate::shell"]),
        // They are thin: databases, files and processes are for `ops`.
        ("commands", &["rusqlite::", "fs::", "OpenOptions", "process::Command", "Command::new"]),
        ("ops", &["clap::", "crate::commands", "crate::report", "crate::shell"]),
        ("report", &["clap::", "crate::commands", "crate::ops", "rusqlite::", "std::fs"]),
        ("shell.rs", &["crate::commands", "crate::ops", "crate::report", "rusqlite::", "fs::write"]),
        ("shell", &["crate::commands", "crate::ops", "crate::report", "rusqlite::", "fs::write"]),
    ] {
        assert_knows_none(&source.join(folder), forbidden);
    }
    for (path, text) in rust_files(&source) {
        if !path.ends_with("shell.rs") {
            // `init` writes a program that prints; it says so with an escaped quote.
            let text = text.replace("println!(\\\"", "");
            for word in ["println!", "print!(", "stdout()", "stderr()"] {
                assert!(!text.contains(word), "{} writes to the terminal by `{word}`", path.display());
            }
        }
    }
}

/// The only crate that is told all it works on: what it says of a set is the same wherever it is asked.
#[test]
fn core_knows_no_environment_no_process_and_no_terminal() {
    let words = [
        "env::",
        "std::env",
        "env!(",
        "process::",
        "std::process",
        "Command::new",
        "stdin()",
        "stdout()",
        "stderr()",
        "print!(",
        "println!(",
        "dbg!(",
        "SystemTime",
        "Instant",
        "libsqlite3",
    ];
    assert_knows_none(&checkout().join("dbmigrate-core/src"), &words);
}

/// None of these words stands in the code of a file or folder; its tests and its comments are free.
#[track_caller]
fn assert_knows_none(path: &Path, words: &[&str]) {
    let files = rust_files(path);
    assert!(!files.is_empty(), "no Rust in {}", path.display());
    for (path, text) in files.iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        let own = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, line) in own.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for word in words {
                assert!(!line.contains(word), "{}:{} knows `{word}`", path.display(), at + 1);
            }
        }
    }
}

#[test]
fn every_file_is_one_concept_and_says_which() {
    for name in CRATES {
        let files = rust_files(&checkout().join(name).join("src"));
        assert!(!files.is_empty(), "no Rust in {name}");
        for (path, text) in files {
            let lines = text.lines().count();
            assert!(lines <= 600, "{} has {lines} lines", path.display());
            assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
        }
    }
    for (path, text) in rust_files(&checkout().join("tests")) {
        let lines = text.lines().count();
        assert!(lines <= 1_000, "{} has {lines} lines", path.display());
        assert!(
            text.starts_with("//!") || path.components().any(|part| part.as_os_str() == "cases"),
            "{} does not say what it is for",
            path.display()
        );
    }
}

/// Each type that one of these is used with costs every program's build tens of kilobytes of code.
#[test]
fn what_every_program_compiles_has_one_kind_of_map_and_one_place_that_sorts() {
    let source = checkout().join("dbmigrate-runtime/src");
    let cli = source.join("cli");
    for (path, text) in rust_files(&source) {
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let sorts = ["names.rs", "sorted.rs"].iter().any(|home| path.ends_with(home));
        for word in ["BTreeMap", "BTreeSet", "HashMap", ".sort"] {
            let is_home = path.starts_with(&cli) || sorts && word == ".sort";
            assert!(is_home || !own.contains(word), "{} has `{word}`: see names.rs and sorted.rs", path.display());
        }
    }
}

/// What every program compiles and `up` of plain files never reaches. `#[inline]` has a function compiled by who calls it,
/// and by nobody if nobody does. `parts` names most of them: a function of it that is compiled takes what it names along.
const CALLED_BY_FEW: [&str; 42] = [
    "adoption",
    "assertion",
    "backup",
    "batch",
    "code",
    "comparison",
    "copy",
    "diff",
    "difference",
    "drops",
    "entries",
    "interrupted",
    "journal",
    "kept",
    "late",
    "neighbours",
    "no_transaction",
    "normal",
    "notes",
    "objects",
    "old_history",
    "one_set",
    "order",
    "parts",
    "plan",
    "put_back",
    "repeatable",
    "replaced",
    "replay",
    "requires",
    "runner/alone",
    "schema",
    "snapshot",
    "sorted",
    "squash",
    "status",
    "step_lock",
    "stored",
    "suggested",
    "tables",
    "take_over",
    "violations",
];

#[test]
fn what_few_programs_call_is_compiled_where_it_is_called() {
    let source = checkout().join("dbmigrate-runtime/src");
    for name in CALLED_BY_FEW {
        let mut files = rust_files(&source.join(name).with_extension("rs"));
        if source.join(name).is_dir() {
            files.extend(rust_files(&source.join(name)));
        }
        for (path, text) in files {
            let own = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines: Vec<&str> = own.lines().map(str::trim_start).collect();
            for (at, line) in lines.iter().enumerate() {
                let is_function = ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "]
                    .iter()
                    .any(|start| line.starts_with(start));
                let has_body =
                    lines[at..].iter().find(|line| line.ends_with(['{', ';'])).is_some_and(|it| it.ends_with('{'));
                let mut attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
                assert!(
                    !is_function || !has_body || attributes.any(|line| *line == "#[inline]"),
                    "{}:{}: without `#[inline]` every program's build compiles this: see `CALLED_BY_FEW`",
                    path.display(),
                    at + 1
                );
            }
        }
    }
}

/// Every unchecked way of running code or building SQL has one home.
#[test]
fn no_shell_is_started() {
    for name in CRATES {
        for (path, text) in rust_files(&checkout().join(name).join("src")) {
            for word in ["\"sh\"", "\"bash\"", "\"cmd\"", "\"/bin/"] {
                assert!(!text.contains(&format!("Command::new({word}")), "{} starts a shell", path.display());
            }
        }
    }
}

fn rust_files(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_file() {
        return vec![(path.to_owned(), fs::read_to_string(path).unwrap())];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            files.extend(rust_files(&path));
        }
    }
    files
}
