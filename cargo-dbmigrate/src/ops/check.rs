//! Everything that can be known of a package's migrations without a database of anybody's.

use std::collections::BTreeSet;
use std::path::Path;

use dbmigrate_core::layout::Layout;
use dbmigrate_core::nearest::nearest;
use dbmigrate_core::requirement::Requirement;
use dbmigrate_core::{Diagnostic, Loaded, Location, MigrationSet, SourceMigration, aim, lock};
use dbmigrate_schema::lint::{Explained, Levels, Options, Orders, lint, linted};
use dbmigrate_schema::{Program, Replay};

use crate::error::CliError;
use crate::ops::ignored::ignored;
use crate::ops::merged_set::{MergedSet, merged_with_required};
use crate::ops::program::UNUSABLE;
use crate::ops::project::Project;
use crate::ops::rows::Database;
use crate::ops::since::{Since, since};
use crate::ops::{declared, late, snapshot, wiring};

/// What to check besides the files.
#[derive(Debug, Default, Clone)]
pub(crate) struct Request<'a> {
    /// What the command line says of levels.
    pub(crate) orders: Orders,
    /// A database to ask about its rows.
    pub(crate) database: Option<&'a Path>,
    /// Whether to lint what databases may have already, too.
    pub(crate) all: bool,
    /// Whether every migration has to be sealed.
    pub(crate) locked: bool,
    /// The revision of git whose migrations are old; where the work left the main branch without it.
    pub(crate) since: Option<&'a str>,
}

/// What was found in one package.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All findings: files, wiring, replay, rules.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was checked.
    pub(crate) set: MigrationSet,
    /// The other sets that it builds on, which were replayed with it.
    pub(crate) others: Vec<String>,
    /// What of it a revision of git holds already.
    pub(crate) since: Since,
    /// What the replay did; `None` where the files themselves were not sound.
    pub(crate) replay: Option<Replay>,
    /// How many migrations the rules have looked at.
    pub(crate) linted: usize,
    /// What of another tool's files was read otherwise than it is written.
    pub(crate) notes: Vec<Diagnostic>,
    /// What is worth knowing of how the database was read.
    pub(crate) as_it_lies: Option<&'static str>,
}

impl Checked {
    /// How many findings stand in the way.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// How many do not.
    pub(crate) fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// Whether it could not be checked, because the program of the package can't be run.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.code == UNUSABLE)
    }
}

/// Checks sequence, configuration and wiring, replays every way up and back in memory, with the hooks and repeatables,
/// and lets the rules of the linter look on; `program` runs the Rust in them.
pub(crate) fn check(
    project: &Project,
    loaded: Loaded,
    program: Option<&dyn Program>,
    request: &Request<'_>,
    explained: &mut Explained,
) -> Result<Checked, CliError> {
    let sound = !loaded.has_errors();
    let set = loaded.set;
    let mut others = loaded.diagnostics;
    let notes = loaded.notes;
    let (levels, unknown) = Levels::new(&project.config.lints, &request.orders);
    others.extend(unknown);
    let since = since(project, request.since, &set)?;
    others.extend(since.diagnostics.iter().cloned());
    others.extend(set.lock.notes(&set.migrations));
    if request.locked && sound {
        others.extend(unsealed(&set));
    }
    // What is only tried need not be wired yet.
    if !project.is_tried {
        let manifest = wiring::manifest(project)?;
        others.extend(wiring::diagnostics(project, &wiring::read(project, &manifest)?, &set));
        others.extend(ignored(project));
    }

    let database = request.database.filter(|_| sound).map(|path| Database::open(path, &set)).transpose()?;
    let rows = database.as_ref().map(Database::rows);
    // Where it builds on sets with faults, it can't be replayed either.
    let (merged, sound) = match merged_with_required(project, &set) {
        Ok(merged) => (merged, sound),
        Err(faults) => {
            // What is wrong with the package is wrong with each of its sets.
            let new: Vec<_> = faults.into_diagnostics().into_iter().filter(|fault| !others.contains(fault)).collect();
            others.extend(new);
            (MergedSet::of(&set), false)
        }
    };
    let old = if request.all { None } else { old(&since, &set) };
    // What is of another set is that set's to be judged by.
    let old = match old {
        Some(old) => Some(old.into_iter().map(|number| merged.number(number)).chain(merged.foreign()).collect()),
        None => merged.builds_on_others().then(|| merged.foreign().collect::<BTreeSet<u64>>()),
    };
    let declares = declared::exists(project);
    let options = Options { old: old.as_ref(), rows, schema: declares && !merged.builds_on_others() };
    // Statements of a set with a gap or an unknown directive would be judged in the wrong order.
    let (replay, findings) = sound.then(|| lint(&merged.set, program, &options)).unzip();
    if let Some(replay) = &replay {
        others.extend(replay.diagnostics.iter().chain(&replay.doubts).cloned());
        others.extend(replay.schema.iter().flat_map(|before| declared::check(project, &set, before)));
        if merged.builds_on_others() {
            others.extend(declares.then(|| declared::not_compared(project, &merged)));
        } else if replay.diagnostics.is_empty() && replay.stopped.is_none() {
            others.extend(unsealed_squash(&set));
            others.extend(late::check(&set, &since));
        }
    }
    if merged.builds_on_others() {
        // What others have made is not what it stands for.
        others.extend(dbmigrate_schema::check_snapshot(&set));
    }
    others.extend(snapshot::behind(&set));
    others.extend(unknown_sets(project, &set));
    let ran = replay.clone().unwrap_or_default();
    let mut diagnostics = levels.judge((&merged.set, &ran, &options), findings.unwrap_or_default(), others, explained);
    aim::aim(&project.config.set, &mut diagnostics);
    let linted = linted(&merged.set, &ran, &options).count();
    let others = merged.others;
    let as_it_lies = database.and_then(|database| database.note);
    Ok(Checked { diagnostics, set, others, since, replay, linted, notes, as_it_lies })
}

/// The numbers of the migrations that databases may have already, which are not linted again: those that a revision
/// holds or, where there is none to go by, those that are sealed. None where nobody knows.
pub(crate) fn old(since: &Since, set: &MigrationSet) -> Option<BTreeSet<u64>> {
    if since.base.is_some() {
        return Some(since.held.clone());
    }
    let sealed = set.migrations.iter().filter(|migration| set.lock.seals(migration));
    let sealed: BTreeSet<u64> = sealed.map(|migration| migration.number).collect();
    (!sealed.is_empty()).then_some(sealed)
}

/// What is required of a set that the package does not have, and that sounds like one that it has. It may be another
/// package's, which only the database knows.
fn unknown_sets(project: &Project, set: &MigrationSet) -> Vec<Diagnostic> {
    let required = set.migrations.iter().flat_map(|it| it.requires.iter().map(move |required| (it, required)));
    let elsewhere: Vec<_> = required.filter(|(_, required)| required.elsewhere().is_some()).collect();
    if elsewhere.is_empty() || project.sets == 1 {
        return Vec::new();
    }
    let names: Vec<String> = project.load_all().into_iter().map(|loaded| loaded.set.config.set).collect();
    let doubt = |(migration, required): (&SourceMigration, &Requirement)| {
        let (of, name) = required.elsewhere()?;
        let near = nearest(of, names.iter().map(String::as_str)).filter(|_| !names.iter().any(|it| it == of))?;
        let message = format!("the package has no set `{of}`");
        let doubt = Diagnostic::warning("unknown-set", message).at(Location::new(migration.source(), required.span));
        let doubt = doubt.note("where it is a set of another package, the database has to have that first");
        Some(doubt.help(format!("if `{near}` is meant: `requires {near}/{name}`")))
    };
    elsewhere.into_iter().filter_map(doubt).collect()
}

/// Whether a squash that may still be edited does what it stands for.
pub(crate) fn unsealed_squash(set: &MigrationSet) -> Vec<Diagnostic> {
    let is_sealed = set.migrations.first().is_none_or(|first| set.lock.seals(first));
    if is_sealed { Vec::new() } else { dbmigrate_schema::check_squash(set) }
}

/// What a set lacks of being sealed as a whole.
fn unsealed(set: &MigrationSet) -> Vec<Diagnostic> {
    let help = match set.config.layout {
        Layout::House => "seal it: `cargo dbmigrate lock`",
        _ => "the files of another tool can't be sealed: take them over with `cargo dbmigrate adopt`",
    };
    let left: Vec<_> = set.migrations.iter().filter(|migration| !set.lock.seals(migration)).collect();
    let unsealed = left.iter().map(|migration| {
        let message = format!("`{}` is not sealed", migration.name());
        Diagnostic::error("unsealed", message).in_file(&migration.file).help(help)
    });
    let old = set.lock.schema.as_ref().filter(|schema| left.is_empty() && schema.chain != set.chain()).map(|_| {
        let file = format!("{}/{}", set.config.dir, lock::FILE);
        Diagnostic::warning("stale-fingerprint", "the repeatables were changed since the schema was sealed")
            .in_file(file)
            .note("`verify_schema` of the program has to replay the migrations at each start")
            .help("seal the schema as it is now: `cargo dbmigrate lock`")
    });
    unsealed.chain(old).collect()
}
