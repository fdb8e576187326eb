//! Works out what wires a package: manifest, build.rs, module, first migration, runner. Writes nothing itself.

mod checkout;
pub(crate) mod manifest;
mod runner;
mod rusqlite;
mod sources;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::git;
use crate::ops::other_tools;
use crate::ops::project::Project;
use crate::ops::wiring;
use dbmigrate_core::config::TABLE;
use dbmigrate_core::layout::Layout;

/// What is to be written, and what people should know.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) edits: Vec<Edit>,
    pub(crate) notes: Vec<String>,
}

/// Works out the edits; none where everything is there.
pub(crate) fn init(project: &Project, checkout: Option<&Path>, runner: bool) -> Result<Plan, CliError> {
    project.sound_config()?;
    let is_begun = is_begun(project)?;
    let checkout = checkout.map(checkout::folder).transpose()?;
    let mut document = wiring::manifest(project)?;
    let wiring = wiring::read(project, &document)?;
    if wiring.modules.is_empty() {
        refuse_foreign(project)?;
    }
    let mut plan = Plan::default();
    let module = sources::module_line(&wiring, &project.config.set);

    let begins = wiring.modules.is_empty() && sources::is_untouched(project, &wiring);
    // A program that is written here opens the database that the manifest names.
    let names_database = project.config.database.is_none() && (begins || !project.config.declared);
    let wanted = manifest::Wanted { checkout: checkout.as_deref(), runner, names_database };
    manifest::edit(project, &mut document, &wiring, &wanted, &mut plan)?;
    sources::edit_build_script(&wiring, &mut plan)?;
    if wiring.modules.is_empty() {
        sources::edit_source(project, &module, begins, &mut plan)?;
    }
    if !is_begun {
        first_migration(project, &mut plan);
    }
    if names_database {
        ignore_database(project, &mut plan);
    }
    if runner {
        runner::add_file(project, &wiring, &mut plan)?;
    }
    Ok(plan)
}

/// Refuses files that are certainly another tool's: read as those of the house they would do something else.
fn refuse_foreign(project: &Project) -> Result<(), CliError> {
    let Some((tool, reason)) = other_tools::certain(project) else { return Ok(()) };
    let message = format!("`{}` looks like a folder of {tool} ({reason}), but `layout` is not set", project.config.dir);
    Err(CliError::failure(message)
        .help("take over the files: `cargo dbmigrate adopt`")
        .help(format!("or use them as they are: `layout = \"{tool}\"` in `{TABLE}`")))
}

/// The database file, as configured or by the package's name.
fn database(project: &Project) -> String {
    project.config.database.clone().unwrap_or_else(|| format!("{}.db", project.name))
}

/// Whether there are migrations, right or wrong, or files of another tool. A folder with anything else in it is an error
/// before something is written.
fn is_begun(project: &Project) -> Result<bool, CliError> {
    let loaded = project.load();
    let is_there = project.root.join(&project.config.dir).exists();
    if is_there && loaded.highest.is_none() && loaded.has_errors() {
        let error = CliError::diagnostics(loaded.diagnostics);
        return Err(error.help("or name the folder of the migrations: `dir` in `[package.metadata.migrations]`"));
    }
    Ok(loaded.highest.is_some() || project.config.layout != Layout::House)
}

/// A file for the first migration.
fn first_migration(project: &Project, plan: &mut Plan) {
    let folder = project.root.join(&project.config.dir);
    let config = &project.config;
    let now = jiff::Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
    let Some(stem) = dbmigrate_core::file_name::next(config, None, &now, "initial_schema") else { return };
    let path = folder.join(format!("{stem}.sql"));
    let text = "-- Migration: Initial schema\n-- Description: What every database of this program starts with.\n\n";
    plan.edits.push(Edit {
        path,
        text: text.to_owned(),
        what: "the first migration, still empty".to_owned(),
        new: true,
    });
}

/// Keeps the database that `init` has named out of version control: in the `.gitignore` beside the manifest, or in a new
/// one where git would show the database.
fn ignore_database(project: &Project, plan: &mut Plan) {
    let (path, database) = (project.root.join(".gitignore"), database(project));
    let (text, new) = match fs::read_to_string(&path) {
        Ok(text) => (text, false),
        Err(error) if error.kind() == ErrorKind::NotFound && git::shows(&project.root, &database) => {
            (String::new(), true)
        }
        Err(_) => return,
    };
    let line = format!("/{database}*");
    if text.lines().any(|present| present == line) {
        return;
    }
    let text = format!("{}{line}\n", if text.is_empty() { String::new() } else { text.trim_end().to_owned() + "\n" });
    plan.edits.push(Edit { path, text, what: "the database and its copies".to_owned(), new });
}
