//! One migration in place of all from the first to a number: written and proved, the files that it replaces put aside.
//!
//! All is worked out before anything changes. Files are moved by linking and unlinking, and put back where one can't be.

use dbmigrate_core::file_name::{self, FileName};
use dbmigrate_core::lock::{FILE, Lock, Sealed};
use dbmigrate_core::squash::{FOLDER, Replaced};
use dbmigrate_core::{Body, Diagnostic, Down, Location, MigrationSet, SourceMigration};
use dbmigrate_schema::Squash;

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::{create, other_tools};

mod change;
mod prune;
mod stopped;
#[cfg(test)]
pub(crate) mod tests;
mod undo;

use change::{Change, apply};
pub(crate) use prune::prune;
pub(crate) use undo::undo;

/// The lock as it was before the squash, byte for byte, for whoever undoes it.
const BEFORE: &str = "before.lock";

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Squashed {
    /// The file of the squash, relative to the package.
    pub(crate) file: String,
    /// What it holds and stands for.
    pub(crate) squash: Squash,
    /// The folder with what it replaces.
    pub(crate) folder: String,
    /// The files that are moved, old and new.
    pub(crate) moves: Vec<(String, String)>,
    /// How many sealed migrations come after it and stay sealed.
    pub(crate) sealed: usize,
    /// Whether the set has a snapshot, which is of no use any more.
    pub(crate) has_snapshot: bool,
}

/// Squashes everything up to `through`. `dry_run` changes nothing.
pub(crate) fn squash(
    project: &Project,
    through: &str,
    name: Option<&str>,
    dry_run: bool,
) -> Result<Squashed, CliError> {
    other_tools::refuse(project, "squash")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let set = project.load_sound()?.set;
    let last = set.find(through).map_err(|unknown| CliError::from(*unknown).into_usage())?.number;
    let count = set.migrations.iter().take_while(|migration| migration.number <= last).count();
    let originals = set.migrations.get(..count).unwrap_or_default();
    let Some(newest) = originals.last() else { return Err(CliError::usage("there is nothing to squash")) };
    refuse_again(&set, count)?;
    refuse_required(project, &set, originals)?;
    let digits = |number: u64| project.config.digits(number);
    let start = set.replaced.as_ref().and_then(Replaced::start).or(originals.first().map(|first| first.number));
    let first = digits(start.unwrap_or_default());
    let file = file(project, &set, newest, name, &first)?;
    let squash = dbmigrate_schema::squash(&set, count, &file, &first).map_err(|problems| refused(problems, &set))?;
    let dir = &project.config.dir;
    let folder = format!("{dir}/{FOLDER}");
    let moves: Vec<(String, String)> =
        originals.iter().flat_map(files).map(|path| (path.to_owned(), beside(dir, &folder, path))).collect();
    let rest = rest(&set, last);
    let has_snapshot = set.snapshot.is_some();
    let squashed = Squashed { file, squash, folder, moves, sealed: rest.migrations.len(), has_snapshot };
    let changes = changes(project, &set, originals, &rest, &squashed)?;
    if !dry_run {
        apply(&project.root, &changes)?;
    }
    drop(guard);
    Ok(squashed)
}

/// A squash of a squash stands for what is sealed.
fn refuse_again(set: &MigrationSet, count: usize) -> Result<(), CliError> {
    let (Some(_), Some(squash)) = (&set.replaced, set.migrations.first()) else { return Ok(()) };
    let name = squash.name();
    if count == 1 {
        return Err(CliError::usage(format!("`{name}` is a squash, and no migration comes after it up to there")));
    }
    if set.lock.seals(squash) {
        return Ok(());
    }
    Err(CliError::failure(format!("`{name}` is a squash that is not sealed yet"))
        .help("undo it and squash everything at once: `cargo dbmigrate squash --undo`")
        .help("or keep it, and seal it first: `cargo dbmigrate lock`"))
}

/// What another set requires by its name has to keep its name.
fn refuse_required(project: &Project, set: &MigrationSet, originals: &[SourceMigration]) -> Result<(), CliError> {
    let own = &set.config.set;
    let mut problems = Vec::new();
    for other in project.load_all().iter().filter(|other| other.set.config.set != *own) {
        for migration in &other.set.migrations {
            for required in &migration.requires {
                let name = required.elsewhere().filter(|(set, _)| set == own).map(|(_, name)| name);
                if name.is_some_and(|name| originals.iter().any(|original| original.name() == name)) {
                    let message =
                        format!("`{}` requires `{}`, which would be replaced", migration.name(), required.name);
                    let place = Location::new(migration.source(), required.span);
                    problems.push(Diagnostic::error("squash-required", message).at(place));
                }
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

/// Where the squash is to lie.
fn file(
    project: &Project,
    set: &MigrationSet,
    newest: &SourceMigration,
    name: Option<&str>,
    first: &str,
) -> Result<String, CliError> {
    let last = &newest.digits;
    let slug = match name {
        Some(name) => create::slug(set, set.migrations.last().map(|last| last.number), name)?,
        None => format!("squashed_{first}_to_{last}"),
    };
    let stem = format!("{last}_{slug}");
    let is_taken = stem == newest.name() || set.replaced.as_ref().is_some_and(|replaced| replaced.has(&stem));
    if is_taken {
        return Err(CliError::usage(format!("`{stem}` is the name of a migration that it replaces"))
            .help("give it another name: `cargo dbmigrate squash --through N NAME`"));
    }
    let plain = format!("{stem}.sql");
    let is_up = matches!(file_name::parse(&plain, &project.config), FileName::Up { .. });
    let path = format!("{}/{}", project.config.dir, if is_up { plain } else { format!("{stem}.up.sql") });
    if project.root.join(&path).symlink_metadata().is_ok() {
        return Err(CliError::failure(format!("`{path}` already exists")));
    }
    Ok(path)
}

/// The files of a migration.
fn files(migration: &SourceMigration) -> Vec<&str> {
    let down = match &migration.body {
        Body::Sql { down: Down::Script(down), .. } => Some(down.source.path()).filter(|path| *path != migration.file),
        _ => None,
    };
    [Some(migration.file.as_str()), down].into_iter().flatten().collect()
}

/// The place of a file in another folder.
fn beside(dir: &str, folder: &str, path: &str) -> String {
    format!("{folder}{}", path.strip_prefix(dir).unwrap_or(path))
}

/// What stays sealed, as it was: it goes on from the chain of what was replaced.
fn rest(set: &MigrationSet, last: u64) -> Lock {
    let later = set.migrations.iter().filter(|migration| migration.number > last);
    let kept = later.filter_map(|migration| {
        let sealed = set.lock.find(migration.number)?;
        Some(Sealed { chain: migration.chain.clone(), ..sealed.clone() })
    });
    // The snapshot is sealed as before, for whoever takes the squash back; until then it is of other migrations.
    Lock { migrations: kept.collect(), snapshot: set.lock.snapshot.clone(), ..Lock::default() }
}

/// The lock that seals what was replaced, as it is and as it was sealed.
fn inner(set: &MigrationSet, originals: &[SourceMigration]) -> Lock {
    let mut lock = Lock::seal(originals);
    for sealed in &mut lock.migrations {
        if let Some(before) = set.lock.find(sealed.number).filter(|before| before.name == sealed.name) {
            sealed.source.clone_from(&before.source);
        }
    }
    lock
}

fn changes(
    project: &Project,
    set: &MigrationSet,
    originals: &[SourceMigration],
    rest: &Lock,
    Squashed { file, squash, folder, moves, .. }: &Squashed,
) -> Result<Vec<Change>, CliError> {
    let dir = &project.config.dir;
    let mut changes = Vec::new();
    if set.replaced.is_some() {
        // A folder can't be moved into itself.
        let aside = format!("{dir}/.{FOLDER}");
        changes.push(Change::Move(folder.clone(), aside.clone()));
        changes.push(Change::Folder(folder.clone()));
        changes.push(Change::Move(aside, format!("{folder}/{FOLDER}")));
    } else {
        changes.push(Change::Folder(folder.clone()));
    }
    changes.push(Change::Write(format!("{folder}/{FILE}"), inner(set, originals).to_text().into_bytes()));
    changes.extend(moves.iter().map(|(from, to)| Change::Move(from.clone(), to.clone())));
    let lock = format!("{dir}/{FILE}");
    let path = project.root.join(&lock);
    if path.symlink_metadata().is_ok() {
        let unreadable = |error| CliError::failure(format!("could not read `{lock}`: {error}"));
        let before = std::fs::read(path).map_err(unreadable)?;
        changes.push(Change::Write(format!("{folder}/{BEFORE}"), before.clone()));
        changes.push(Change::Replace(lock, before, rest.to_text().into_bytes()));
    }
    changes.push(Change::Write(file.clone(), squash.text.clone().into_bytes()));
    Ok(changes)
}

/// Says what to do about what can't be squashed.
fn refused(problems: Vec<Diagnostic>, set: &MigrationSet) -> CliError {
    let places = problems.iter().filter_map(|problem| problem.file.as_deref());
    let first = set.migrations.iter().position(|migration| places.clone().any(|file| files(migration).contains(&file)));
    let before = first.and_then(|first| first.checked_sub(1)).and_then(|before| set.migrations.get(before));
    let error = CliError::diagnostics(problems);
    match before {
        // The first alone is no squash.
        Some(before) if first > Some(1) => {
            error.help(format!("squash what comes before it: `cargo dbmigrate squash --through {}`", before.digits))
        }
        _ => error,
    }
}
