//! A conflict in `migrations.lock`: both sides have sealed a number, and one of the two gets another one.

use dbmigrate_core::Loaded;
use dbmigrate_core::files::Files;
use dbmigrate_core::lock::FILE;

use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::git::Revision;
use crate::ops::project::Project;

/// What others have sealed stays sealed; what gets another number is to be sealed again.
pub(super) fn conflict(
    project: &Project,
    loaded: &Loaded,
    revision: &Revision,
    their_dir: &str,
) -> Result<Option<Edit>, CliError> {
    let path = format!("{}/{FILE}", project.config.dir);
    if !loaded.diagnostics.iter().any(|it| matches!(it.code, "lock-conflict" | "lock-order")) {
        return Ok(None);
    }
    let theirs = revision.text(&format!("{their_dir}/{FILE}"))?;
    let what = format!("as `{}` has it; seal yours again: `cargo dbmigrate lock`", revision.name);
    Ok(Some(Edit { path: project.root.join(&path), text: theirs.text().to_owned(), what, new: false }))
}
