//! Everything that can be known of a package's migrations without a database of anybody's.

use std::collections::BTreeSet;
use std::path::Path;

use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, SourceMigration};
use dbmigrate_schema::Replay;
use dbmigrate_schema::lint::{Levels, Options, Orders, Told, lint, linted};

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::rows::Database;
use crate::ops::{declared, wiring};

/// What to check besides the files.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    /// What the command line says of levels.
    pub(crate) orders: Orders,
    /// A database to ask about its rows.
    pub(crate) database: Option<&'a Path>,
    /// Whether to lint what databases may have already, too.
    pub(crate) all: bool,
}

/// What was found in one package.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All findings: files, wiring, replay, rules.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was checked.
    pub(crate) set: MigrationSet,
    /// What the replay did; `None` where the files themselves were not sound.
    pub(crate) replay: Option<Replay>,
    /// How many migrations the rules have looked at.
    pub(crate) linted: usize,
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
}

/// Checks sequence, configuration and wiring, replays every way up and back in memory, with the hooks and repeatables,
/// and lets the rules of the linter look on.
pub(crate) fn check(project: &Project, request: &Request<'_>, told: &mut Told) -> Result<Checked, CliError> {
    let loaded = project.load();
    let sound = !loaded.has_errors();
    let set = loaded.set;
    let mut others = loaded.diagnostics;
    let (levels, unknown) = Levels::new(&project.config.lints, &request.orders);
    others.extend(unknown);
    others.extend(set.migrations.iter().filter_map(empty_down));
    let manifest = wiring::manifest(project)?;
    others.extend(wiring::diagnostics(project, &wiring::read(project, &manifest)?, &set));

    let old = if request.all { None } else { old(project, &set) };
    let database = request.database.filter(|_| sound).map(|path| Database::open(path, &set)).transpose()?;
    let options = Options { old: old.as_ref(), rows: database.as_ref().map(Database::rows) };
    // Statements of a set with a gap or an unknown directive would be judged in the wrong order.
    let (replay, findings) = sound.then(|| lint(&set, &options)).unzip();
    if let Some(replay) = &replay {
        others.extend(replay.diagnostics.iter().cloned());
        if replay.diagnostics.is_empty() && replay.stopped.is_none() {
            others.extend(declared::check(project, &set));
        }
    }
    let ran = replay.clone().unwrap_or_default();
    let diagnostics = levels.judge((&set, &ran, &options), findings.unwrap_or_default(), others, told);
    let linted = linted(&set, &ran, &options).count();
    Ok(Checked { diagnostics, set, replay, linted })
}

/// The numbers of the migrations that databases may have already, which are not linted again; none where nobody knows.
pub(crate) fn old(_: &Project, _: &MigrationSet) -> Option<BTreeSet<u64>> {
    None
}

/// A way back that does nothing would only make the history forget what is there.
fn empty_down(migration: &SourceMigration) -> Option<Diagnostic> {
    let Body::Sql { up, down: Down::Script(down) } = &migration.body else { return None };
    if up.steps.is_empty() || !down.steps.is_empty() {
        return None;
    }
    let name = migration.name();
    Some(
        Diagnostic::warning("empty-down", format!("the way back of `{name}` holds no statement"))
            .in_file(down.source.path())
            .note("rolling it back would leave everything there and only make the history forget it")
            .help("write the statements, or remove it: without one, `down` says so")
            .help("if there is none on purpose, write `-- dbmigrate: irreversible REASON` in the way up"),
    )
}
