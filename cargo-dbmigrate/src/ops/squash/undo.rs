//! Takes a squash back, as long as it is not sealed: every file where it was and as it was.

use dbmigrate_core::lock::{FILE, Lock};
use dbmigrate_core::squash::FOLDER;
use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, SourceMigration, SourceText};

use super::change::{Change, apply};
use super::{BEFORE, beside, files};
use crate::error::CliError;
use crate::ops::create;
use crate::ops::house;
use crate::ops::project::Project;

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Undone {
    /// The name of the squash that is gone.
    pub(crate) name: String,
    /// Its file.
    pub(crate) file: String,
    /// The files that came back, old and new.
    pub(crate) moves: Vec<(String, String)>,
}

/// Puts back what the squash replaces. `dry_run` changes nothing.
pub(crate) fn undo(project: &Project, dry_run: bool) -> Result<Undone, CliError> {
    house::only(project, "squash")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let loaded = project.load();
    let set = &loaded.set;
    let (Some(replaced), Some(squash)) = (&set.replaced, set.migrations.first()) else {
        // What can't be read is said, or there is nothing.
        let errors: Vec<Diagnostic> = loaded.diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
        return Err(match errors.is_empty() {
            true => CliError::usage("there is no squash to take back"),
            false => CliError::diagnostics(errors),
        });
    };
    if loaded.has_errors() {
        return Err(CliError::diagnostics(loaded.diagnostics.clone()));
    }
    let name = squash.name();
    refuse(set, squash, &name)?;
    let dir = &project.config.dir;
    let folder = &replaced.dir;
    let moves: Vec<(String, String)> =
        replaced.migrations.iter().flat_map(files).map(|path| (path.to_owned(), beside(folder, dir, path))).collect();
    let bytes = |path: &str| {
        std::fs::read(project.root.join(path))
            .map_err(|error| CliError::failure(format!("could not read `{path}`: {error}")))
    };
    let mut changes = vec![Change::Delete(squash.file.clone(), bytes(&squash.file)?)];
    changes.extend(moves.iter().map(|(from, to)| Change::Move(from.clone(), to.clone())));
    let lock = format!("{dir}/{FILE}");
    let before = format!("{folder}/{BEFORE}");
    if project.root.join(&before).exists() {
        let (now, was) = (bytes(&lock)?, bytes(&before)?);
        let text = lock_again(set, &was, &before)?;
        changes.push(Change::Replace(lock, now, text));
        changes.push(Change::Delete(before, was));
    }
    let inner = format!("{folder}/{FILE}");
    changes.push(Change::Delete(inner.clone(), bytes(&inner)?));
    if replaced.replaced.is_some() {
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
    let file = squash.file.clone();
    drop(guard);
    Ok(Undone { name, file, moves })
}

fn refuse(set: &MigrationSet, squash: &SourceMigration, name: &str) -> Result<(), CliError> {
    if set.lock.seals(squash) {
        return Err(CliError::failure(format!("`{name}` is sealed: databases may have started from it"))
            .help("what has to change is a new migration: `cargo dbmigrate create NAME`"));
    }
    if let Body::Sql { down: Down::Script(down), .. } = &squash.body {
        return Err(CliError::failure(format!("`{name}` was given a way back, which no squash has"))
            .help(format!("take it out first: it stands in `{}`", down.source.path())));
    }
    Ok(())
}

/// The lock as it was, with what was accepted since.
fn lock_again(set: &MigrationSet, was: &[u8], path: &str) -> Result<Vec<u8>, CliError> {
    let source = SourceText::from_bytes(path, was.to_vec())?;
    let mut diagnostics = Vec::new();
    let before =
        Lock::parse(source, &set.config.set, &mut diagnostics).ok_or_else(|| CliError::diagnostics(diagnostics))?;
    let later = |lock: &Lock| {
        let first = set.migrations.first().map_or(0, |squash| squash.number);
        let lines = lock.migrations.iter().filter(|sealed| sealed.number > first);
        lines.map(|sealed| (sealed.name.clone(), sealed.checksum.clone(), sealed.source.clone())).collect::<Vec<_>>()
    };
    if later(&before) == later(&set.lock) {
        return Ok(was.to_vec());
    }
    let first = set.migrations.first().map_or(0, |squash| squash.number);
    let kept = before.migrations.into_iter().filter(|sealed| sealed.number <= first);
    let migrations = kept.chain(set.lock.migrations.iter().cloned()).collect();
    Ok(Lock { migrations, ..Lock::default() }.to_text().into_bytes())
}
