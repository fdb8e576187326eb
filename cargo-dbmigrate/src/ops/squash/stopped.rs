//! What a squash, or its undo, has left where it was stopped, and what `git checkout .` leaves of one that was never
//! committed: found here, for the undo to put back.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dbmigrate_core::file_name::{self, FileName};
use dbmigrate_core::lock::FILE;
use dbmigrate_core::squash::{FOLDER, Replaced};
use dbmigrate_core::{Help, SourceText, script};

use super::change::Change;
use crate::error::CliError;
use crate::ops::project::Project;

/// Puts the folder of an older squash back where it was, if it was on its way: a folder can't be moved into itself, so it
/// has another name meanwhile.
pub(super) fn folder_back(project: &Project) -> Result<Vec<Change>, CliError> {
    let dir = &project.config.dir;
    let (folder, aside) = (format!("{dir}/{FOLDER}"), format!("{dir}/.{FOLDER}"));
    let inner = format!("{folder}/{FOLDER}");
    let holds = |path: &str, names: &[&str]| names_in(&project.root.join(path)).is_some_and(|found| found == names);
    if project.root.join(&aside).join(FILE).is_file() {
        return match names_in(&project.root.join(&folder)) {
            None => Ok(vec![Change::Move(aside, folder)]),
            Some(names) if names.is_empty() => Ok(vec![Change::NoFolder(folder.clone()), Change::Move(aside, folder)]),
            Some(_) => Err(CliError::failure(format!("`{folder}` and `{aside}` both contain replaced migrations"))
                .help(
                    Help::from("")
                        .file(&aside)
                        .words(" is left over from an interrupted squash: it belongs in the other, as ")
                        .file(&inner),
                )),
        };
    }
    if holds(&folder, &[FOLDER]) && project.root.join(&inner).join(FILE).is_file() {
        return Ok(vec![
            Change::Move(inner, aside.clone()),
            Change::NoFolder(folder.clone()),
            Change::Move(aside, folder),
        ]);
    }
    Ok(Vec::new())
}

/// The name and the file of a squash that stands among the originals that something else has put back.
pub(super) fn astray(project: &Project, replaced: &Replaced) -> Option<(String, String)> {
    let dir = &project.config.dir;
    let number = replaced.last()?.number;
    let is_back = |name: &String| match file_name::parse(name, &project.config) {
        FileName::Up { stem, .. } => replaced.has(&stem.to_string()),
        _ => false,
    };
    let names = names_in(&project.root.join(dir))?;
    if !names.iter().any(is_back) {
        return None;
    }
    names.iter().find_map(|name| {
        let FileName::Up { stem, .. } = file_name::parse(name, &project.config) else { return None };
        let file = format!("{dir}/{name}");
        let is_candidate = stem.number == number && !replaced.has(&stem.to_string());
        let source = SourceText::from_bytes(&*file, fs::read(project.root.join(&file)).ok()?);
        let source = Arc::new(source.ok().filter(|_| is_candidate)?);
        script::parse(&source, &mut Vec::new()).replaces.map(|_| (stem.to_string(), file))
    })
}

/// Refuses to begin where something lies in the folder that an undo would have to leave there.
pub(super) fn refuse_strangers(project: &Project, folder: &str, known: &[String]) -> Result<(), CliError> {
    let names = names_in(&project.root.join(folder)).unwrap_or_default();
    let strangers: Vec<String> =
        names.iter().map(|name| format!("{folder}/{name}")).filter(|path| !known.contains(path)).collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let error = CliError::failure(format!(
        "`{}` is not one of the replaced files, and would be deleted with `{folder}`",
        strangers.join("`, `")
    ));
    Err(error.help("move it away, or delete it, and try again").help("nothing was changed"))
}

/// What lies in a folder, by name; none where there is no such folder.
pub(super) fn names_in(folder: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Some(names)
}
