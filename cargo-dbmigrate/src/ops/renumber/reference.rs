//! `requires` in the files of migrations: it names others by their number.

use std::sync::Arc;

use dbmigrate_core::file_name::{FileName, Stem, parse};
use dbmigrate_core::{rust_source, script};

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
        let mut text = source.text().to_owned();
        let mut told = Vec::new();
        for requirement in requires.iter().rev() {
            let Some(found) = moves.iter().find(|it| it.from.to_string() == requirement.name) else { continue };
            let at = source.slice(requirement.span).rfind(&requirement.name).map(|at| requirement.span.start + at);
            if let Some(at) = at {
                text.replace_range(at..at + requirement.name.len(), &found.to.to_string());
                told.push(format!("requires {}", found.to));
            }
        }
        if !told.is_empty() {
            told.reverse();
            let mut moved = moves.iter().flat_map(|it| &it.files);
            let path = moved.find(|(from, _)| *from == path).map_or(path.clone(), |(_, to)| to.clone());
            edits.push(Edit { path: project.root.join(path), text, what: told.join(", "), new: false });
        }
    }
    Ok(edits)
}
