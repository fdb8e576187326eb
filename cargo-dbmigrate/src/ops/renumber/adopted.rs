//! `adopted.toml` names migrations too: those that get another number are named by it from then on.

use dbmigrate_core::adoption::FILE;
use toml_edit::{DocumentMut, Item, value};

use super::{Move, read};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::project::Project;

/// The file as it has to be; none where it names none of them.
pub(super) fn edit(project: &Project, moves: &[Move]) -> Result<Option<Edit>, CliError> {
    let name = format!("{}/{FILE}", project.config.dir);
    let path = project.root.join(&name);
    if !path.exists() {
        return Ok(None);
    }
    let failed = |error| CliError::failure(format!("could not read `{name}`: {error}"));
    let mut document: DocumentMut = read(project, &name)?.text().parse().map_err(failed)?;
    let mut told = Vec::new();
    let entries = document.get_mut("migration").and_then(Item::as_array_of_tables_mut);
    for entry in entries.into_iter().flat_map(|entries| entries.iter_mut()) {
        let named = entry.get("name").and_then(Item::as_str).map(str::to_owned);
        if let Some(found) = moves.iter().find(|it| named.as_deref() == Some(&*it.from.to_string())) {
            entry["name"] = value(found.to.to_string());
            told.push(format!("names {}", found.to));
        }
    }
    let what = told.join(", ");
    Ok((!told.is_empty()).then(|| Edit { path, text: document.to_string(), what, new: false }))
}
