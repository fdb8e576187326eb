//! Builds what the other stages run.

use crate::programs::{BASE, Place};
use crate::sets::Set;
use crate::tools::Tool;
use crate::{Result, files, process};

/// How many migrations the sets have.
pub const COUNTS: [usize; 3] = [10, 100, 1_000];

/// The set that a database is made from for each test.
pub const TESTED: usize = 100;

/// Installs what is not there yet of the peers' command lines, and this project's anew.
///
/// # Errors
///
/// When one does not build.
pub fn commands(place: &Place) -> Result<()> {
    let Some(root) = &place.commands else { return Ok(()) };
    for tool in Tool::RUNNERS {
        let Some(command) = tool.command() else { continue };
        if tool != Tool::Dbmigrate && place.command(tool).is_some() {
            continue;
        }
        eprintln!("installing {command}");
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["install", "--locked", "--root"]).arg(root).env_remove("CARGO_TARGET_DIR");
        match tool {
            Tool::Refinery => cargo.args(["refinery_cli", "--no-default-features", "--features", "sqlite-bundled"]),
            Tool::Sqlx => cargo.args(["sqlx-cli", "--no-default-features", "--features", "sqlite"]),
            Tool::Diesel => cargo.args(["diesel_cli", "--no-default-features", "--features", "sqlite-bundled"]),
            _ => cargo.arg("--force").arg("--path").arg(place.checkout.join("cargo-dbmigrate")),
        };
        process::succeeds(&mut cargo)?;
    }
    Ok(())
}

/// All programs with all sets. What is built already takes a moment.
///
/// # Errors
///
/// When one does not build.
pub fn programs(place: &Place) -> Result<()> {
    for tool in Tool::ALL {
        eprintln!("building {}", tool.name());
        if tool == Tool::Plain {
            place.build(tool, BASE, None, &[])?;
            continue;
        }
        if tool.base() == tool {
            place.build(tool, BASE, None, &["--no-default-features"])?;
        }
        for set in COUNTS.map(Set::of).iter().chain(&[Set::rebuild(false), Set::rebuild(true), Set::fault()]) {
            place.build(tool, &set.name, Some(set), &[])?;
        }
    }
    let tested = Set::of(TESTED);
    for feature in ["testing", "backup"] {
        place.build(Tool::Dbmigrate, feature, Some(&tested), &["--features", feature])?;
    }
    for set in COUNTS.map(Set::of) {
        let name = snapshot(set.migrations.len());
        // Where it can't be made, its rows stay empty, and the reason is told.
        match with_snapshot(place, &set, &name) {
            Ok(()) => {}
            Err(error) => {
                eprintln!("no snapshot of {} migrations: {error}", set.name);
                files::remove_folder(&place.work.join("bin").join(&name))?;
            }
        }
    }
    Ok(())
}

/// The name of a set with a snapshot.
pub fn snapshot(count: usize) -> String {
    format!("{count}-snapshot")
}

fn with_snapshot(place: &Place, set: &Set, name: &str) -> Result<()> {
    let tool = Tool::Dbmigrate;
    let command = place.command(tool).ok_or("no `cargo-dbmigrate` was given with `--clis`")?;
    // Anew each time: a sealed set refuses what is written over it.
    files::remove_folder(&place.package(tool, name))?;
    let package = place.lay_out(tool, name, Some(set))?;
    let call = |verb: &str| {
        let mut call = std::process::Command::new(&command);
        call.args(["dbmigrate", verb, "--manifest-path"]).arg(package.join("Cargo.toml"));
        process::succeeds(&mut call)
    };
    call("lock")?;
    call("snapshot")?;
    if !package.join("migrations/snapshot.sql").is_file() {
        return Err("`cargo dbmigrate snapshot` has written no migrations/snapshot.sql".into());
    }
    place.build_laid_out(tool, name, &package, &[])
}
