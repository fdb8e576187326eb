//! `migrations.lock`: what has to get another number is sealed no longer, and a conflict of two branches that have
//! sealed one number is settled by what others have sealed.

use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::Loaded;
use dbmigrate_core::file_name::Stem;
use dbmigrate_core::files::Files;
use dbmigrate_core::lock::{FILE, Lock, Sealed};

use crate::error::CliError;
use crate::ops::edit::Edit;
use crate::ops::git::Revision;
use crate::ops::project::Project;

/// What stays sealed: what others have, and what comes after it. Each line follows from those before it, so that all
/// after the first one that moves go with it.
pub(super) fn kept<'l>(lock: &'l Lock, held: &BTreeMap<Stem, Vec<String>>) -> &'l [Sealed] {
    let highest = held.keys().map(|stem| stem.number).max();
    let names: BTreeSet<String> = held.keys().map(Stem::to_string).collect();
    let stays = |sealed: &&Sealed| names.contains(&sealed.name) || Some(sealed.number) > highest;
    let count = lock.migrations.iter().take_while(stays).count();
    &lock.migrations[..count]
}

/// The file as it has to be, where it can't stay as it is.
pub(super) fn edit(
    project: &Project,
    loaded: &Loaded,
    kept: &[Sealed],
    revision: &Revision,
    their_dir: &str,
) -> Result<Option<Edit>, CliError> {
    let (text, what) = if loaded.diagnostics.iter().any(|it| matches!(it.code, "lock-conflict" | "lock-order")) {
        let theirs = revision.text(&format!("{their_dir}/{FILE}"))?;
        (theirs.text().to_owned(), format!("as `{}` has it", revision.name))
    } else if kept.len() < loaded.set.lock.migrations.len() {
        let what = kept.last().map_or("nothing is sealed".to_owned(), |last| format!("sealed up to `{}`", last.name));
        let snapshot = loaded.set.lock.snapshot.clone();
        (Lock { migrations: kept.to_vec(), snapshot, ..Lock::default() }.to_text(), what)
    } else {
        return Ok(None);
    };
    let path = project.root.join(&project.config.dir).join(FILE);
    let what = format!("{what}; seal yours again: `cargo dbmigrate lock`");
    Ok(Some(Edit { path, text, what, new: false }))
}
