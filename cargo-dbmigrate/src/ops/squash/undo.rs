//! Takes a squash back, as long as it is not sealed: every file where it was and as it was. What a squash, or this, has
//! left half done when it was stopped is put back as well.

use std::fs;

use dbmigrate_core::file_name::{self, FileName};
use dbmigrate_core::lock::{FILE, Lock};
use dbmigrate_core::squash::{FOLDER, Replaced};
use dbmigrate_core::{Body, Diagnostic, Down, Help, MigrationSet, SourceMigration, SourceText};

use super::change::{Change, apply};
use super::{BEFORE, beside, stopped};
use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::{create, other_tools};

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Undone {
    /// The name of the squash that is gone, and its file; none where it was not written yet.
    pub(crate) squash: Option<(String, String)>,
    /// The files that came back, old and new.
    pub(crate) moves: Vec<(String, String)>,
}

/// Puts back what the squash replaces. `dry_run` changes nothing.
pub(crate) fn undo(project: &Project, dry_run: bool) -> Result<Undone, CliError> {
    other_tools::refuse(project, "squash")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let unfinished = stopped::folder_back(project)?;
    if !unfinished.is_empty() {
        if !dry_run {
            apply(&project.root, &unfinished)?;
        }
        let moves = unfinished.into_iter().filter_map(|change| match change {
            Change::Move(from, to) => Some((from, to)),
            _ => None,
        });
        return Ok(Undone { squash: None, moves: moves.collect() });
    }
    let loaded = project.load();
    let set = &loaded.set;
    let errors: Vec<Diagnostic> = loaded.diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
    let Some(replaced) = &set.replaced else {
        return Err(if errors.is_empty() {
            CliError::usage("there is no squash to undo")
        } else {
            CliError::diagnostics(errors)
        });
    };
    // One that is replaced itself is not the one to take back.
    let squash = set.migrations.first().filter(|first| first.replaces.is_some() && !replaced.has(&first.name()));
    let astray = stopped::astray(project, replaced);
    // It is written last and deleted first: without it all else may be half done.
    if squash.is_some() && astray.is_none() && !errors.is_empty() {
        return Err(CliError::diagnostics(errors));
    }
    refuse(set, replaced, squash)?;
    let gone = astray.clone().or_else(|| squash.map(|squash| (squash.name(), squash.file.clone())));
    let mut changes = Vec::new();
    if let Some((_, file)) = &gone {
        changes.push(Change::Delete(file.clone(), bytes(project, file)?));
    }
    let moves = files_back(project, replaced, &mut changes)?;
    let is_whole = squash.is_some() && astray.is_none();
    lock_back(project, set, replaced, is_whole, &mut changes)?;
    let (dir, folder) = (&project.config.dir, &replaced.dir);
    let inner = format!("{folder}/{FILE}");
    let known = [format!("{folder}/{FOLDER}"), format!("{folder}/{BEFORE}"), inner.clone()];
    let known: Vec<String> = moves.iter().map(|(from, _)| from.clone()).chain(known).collect();
    stopped::refuse_strangers(project, folder, &known)?;
    changes.push(Change::Delete(inner.clone(), bytes(project, &inner)?));
    if project.root.join(folder).join(FOLDER).is_dir() {
        let aside = format!("{dir}/.{FOLDER}");
        changes.push(Change::Move(format!("{folder}/{FOLDER}"), aside.clone()));
        changes.push(Change::NoFolder(folder.clone()));
        changes.push(Change::Move(aside, folder.clone()));
    } else {
        changes.push(Change::NoFolder(folder.clone()));
    }
    if !dry_run {
        apply(&project.root, &changes)?;
    }
    drop(guard);
    Ok(Undone { squash: gone, moves })
}

fn bytes(project: &Project, path: &str) -> Result<Vec<u8>, CliError> {
    fs::read(project.root.join(path)).map_err(|error| CliError::failure(format!("could not read `{path}`: {error}")))
}

fn refuse(set: &MigrationSet, replaced: &Replaced, squash: Option<&SourceMigration>) -> Result<(), CliError> {
    let number = replaced.last().map_or(0, |last| last.number);
    if let Some(sealed) = set.lock.find(number).filter(|sealed| !replaced.has(&sealed.name)) {
        return Err(CliError::failure(format!("`{}` is sealed: databases may have started from it", sealed.name))
            .help("to change something, create a new migration: `cargo dbmigrate create NAME`"));
    }
    if let Some(SourceMigration { body: Body::Sql { down: Down::Script(down), .. }, .. }) = squash {
        let path = down.source.path();
        return Err(CliError::failure("the squash was given a down script, which no squash has")
            .help(Help::from("remove it first: it is in ").file(path)));
    }
    Ok(())
}

/// Moves every file of what is replaced to where it was.
fn files_back(
    project: &Project,
    replaced: &Replaced,
    changes: &mut Vec<Change>,
) -> Result<Vec<(String, String)>, CliError> {
    let (dir, folder) = (&project.config.dir, &replaced.dir);
    let names = stopped::names_in(&project.root.join(folder))
        .ok_or_else(|| CliError::failure(format!("could not read the folder `{folder}`")))?;
    let mut moves = Vec::new();
    let mut taken = Vec::new();
    for name in names {
        let (FileName::Up { stem, .. } | FileName::Down { stem }) = file_name::parse(&name, &project.config) else {
            continue;
        };
        if !replaced.lock.migrations.iter().any(|sealed| sealed.name == stem.to_string()) {
            continue;
        }
        let from = format!("{folder}/{name}");
        let to = beside(folder, dir, &from);
        // Who was stopped between the link and the unlink has left both.
        match project.root.join(&to).symlink_metadata().is_ok() {
            true if bytes(project, &to)? == bytes(project, &from)? => {
                changes.push(Change::Delete(from.clone(), bytes(project, &from)?));
            }
            true => {
                let fault = Diagnostic::error("present", format!("`{to}` exists, and differs from `{from}`"));
                taken.push(fault.in_file(&to).help("move one of them away, and try again"));
            }
            false => changes.push(Change::Move(from.clone(), to.clone())),
        }
        moves.push((from, to));
    }
    if taken.is_empty() { Ok(moves) } else { Err(CliError::diagnostics(taken).help("nothing was changed")) }
}

/// Puts the lock back as it was.
fn lock_back(
    project: &Project,
    set: &MigrationSet,
    replaced: &Replaced,
    is_whole: bool,
    changes: &mut Vec<Change>,
) -> Result<(), CliError> {
    let lock = format!("{}/{FILE}", project.config.dir);
    let before = format!("{}/{BEFORE}", replaced.dir);
    if !project.root.join(&before).exists() {
        return Ok(());
    }
    let was = bytes(project, &before)?;
    let text = if is_whole { lock_again(set, &was, &before)? } else { was.clone() };
    if project.root.join(&lock).exists() {
        changes.push(Change::Replace(lock.clone(), bytes(project, &lock)?, text));
    } else {
        changes.push(Change::Write(lock, text));
    }
    changes.push(Change::Delete(before, was));
    Ok(())
}

/// The lock as it was, with what was sealed since.
fn lock_again(set: &MigrationSet, was: &[u8], path: &str) -> Result<Vec<u8>, CliError> {
    let source = SourceText::from_bytes(path, was.to_vec())?;
    let mut diagnostics = Vec::new();
    let before =
        Lock::parse(source, &set.config.set, &mut diagnostics).ok_or_else(|| CliError::diagnostics(diagnostics))?;
    let first = set.migrations.first().map_or(0, |squash| squash.number);
    let later = |lock: &Lock| {
        let lines = lock.migrations.iter().filter(|sealed| sealed.number > first);
        lines.map(|sealed| (sealed.name.clone(), sealed.checksum.clone(), sealed.source.clone())).collect::<Vec<_>>()
    };
    let snapshot = set.lock.snapshot.clone();
    let is_same = later(&before) == later(&set.lock);
    if is_same && before.snapshot == snapshot {
        return Ok(was.to_vec());
    }
    if is_same {
        return Ok(Lock { snapshot, ..before }.to_text().into_bytes());
    }
    let kept = before.migrations.into_iter().filter(|sealed| sealed.number <= first);
    let migrations = kept.chain(set.lock.migrations.iter().cloned()).collect();
    Ok(Lock { migrations, snapshot, ..Lock::default() }.to_text().into_bytes())
}
