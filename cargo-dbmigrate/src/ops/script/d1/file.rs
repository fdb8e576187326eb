//! One file of a folder for D1. Its first line says which migration it is, and what its text was.

use std::fs;
use std::path::Path;

use dbmigrate_core::checksum::of_text;
use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration};

use super::engine::Statement;
use crate::error::CliError;
use crate::ops::script::write::one_line;

/// What the first line begins with.
const MARK: &str = "-- dbmigrate d1 v1: ";

/// What wrangler takes out of a file, wherever it stands.
const TRIMMED: &str = "BEGIN TRANSACTION";

/// What is there under the name of a migration.
pub(super) enum Found {
    Nothing,
    /// As it was written, of this migration.
    Whole,
    /// As it was written, of a migration that was another one then.
    Older,
    /// Written by this command, and changed since.
    Edited,
    /// Written by somebody else.
    Foreign,
}

/// The name of the file of a migration.
pub(super) fn name(migration: &SourceMigration) -> String {
    format!("{}.sql", migration.name())
}

/// The whole text.
pub(super) fn text(migration: &SourceMigration, statements: &[Statement]) -> String {
    let mut body =
        format!("-- Made by `cargo dbmigrate script --for d1` from {}; do not edit.\n", one_line(&migration.file));
    for statement in statements {
        body.push_str(&statement.sql);
        body.push_str(";\n");
    }
    format!("{MARK}{} {} {}\n{body}", migration.name(), migration.checksum, of_text(&body))
}

/// Looks what is there under the name of a migration.
pub(super) fn find(folder: &Path, migration: &SourceMigration) -> Result<Found, CliError> {
    let path = folder.join(name(migration));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(CliError::failure(format!("could not read `{}`: {error}", path.display()))),
    };
    // A checkout may have other line ends.
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let Some((first, body)) = text.split_once('\n') else { return Ok(Found::Foreign) };
    let Some(words) = first.strip_prefix(MARK) else { return Ok(Found::Foreign) };
    let words: Vec<&str> = words.split(' ').collect();
    Ok(match words.as_slice() {
        [_, _, hash] if *hash != of_text(body) => Found::Edited,
        [name, checksum, _] if *name == migration.name() && *checksum == migration.checksum => Found::Whole,
        [_, _, _] => Found::Older,
        _ => Found::Edited,
    })
}

/// What is wrong with it.
pub(super) fn problem(folder: &Path, migration: &SourceMigration, found: &Found) -> Option<Diagnostic> {
    let path = folder.join(name(migration)).display().to_string();
    Some(match found {
        Found::Nothing | Found::Whole => return None,
        Found::Older => {
            Diagnostic::error("d1-edited", format!("`{}` was edited since `{path}` was written", migration.name()))
                .in_file(&migration.file)
                .note("a D1 database that has applied the file will not run it again")
                .help("restore the migration, and write the change as a new one: `cargo dbmigrate create NAME`")
                .help("if no database has applied the file yet, remove it")
        }
        Found::Edited => Diagnostic::error("d1-edited", format!("`{path}` was edited by hand"))
            .help("restore it, or remove it if no database has applied it yet"),
        Found::Foreign => Diagnostic::error("d1-foreign", format!("`{path}` was not written by this command"))
            .help("name another folder, or give the migration another name"),
    })
}

/// Files of this command that no migration has any more.
pub(super) fn strays(folder: &Path, set: &MigrationSet) -> Result<Vec<Diagnostic>, CliError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CliError::failure(format!("could not read `{}`: {error}", folder.display()))),
    };
    let known: Vec<String> = set.migrations.iter().map(name).collect();
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let is_stray = |name: &String| {
        let is_own = || fs::read(folder.join(name)).is_ok_and(|bytes| bytes.starts_with(MARK.as_bytes()));
        name.ends_with(".sql") && !known.contains(name) && is_own()
    };
    let stray = |name: String| {
        let path = folder.join(&name).display().to_string();
        Diagnostic::error("d1-stray", format!("`{path}` is of a migration that does not exist"))
            .help("restore the migration; or remove the file, if no database has applied it")
    };
    Ok(names.into_iter().filter(is_stray).map(stray).collect())
}

/// What wrangler would change in a statement.
pub(super) fn trimmed(statements: &[Statement]) -> Option<Diagnostic> {
    let statement = statements.iter().find(|statement| statement.sql.contains(TRIMMED))?;
    let error = Diagnostic::error("d1-limit", format!("wrangler removes `{TRIMMED}` from a file, wherever it occurs"));
    Some(match &statement.user {
        Some(user) => error.at(user.at.clone()),
        None => {
            error.help("it is in the stored down script: `store-sql = \"none\"` in `[package.metadata.migrations]`")
        }
    })
}
