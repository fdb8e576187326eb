//! `requires` in the files of migrations: it names others by their number.

use std::sync::Arc;

use dbmigrate_core::file_name::{FileName, Stem, parse};
use dbmigrate_core::requirement::Requirement;
use dbmigrate_core::{SourceMigration, SourceText, rust_source, script};

use super::{Move, read};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;

/// The files as they have to be, under their new names. Only what others do not have can require what they do not have.
pub(super) fn edits(project: &Project, own: &[(&Stem, &Vec<String>)], moves: &[Move]) -> Result<Vec<Edit>, CliError> {
    let mut edits = Vec::new();
    for name in own.iter().flat_map(|(_, names)| *names) {
        let path = format!("{}/{name}", project.config.dir);
        let source = Arc::new(read(project, &path)?);
        let requires = match parse(name, &project.config) {
            FileName::Rust { .. } => rust_source::parse(&source, &mut Vec::new()).requires,
            FileName::Up { .. } => script::parse(&source, &mut Vec::new()).requires,
            _ => continue,
        };
        if let Some((text, what)) = renamed(&source, &requires, "", moves) {
            let mut moved = moves.iter().flat_map(|it| &it.files);
            let path = moved.find(|(from, _)| *from == path).map_or(path.clone(), |(_, to)| to.clone());
            edits.push(Edit { path: project.root.join(path), text, what, new: false });
        }
    }
    edits.extend(elsewhere(project, moves));
    Ok(edits)
}

/// The files of other sets of the package that require one of them.
fn elsewhere(project: &Project, moves: &[Move]) -> Vec<Edit> {
    let all = if project.sets == 1 { Vec::new() } else { project.load_all() };
    let others = all.iter().filter(|other| other.set.config.set != project.config.set);
    let prefix = format!("{}/", project.config.set);
    let edit = |migration: &SourceMigration| {
        let (text, what) = renamed(migration.source(), &migration.requires, &prefix, moves)?;
        Some(Edit { path: project.root.join(&migration.file), text, what, new: false })
    };
    others.flat_map(|other| &other.set.migrations).filter_map(edit).collect()
}

/// The text with the new names of what it requires, each behind `prefix`, and what was changed; none where nothing is.
fn renamed(source: &SourceText, requires: &[Requirement], prefix: &str, moves: &[Move]) -> Option<(String, String)> {
    let mut text = source.text().to_owned();
    let mut told = Vec::new();
    for requirement in requires.iter().rev() {
        let names = |it: &&Move| requirement.name.strip_prefix(prefix) == Some(&it.from.to_string());
        let Some(found) = moves.iter().find(names) else { continue };
        let at = source.slice(requirement.span).rfind(&requirement.name).map(|at| requirement.span.start + at);
        if let Some(at) = at {
            let name = format!("{prefix}{}", found.to);
            text.replace_range(at..at + requirement.name.len(), &name);
            told.push(format!("requires {name}"));
        }
    }
    told.reverse();
    (!told.is_empty()).then(|| (text, told.join(", ")))
}
