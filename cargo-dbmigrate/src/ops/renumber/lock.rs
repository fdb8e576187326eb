//! A conflict in `migrations.lock`: both sides have sealed a number, and one of the two gets another one.

use dbmigrate_core::files::Files;

use super::read;
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::git::Revision;
use crate::ops::project::Project;

/// The name of the file in the folder of the migrations.
const FILE: &str = "migrations.lock";

/// What others have sealed stays sealed; what gets another number is to be sealed again.
pub(super) fn conflict(project: &Project, revision: &Revision, their_dir: &str) -> Result<Option<Edit>, CliError> {
    let path = format!("{}/{FILE}", project.config.dir);
    if !project.root.join(&path).exists()
        || !read(project, &path)?.text().lines().any(|line| line.starts_with("<<<<<<<"))
    {
        return Ok(None);
    }
    let theirs = revision.text(&format!("{their_dir}/{FILE}"))?;
    let what = format!("as `{}` has it; seal yours again: `cargo dbmigrate lock`", revision.name);
    Ok(Some(Edit { path: project.root.join(&path), text: theirs.text().to_owned(), what, new: false }))
}
