//! Everything that can be known of a package's migrations without a database of anybody's.

use dbmigrate_core::{Body, Diagnostic, Down, MigrationSet, SourceMigration, lock};
use dbmigrate_schema::Replay;

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::since::{Since, since};
use crate::ops::{declared, wiring};

/// What was found in one package.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All findings: files, wiring, replay.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was checked.
    pub(crate) set: MigrationSet,
    /// What of it a revision of git holds already.
    pub(crate) since: Since,
    /// What the replay did; `None` where the files themselves were not sound.
    pub(crate) replay: Option<Replay>,
}

impl Checked {
    /// Whether anything stands in the way.
    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Checks sequence, configuration and wiring, that what a revision holds already is unchanged, and replays every way up
/// and back in memory, with the hooks and repeatables. `locked` wants every migration sealed.
pub(crate) fn check(project: &Project, revision: Option<&str>, locked: bool) -> Result<Checked, CliError> {
    let loaded = project.load();
    let sound = !loaded.has_errors();
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(loaded.set.migrations.iter().filter_map(empty_down));
    diagnostics.extend(loaded.set.lock.notes(&loaded.set.migrations));
    if locked && sound {
        diagnostics.extend(unsealed(&loaded.set));
    }
    let since = since(project, revision, &loaded.set)?;
    diagnostics.extend(since.diagnostics.iter().cloned());
    let manifest = wiring::manifest(project)?;
    diagnostics.extend(wiring::diagnostics(project, &wiring::read(project, &manifest)?, &loaded.set));
    // Statements of a set with a gap or an unknown directive would be judged in the wrong order.
    let replay = sound.then(|| dbmigrate_schema::replay(&loaded.set));
    if let Some(replay) = &replay {
        diagnostics.extend(replay.diagnostics.iter().cloned());
        if replay.diagnostics.is_empty() && replay.stopped.is_none() {
            diagnostics.extend(declared::check(project, &loaded.set));
        }
    }
    Ok(Checked { diagnostics, set: loaded.set, since, replay })
}

/// What a set lacks of being sealed as a whole.
fn unsealed(set: &MigrationSet) -> Vec<Diagnostic> {
    const HELP: &str = "seal it: `cargo dbmigrate lock`";
    let left = set.migrations.get(set.sealed()..).unwrap_or_default();
    let unsealed = left.iter().map(|migration| {
        let message = format!("`{}` is not sealed", migration.name());
        Diagnostic::error("unsealed", message).in_file(&migration.file).help(HELP)
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
