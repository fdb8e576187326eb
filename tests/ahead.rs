//! Which package a command is about: cargo is asked once, and what is read while it works changes nothing that comes out.

use std::process::Command;

use crate::support::{Project, Run};

const SQL: &str = "CREATE TABLE t (a);\n-- dbmigrate: down\nDROP TABLE t;\n";

fn dbmigrate(project: &Project) -> Command {
    let mut command = project.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
    command.arg("dbmigrate");
    command
}

#[cfg(unix)]
#[test]
fn cargo_is_asked_once() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    let project = Project::wired("ahead-once", &[("001_t.sql", SQL)]);
    let (counting, asked) = (project.root.join("counting"), project.root.join("asked"));
    let script = format!("#!/bin/sh\necho \"$1\" >> '{}'\nexec '{}' \"$@\"\n", asked.display(), env!("CARGO"));
    project.write("counting", script);
    fs::set_permissions(&counting, fs::Permissions::from_mode(0o755)).unwrap();
    for words in [
        &["up"][..],
        &["status"],
        &["up"],
        &["verify"],
        &["history"],
        &["drift"],
        &["status", "--databases", "*.db"],
        &["list"],
        &["check"],
    ] {
        let _ = fs::remove_file(&asked);
        Run::of(dbmigrate(&project).env("CARGO", &counting).args(words)).succeeds();
        assert_eq!(project.read("asked"), "metadata\n", "{words:?}");
    }
}

#[test]
fn it_is_the_package_that_cargo_names_wherever_the_command_is_called() {
    let project = Project::new("ahead-members");
    project.edit_manifest(|manifest| {
        manifest["workspace"]["members"] = toml_edit::value(toml_edit::Array::from_iter(["a", "b"]));
    });
    for member in ["a", "b"] {
        let manifest = format!("[package]\nname = \"{member}\"\n[package.metadata.migrations]\n");
        project.write(&format!("{member}/Cargo.toml"), manifest);
        project.write(&format!("{member}/src/lib.rs"), "");
        project.write(&format!("{member}/migrations/001_of_{member}.sql"), SQL);
    }
    for (folder, words, expect) in [
        ("a", &[][..], "001_of_a"),
        ("a/src", &[], "001_of_a"),
        ("b", &[], "001_of_b"),
        ("b", &["-p", "a"], "001_of_a"),
        ("b", &["--manifest-path", "../a/Cargo.toml"], "001_of_a"),
        ("", &["-p", "b"], "001_of_b"),
        ("a", &["--workspace", "--exclude", "a"], "001_of_b"),
    ] {
        let run = Run::of(dbmigrate(&project).current_dir(project.root.join(folder)).arg("list").args(words));
        let run = run.succeeds();
        assert_eq!(run.stdout.matches("001_of_").count(), 1, "{folder} {words:?}: {run}");
        assert!(run.stdout.contains(expect), "{folder} {words:?}: {run}");
    }
    // What is wrong is said of that package, and of no other.
    project.write("a/migrations/003_gap.sql", SQL);
    let list =
        |words: &[&str]| Run::of(dbmigrate(&project).current_dir(project.root.join("a")).arg("list").args(words));
    list(&[]).exits(101).says("migrations/003_gap.sql");
    list(&["-p", "b"]).succeeds();
}
