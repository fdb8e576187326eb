//! Seals migrations: works out `migrations.lock` and writes it.

use dbmigrate_core::lock::{FILE, Lock, Sealed, SealedSchema};
use dbmigrate_core::{Diagnostic, MigrationSet, SourceText, snapshot};
use dbmigrate_runtime::Migrator;
use dbmigrate_schema::lint::{self, Explained, Levels, Options, Orders};
use dbmigrate_schema::{Program, Replay, migrated};

use crate::error::CliError;
use crate::ops::check::unsealed_squash;
use crate::ops::driver::Rusqlite;
use crate::ops::merged_set::merged_with_required;
use crate::ops::project::Project;
use crate::ops::{create, edit, other_tools, runtime_set};

/// What is asked for.
pub(crate) struct Request<'a> {
    /// The last migration to seal; all without it.
    pub(crate) to: Option<&'a str>,
    /// Sealed migrations that are taken as they are now. Then nothing else is sealed.
    pub(crate) accept: &'a [String],
    /// Whether nothing is written.
    pub(crate) dry_run: bool,
}

/// What was done, or would be.
pub(crate) struct Locked {
    /// What is worth a look and stops nothing.
    pub(crate) warnings: Vec<Diagnostic>,
    /// The file, relative to the package.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// The names of what is sealed now and was not before.
    pub(crate) sealed: Vec<String>,
    /// The names of what was accepted, as they were sealed.
    pub(crate) accepted: Vec<String>,
    /// How many are sealed.
    pub(crate) total: usize,
    /// The fingerprint of the schema, where all is sealed, or why there is none.
    pub(crate) fingerprint: Result<Option<String>, String>,
    /// Whether the file said all of that already.
    pub(crate) is_fresh: bool,
}

/// Seals what is asked for, once the files are sound and SQLite takes them; `program` runs the Rust in them.
pub(crate) fn lock(
    project: &Project,
    program: Option<&dyn Program>,
    request: &Request<'_>,
) -> Result<Locked, CliError> {
    other_tools::refuse(project, "lock")?;
    project.sound_config()?;
    // Two at once would each leave out what the other seals.
    let guard = create::lock(project)?;
    let loaded = project.load();
    let set = &loaded.set;
    let accepted = match accepted(&set.lock, request.accept) {
        // Of a file that can't be read nothing is known.
        Err(_) if loaded.has_errors() && set.lock == Lock::default() => Vec::new(),
        found => found?,
    };
    let (errors, mut warnings): (Vec<_>, Vec<_>) = loaded.diagnostics.iter().cloned().partition(Diagnostic::is_error);
    let errors: Vec<_> = errors.into_iter().filter(|error| !accepted.iter().any(|it| is_about(error, it))).collect();
    if !errors.is_empty() {
        return Err(CliError::diagnostics(errors));
    }
    let old = &set.lock;
    refuse_to_accept(set, &accepted)?;
    let count = match (request.to, accepted.is_empty()) {
        (Some(target), _) => {
            let last = set.find(target).map_err(|unknown| CliError::from(*unknown).into_usage())?.number;
            set.migrations.iter().filter(|migration| migration.number <= last).count().max(set.sealed())
        }
        (None, true) => set.migrations.len(),
        (None, false) => set.migrations.iter().filter(|migration| Some(migration.number) <= old.newest()).count(),
    };
    let differs = unsealed_squash(set);
    if !differs.is_empty() {
        return Err(CliError::diagnostics(differs).help("to undo the squash: `cargo dbmigrate squash --undo`"));
    }
    let (sealing, notes) = replayed(project, set, count, program)?;
    warnings.extend(notes);
    let mut new = Lock::seal(&sealing.migrations);
    for sealed in &mut new.migrations {
        // Edited comments are accepted by name only: else the warning would be gone unseen.
        let before = old.find(sealed.number).filter(|before| before.name == sealed.name && !accepted.contains(before));
        if let Some(before) = before {
            sealed.source.clone_from(&before.source);
        }
    }
    let (denied, empty): (Vec<_>, Vec<_>) = empty(project, set, count).into_iter().partition(Diagnostic::is_error);
    if !denied.is_empty() {
        return Err(CliError::diagnostics(denied));
    }
    warnings.extend(empty);
    warnings.extend(new.notes(&set.migrations));
    refuse_nothing(&accepted, &new)?;
    let merged = merged_with_required(project, set)?;
    let fingerprint = match count == set.migrations.len() {
        // A database has the schema of all of them.
        true if merged.builds_on_others() => Err(format!("the set builds on {}", merged.foundation())),
        true => fingerprint(&sealing, program).map(Some),
        false => Ok(None),
    };
    new.schema = match &fingerprint {
        Ok(Some(fingerprint)) => Some(SealedSchema { chain: set.chain().to_owned(), fingerprint: fingerprint.clone() }),
        // It still is what those before lead to.
        Ok(None) => old.schema.clone().filter(|_| accepted.is_empty()),
        Err(_) => None,
    };
    // Who deleted the file is done with it.
    let is_kept = || project.root.join(&project.config.dir).join(snapshot::FILE).symlink_metadata().is_ok();
    new.snapshot = old.snapshot.clone().filter(|_| is_kept());
    let file = format!("{}/{FILE}", project.config.dir);
    let path = project.root.join(&file);
    let text = new.to_text();
    let is_there = path.exists();
    let is_fresh =
        if is_there { SourceText::read(&project.root, &file)?.text() == text } else { new == Lock::default() };
    if !is_fresh && !request.dry_run {
        edit::put(&path, &text)
            .map_err(|error| CliError::failure(format!("could not write `{}`: {error}", path.display())))?;
    }
    drop(guard);
    let is_new = |sealed: &&Sealed| old.find(sealed.number).is_none_or(|before| before.name != sealed.name);
    Ok(Locked {
        warnings,
        file,
        text,
        sealed: new.migrations.iter().filter(is_new).map(|sealed| sealed.name.clone()).collect(),
        accepted: accepted.iter().map(|sealed| sealed.name.clone()).collect(),
        total: new.migrations.len(),
        fingerprint,
        is_fresh,
    })
}

/// What the linter says of the first migrations, as far as they are not sealed yet, that do nothing: whoever made one may have
/// forgotten to write it.
fn empty(project: &Project, set: &MigrationSet, count: usize) -> Vec<Diagnostic> {
    let new = set.migrations.iter().take(count).filter(|migration| set.lock.find(migration.number).is_none());
    let mut findings = lint::empty(new);
    for finding in &mut findings {
        let accept = format!("to write it once it is sealed: `cargo dbmigrate lock --accept {}`", finding.number);
        finding.diagnostic.help.push(accept.into());
    }
    // What else the files say of rules, and names that no rule has, are for `check`.
    let old = set.migrations.iter().map(|migration| migration.number).collect();
    let options = Options { old: Some(&old), ..Options::default() };
    let (levels, _) = Levels::new(&project.config.lints, &Orders::default());
    levels.judge((set, &Replay::default(), &options), findings, Vec::new(), &mut Explained::default())
}

/// The sealed migrations of these names, which their files may not have any more.
fn accepted<'l>(lock: &'l Lock, names: &[String]) -> Result<Vec<&'l Sealed>, CliError> {
    let find = |name: &String| {
        let means = |sealed: &&Sealed| sealed.name == *name || name.parse() == Ok(sealed.number);
        lock.migrations.iter().find(means).ok_or_else(|| {
            CliError::usage(format!("there is no sealed migration `{name}`"))
                .help("to see which differ from what was sealed: `cargo dbmigrate check`")
        })
    };
    names.iter().map(find).collect()
}

/// Whether an error is the one that accepting a sealed migration takes away.
fn is_about(error: &Diagnostic, sealed: &Sealed) -> bool {
    let code = matches!(error.code, "sealed-edited" | "sealed-renamed" | "sealed-deleted");
    code && error.message.contains(&format!("`{}`", sealed.name))
}

/// The first migrations of a set as one of their own, once SQLite has taken them, and what could not be tried.
fn replayed(
    project: &Project,
    set: &MigrationSet,
    count: usize,
    program: Option<&dyn Program>,
) -> Result<(MigrationSet, Vec<Diagnostic>), CliError> {
    let mut sealing = set.clone();
    sealing.migrations.truncate(count);
    if count < set.migrations.len() {
        // What comes after the newest may need it.
        sealing.repeatables.clear();
        sealing.after_all = None;
    }
    let replay = dbmigrate_schema::replay(&merged_with_required(project, &sealing)?.set, program);
    if replay.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(CliError::diagnostics(replay.diagnostics));
    }
    let mut notes = replay.diagnostics;
    if let Some((first, _)) = &replay.stopped {
        let message = format!("not replayed before they were sealed: `{}`", replay.unchecked.join("`, `"));
        notes.push(Diagnostic::warning("not-replayed", message).note(format!("`{first}` can run only in its program")));
    }
    Ok((sealing, notes))
}

/// To accept something seals nothing else, and would have to seal a squash that is not sealed.
fn refuse_to_accept(set: &MigrationSet, accepted: &[&Sealed]) -> Result<(), CliError> {
    match set.migrations.first().filter(|first| set.replaced.is_some() && !set.lock.seals(first)) {
        Some(squash) if !accepted.is_empty() => {
            Err(CliError::failure(format!("`{}` is a squash that is not sealed, and comes before it", squash.name()))
                .help("undo the squash, or seal it first: `cargo dbmigrate squash --undo`, `cargo dbmigrate lock`"))
        }
        _ => Ok(()),
    }
}

/// To accept what has not changed is a slip.
fn refuse_nothing(accepted: &[&Sealed], new: &Lock) -> Result<(), CliError> {
    let is_same = |sealed: &&&Sealed| {
        new.find(sealed.number).is_some_and(|now| {
            (&now.name, &now.checksum, &now.source) == (&sealed.name, &sealed.checksum, &sealed.source)
        })
    };
    match accepted.iter().find(is_same) {
        None => Ok(()),
        Some(sealed) => Err(CliError::usage(format!(
            "`{}` is unchanged since it was sealed: there is nothing to accept",
            sealed.name
        ))),
    }
}

/// The fingerprint of the schema that a set leads to, by the runtime itself; `program` runs the Rust that it can't.
fn fingerprint(set: &MigrationSet, program: Option<&dyn Program>) -> Result<String, String> {
    let made = program.map(|program| migrated(set, Some(program))).transpose();
    let made = made.map_err(|problems| problems.first().map(|problem| problem.message.clone()).unwrap_or_default())?;
    runtime_set::with_set(set, |set| {
        let migrator = Migrator::<Rusqlite>::new(set);
        let found = match made {
            Some(mut connection) => migrator.schema_fingerprint_of(&mut connection),
            None => migrator.schema_fingerprint(),
        };
        found.map_err(|error| error.notes().first().cloned().unwrap_or_else(|| error.to_string()))
    })
}
