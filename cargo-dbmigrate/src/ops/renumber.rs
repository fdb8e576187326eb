//! Gives the migrations that others do not have yet, and that are not sealed, the numbers after those that are, so that
//! two branches with one number come together. All of it is worked out before anything changes, and nothing is overwritten.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dbmigrate_core::config::Numbering;
use dbmigrate_core::file_name::{self, FileName, Stem};
use dbmigrate_core::files::{Files, Kind};
use dbmigrate_core::{Config, Diagnostic, MigrationSet, SourceText};

use crate::error::CliError;
use crate::ops::edit::{self, Edit};
use crate::ops::git::{Repository, Revision};
use crate::ops::project::Project;
use crate::ops::{create, other_tools, since, snapshot};

mod adopted;
mod lock;
mod mention;
mod reference;

pub(crate) use mention::Mention;

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Renumbered {
    /// The revision that has the others, as people call it.
    pub(crate) base: String,
    /// The migrations that have another number now, in their order.
    pub(crate) moves: Vec<Move>,
    /// The files whose text names one of them, or whose conflict is settled.
    pub(crate) edits: Vec<Edit>,
    /// What is said of a snapshot that is of other migrations now.
    pub(crate) snapshot: Option<Diagnostic>,
    /// Where code names them: that is for a person to change.
    pub(crate) mentions: Vec<Mention>,
}

/// A migration that gets another number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) from: Stem,
    pub(crate) to: Stem,
    /// Its files, old and new, relative to the package.
    pub(crate) files: Vec<(String, String)>,
}

/// Renumbers what `onto`, or else the main branch, does not hold. `dry_run` changes nothing.
pub(crate) fn renumber(project: &Project, onto: Option<&str>, dry_run: bool) -> Result<Renumbered, CliError> {
    other_tools::refuse(project, "renumber")?;
    project.sound_config()?;
    let guard = create::lock(project)?;
    let (base, revision) = base(project, onto)?;
    let config = &project.config;
    let theirs = if revision.has_package() {
        revision.config(&config.set).map_err(CliError::diagnostics)?
    } else {
        config.clone()
    };
    let held = files(&revision, &theirs)?;
    let here = files(project.root.as_path(), config)?;
    let loaded = project.load();
    let kept = lock::kept(&loaded.set.lock, &held);
    let is_kept = |stem: &Stem| kept.iter().any(|it| it.number == stem.number && it.name == stem.to_string());
    let stays = |stem: &Stem| held.contains_key(stem) || is_kept(stem);
    let highest = held.keys().map(|stem| stem.number).max().max(kept.last().map(|sealed| sealed.number));
    let own: Vec<(&Stem, &Vec<String>)> = here.iter().filter(|(stem, _)| !stays(stem)).collect();
    unchanged(project, &loaded.set, &base)?;
    let moves = moves(&own, highest, config)?;
    let mut edits = reference::edits(project, &own, &moves)?;
    edits.extend(adopted::edit(project, &moves)?);
    edits.extend(lock::edit(project, &loaded, kept, &revision, &theirs.dir)?);
    let mentions = mention::mentions(project, &moves);
    let renames = in_order(project, &moves)?;
    if !dry_run {
        rename_all(&project.root, &renames)?;
        edit::write(&edits)?;
    }
    let is_changed = !moves.is_empty() || !edits.is_empty();
    let planned = moves.first().map(|it| it.from.number).filter(|_| dry_run);
    let snapshot = if is_changed { snapshot::outdated(project, planned) } else { None };
    drop(guard);
    Ok(Renumbered { base, moves, edits, snapshot, mentions })
}

/// The revision whose migrations come first.
fn base(project: &Project, onto: Option<&str>) -> Result<(String, Revision), CliError> {
    let repository = Repository::of(&project.root)?;
    if let Some(onto) = onto {
        return Ok((onto.to_owned(), repository.at(onto)?));
    }
    let (name, commit) = repository.main_branch().ok_or_else(|| {
        CliError::failure("git can't tell which migrations others have: there is no other main branch")
            .help("name a revision that has them: `cargo dbmigrate renumber --onto REV`")
    })?;
    let mut revision = repository.at(&commit)?;
    revision.name.clone_from(&name);
    Ok((name, revision))
}

/// What others have must be here as they have it: a new name for it would be taken for a new migration, even where
/// `lock --accept` took it.
fn unchanged(project: &Project, set: &MigrationSet, base: &str) -> Result<(), CliError> {
    let found = since::since(project, None, set)?;
    let stops = |it: &Diagnostic| it.is_error() || it.code == since::RENAMED;
    let errors: Vec<Diagnostic> = found.diagnostics.into_iter().filter(stops).collect();
    if errors.is_empty() {
        Ok(())
    } else {
        let base = found.base.as_deref().unwrap_or(base);
        Err(CliError::diagnostics(errors).help(format!("merge with `{base}` first")))
    }
}

/// The files of each migration, by number and name.
fn files<F: Files + ?Sized>(root: &F, config: &Config) -> Result<BTreeMap<Stem, Vec<String>>, CliError> {
    let dir = &config.dir;
    if root.kind(dir).is_none() {
        return Ok(BTreeMap::new());
    }
    let entries =
        root.list(dir).map_err(|error| CliError::failure(format!("could not read the folder `{dir}`: {error}")))?;
    let mut files: BTreeMap<Stem, Vec<String>> = BTreeMap::new();
    // A folder by such a name is a fault, and in the way.
    for name in entries.into_iter().filter(|it| it.kind != Kind::Folder).filter_map(|entry| entry.name.ok()) {
        if let FileName::Up { stem, .. } | FileName::Down { stem } | FileName::Rust { stem } =
            file_name::parse(&name, config)
        {
            files.entry(stem).or_default().push(name);
        }
    }
    files.values_mut().for_each(|files| files.sort());
    Ok(files)
}

/// The new numbers, in the order of the old ones.
fn moves(own: &[(&Stem, &Vec<String>)], highest: Option<u64>, config: &Config) -> Result<Vec<Move>, CliError> {
    let numbers: BTreeSet<u64> = own.iter().map(|(stem, _)| stem.number).collect();
    let is_right = numbers.len() == own.len() && numbers.first() > highest.as_ref();
    // Moments need no other number where they are later; numbers have no gaps.
    if is_right && config.numbering == Numbering::Timestamp {
        return Ok(Vec::new());
    }
    let now = create::now();
    let mut last = highest;
    let mut moves = Vec::new();
    for (from, names) in own {
        let to = file_name::next(config, last, &now, &from.slug)
            .ok_or_else(|| CliError::failure(format!("no number is left for `{from}`")))?;
        last = Some(to.number);
        if to == **from {
            continue;
        }
        let renamed = |name: &String| {
            let ending = name.strip_prefix(&from.to_string()).unwrap_or_default();
            (format!("{}/{name}", config.dir), format!("{}/{to}{ending}", config.dir))
        };
        moves.push(Move { from: (*from).clone(), files: names.iter().map(renamed).collect(), to });
    }
    Ok(moves)
}

/// The renames in an order in which each finds its new name free.
fn in_order(project: &Project, moves: &[Move]) -> Result<Vec<(String, String)>, CliError> {
    let mut left: Vec<(String, String)> = moves.iter().flat_map(|it| it.files.clone()).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let taken: BTreeSet<&String> = left.iter().map(|(from, _)| from).collect();
        let (free, waiting): (Vec<_>, Vec<_>) = left.iter().cloned().partition(|(_, to)| !taken.contains(to));
        if free.is_empty() {
            // Numbers go all up or all down, so that nothing waits for itself.
            return Err(CliError::failure(format!("`{}` and others are in each other's place", left[0].0)));
        }
        ordered.extend(free);
        left = waiting;
    }
    let own: BTreeSet<&String> = moves.iter().flat_map(|it| it.files.iter().map(|(from, _)| from)).collect();
    match ordered.iter().find(|(_, to)| !own.contains(to) && project.root.join(to).symlink_metadata().is_ok()) {
        Some((from, to)) => Err(CliError::failure(format!("`{from}` would become `{to}`, which already exists"))),
        None => Ok(ordered),
    }
}

/// All of them, or none.
fn rename_all(root: &Path, renames: &[(String, String)]) -> Result<(), CliError> {
    for (done, (from, to)) in renames.iter().enumerate() {
        if let Err(error) = edit::rename(&root.join(from), &root.join(to)) {
            for (from, to) in renames[..done].iter().rev() {
                let _ = edit::rename(&root.join(to), &root.join(from));
            }
            return Err(CliError::failure(format!("could not rename `{from}` to `{to}`: {error}")));
        }
    }
    Ok(())
}

/// The text of a file of the package.
fn read(project: &Project, path: &str) -> Result<SourceText, CliError> {
    Ok(SourceText::read(&project.root, path)?)
}
