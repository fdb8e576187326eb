//! Everything that can be known of a package's migrations without a database of anybody's.

use dbmigrate_core::{Diagnostic, MigrationSet};
use dbmigrate_schema::Replay;
use dbmigrate_schema::lint::{Options, lint};

use crate::error::CliError;
use crate::ops::project::Project;
use crate::ops::{declared, wiring};

/// What was found in one package.
#[derive(Debug)]
pub(crate) struct Checked {
    /// All findings: files, wiring, replay.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What was checked.
    pub(crate) set: MigrationSet,
    /// What the replay did; `None` where the files themselves were not sound.
    pub(crate) replay: Option<Replay>,
}

impl Checked {
    /// Whether anything stands in the way.
    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Checks sequence, configuration and wiring, and replays every way up and back in memory, with the hooks
/// and repeatables.
pub(crate) fn check(project: &Project) -> Result<Checked, CliError> {
    let loaded = project.load();
    let sound = !loaded.has_errors();
    let mut diagnostics = loaded.diagnostics;
    let manifest = wiring::manifest(project)?;
    diagnostics.extend(wiring::diagnostics(project, &wiring::read(project, &manifest)?, &loaded.set));
    // Statements of a set with a gap or an unknown directive would be judged in the wrong order.
    let linted = sound.then(|| lint(&loaded.set, &Options::default()));
    // The other rules wait for their levels.
    let findings = linted.iter().flat_map(|(_, findings)| findings);
    let findings = findings.filter(|found| ["empty-down", "down-not-inverse"].contains(&found.rule.name));
    diagnostics.extend(findings.map(|found| found.diagnostic.clone()));
    let replay = linted.map(|(replay, _)| replay);
    if let Some(replay) = &replay {
        diagnostics.extend(replay.diagnostics.iter().cloned());
        if replay.diagnostics.is_empty() && replay.stopped.is_none() {
            diagnostics.extend(declared::check(project, &loaded.set));
        }
    }
    Ok(Checked { diagnostics, set: loaded.set, replay })
}
