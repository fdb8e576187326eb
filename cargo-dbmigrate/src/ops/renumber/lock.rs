//! `migrations.lock`: what gets another number is sealed no longer, and a conflict of two branches that have sealed one
//! number is settled by what others have sealed.

use dbmigrate_core::files::Files;
use dbmigrate_core::lock::{FILE, Lock};

use super::{Move, read};
use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::git::Revision;
use crate::ops::project::Project;

/// What is left of the file, if anything has to go.
pub(super) fn edit(
    project: &Project,
    revision: &Revision,
    their_dir: &str,
    moves: &[Move],
) -> Result<Option<Edit>, CliError> {
    let path = format!("{}/{FILE}", project.config.dir);
    if !project.root.join(&path).exists() {
        return Ok(None);
    }
    let (text, whose) = if read(project, &path)?.text().lines().any(|line| line.starts_with("<<<<<<<")) {
        let theirs = revision.text(&format!("{their_dir}/{FILE}"))?;
        (theirs.text().to_owned(), format!("as `{}` has it", revision.name))
    } else {
        let sealed = project.load().set.lock.migrations;
        let moved = |name: &str| moves.iter().any(|it| it.from.to_string() == name);
        // Each line follows from those before it, so that all after the first go with it.
        let kept = sealed.iter().take_while(|it| !moved(&it.name)).count();
        if kept == sealed.len() {
            return Ok(None);
        }
        let whose = sealed[..kept].last().map_or("nothing is sealed".to_owned(), |it| format!("up to `{}`", it.name));
        (Lock { migrations: sealed[..kept].to_vec(), schema: None }.to_text(), whose)
    };
    let what = format!("{whose}; seal yours again: `cargo dbmigrate lock`");
    Ok(Some(Edit { path: project.root.join(&path), text, what, new: false }))
}
