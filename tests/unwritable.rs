//! A database in WAL mode in a folder where nothing can be written: everything that reads it says how it is read.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Project, Run};

const NOTE: &str = "nothing can be written beside the database: it is read as it is";

#[test]
fn what_is_read_as_it_lies_there_is_said_by_every_command() {
    let project =
        Project::wired("unwritable", &[("001_a.sql", "CREATE TABLE a (x);\n-- dbmigrate: down\nDROP TABLE a;\n")]);
    fs::create_dir(project.root.join("data")).unwrap();
    project.dbmigrate(["up", "--database", "data/app.db"]).succeeds();
    project.execute("data/app.db", "PRAGMA journal_mode = WAL");
    let permit = |mode| fs::set_permissions(project.root.join("data"), fs::Permissions::from_mode(mode)).unwrap();
    permit(0o555);
    let program = env!("CARGO_BIN_EXE_cargo-dbmigrate");
    let mut words = vec![program];
    if fs::write(project.root.join("data/probe"), "").is_ok() {
        // Permissions don't bind root, so somebody with fewer rights has to try.
        words = vec!["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", program];
        if Command::new("setpriv").arg("--version").output().is_err() {
            permit(0o755);
            assert!(std::env::var_os("CI").is_none(), "this is root, and there is no `setpriv`");
            return;
        }
        fs::remove_file(project.root.join("data/probe")).unwrap();
    }
    let commands: [&[&str]; 10] = [
        &["status", "--database", "data/app.db"],
        &["verify", "--database", "data/app.db"],
        &["history", "--database", "data/app.db"],
        &["drift", "--database", "data/app.db"],
        &["schema", "data/app.db"],
        &["schema", "--from", "migrations", "--to", "data/app.db"],
        &["check", "--database", "data/app.db"],
        &["script", "--database", "data/app.db"],
        &["status", "--databases", "data/*.db"],
        &["drift", "--databases", "data/*.db"],
    ];
    let runs =
        commands.map(|arguments| Run::of(project.command(words[0]).args(&words[1..]).arg("dbmigrate").args(arguments)));
    permit(0o755);
    for run in runs {
        run.succeeds().says(NOTE);
    }
    // Where it can be written there is nothing to say.
    for arguments in commands {
        project.dbmigrate(arguments).succeeds().says_not(NOTE);
    }
}
