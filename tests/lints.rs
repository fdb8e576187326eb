//! The generated module under the strictest lints that a program may ask for.

use crate::support::Project;

#[test]
fn clippy_finds_nothing_in_the_module_whatever_the_files_are_called() {
    let project = Project::wired("strict-clippy", &[]);
    let has_clippy = project.cargo(["clippy", "--version"]).code == 0;
    assert!(has_clippy || std::env::var_os("CI").is_none(), "the toolchain of CI has clippy");
    if !has_clippy {
        return;
    }
    // One word at the end of every name, positions of six digits, odd words in a header, and many functions.
    let long = format!("-- {}\n", "x".repeat(150_000));
    let header = "-- Migration: Create UserPrefs <b> [x] `y\n-- Description: see http://example.com/a_b\n";
    project.write("migrations/001_users_table.sql", format!("{header}{long}CREATE TABLE users(x);"));
    for number in 2..40 {
        let function = "pub fn up(_: &rusqlite::Connection) -> rusqlite::Result<()> {\n    Ok(())\n}\n";
        project.write(&format!("migrations/{number:03}_step{number}_table.rs"), function);
    }
    let program = project.read("src/main.rs").replace("pub mod migrations", "mod migrations");
    let lints = "#![deny(warnings, clippy::all, clippy::pedantic)]\n#![allow(clippy::unnecessary_wraps, clippy::missing_errors_doc)]\n";
    project.write("src/main.rs", format!("{lints}{program}"));
    project.cargo(["clippy", "-q"]).succeeds();
}
