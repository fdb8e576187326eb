//! Deletes the files that a sealed squash replaces. Their lock stays, by which databases that have them all are known.

use std::fs;

use cargo_metadata::semver::Version;
use dbmigrate_core::lock::{FILE, Lock};
use dbmigrate_core::{Diagnostic, Replaced};

use super::{BEFORE, files};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::{create, edit, other_tools};

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Pruned {
    /// The squash.
    pub(crate) name: String,
    /// The files that are gone.
    pub(crate) files: Vec<String>,
    /// The last version of the package that has them.
    pub(crate) version: String,
}

/// Deletes them, and writes down that `version`, or else that of the package, is the last one that has them. `dry_run`
/// changes nothing.
pub(crate) fn prune(project: &Project, version: Option<&str>, dry_run: bool) -> Result<Pruned, CliError> {
    other_tools::refuse(project, "squash")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let loaded = project.load();
    // What an earlier one that was stopped has left is for this one.
    let errors = |it: &&Diagnostic| it.is_error() && it.code != "replaced-pruned";
    let errors: Vec<Diagnostic> = loaded.diagnostics.iter().filter(errors).cloned().collect();
    if !errors.is_empty() {
        return Err(CliError::diagnostics(errors));
    }
    let set = &loaded.set;
    let (Some(replaced), Some(squash)) = (&set.replaced, set.migrations.first()) else {
        return Err(CliError::usage("there is no squash, and nothing to prune"));
    };
    let name = squash.name();
    if !set.lock.seals(squash) {
        return Err(CliError::failure(format!("`{name}` is not sealed: without its originals it could not be undone"))
            .help("seal it first: `cargo dbmigrate lock`"));
    }
    let version = version.unwrap_or(&project.version);
    if let Err(why) = Version::parse(version) {
        return Err(CliError::usage(format!("`{version}` is not a version: {why}")).help(format!(
            "name a release of the program, as in `version = \"{}\"` of its manifest",
            project.version
        )));
    }
    let mut gone = Vec::new();
    for level in replaced.levels() {
        gone.extend(level_of(project, level, version, dry_run)?);
    }
    drop(guard);
    Ok(Pruned { name, files: gone, version: version.to_owned() })
}

fn level_of(project: &Project, level: &Replaced, version: &str, dry_run: bool) -> Result<Vec<String>, CliError> {
    let failed = |what: &str, path: &str, error: std::io::Error| {
        CliError::failure(format!("could not {what} `{path}`: {error}")).help("run the same command to continue")
    };
    let gone: Vec<String> = level.migrations.iter().flat_map(files).map(str::to_owned).collect();
    if dry_run {
        return Ok(gone);
    }
    if level.lock.pruned.is_none() {
        let lock = Lock { pruned: Some(version.to_owned()), ..level.lock.clone() };
        let path = format!("{}/{FILE}", level.dir);
        edit::put(&project.root.join(&path), &lock.to_text()).map_err(|error| failed("write", &path, error))?;
    }
    let before = format!("{}/{BEFORE}", level.dir);
    let is_there = project.root.join(&before).exists();
    for path in gone.iter().chain(is_there.then_some(&before)) {
        fs::remove_file(project.root.join(path)).map_err(|error| failed("delete", path, error))?;
    }
    Ok(gone)
}
