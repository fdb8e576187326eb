//! What was reported already, for commands on several packages: what is wrong with a manifest is wrong with every set of it,
//! and what is wrong with that of the workspace with every package.

use std::collections::HashSet;
use std::path::PathBuf;

use dbmigrate_core::{Diagnostic, Position};

use crate::error::CliError;
use crate::ops::project::Project;

/// Which finding it is: the file, the kind, the words, the place.
type Key = (PathBuf, &'static str, String, Option<Position>);

/// The findings that were reported.
#[derive(Debug, Default)]
pub(super) struct Reported(HashSet<Key>);

impl Reported {
    /// Those of a set that were not reported with another one. They count as reported from now on.
    pub(super) fn unreported(&mut self, project: &Project, found: &[Diagnostic]) -> Vec<Diagnostic> {
        let keys: Vec<Key> = found.iter().map(|it| key(project, it)).collect();
        let new = found.iter().zip(&keys).filter(|(_, key)| !self.0.contains(key)).map(|(it, _)| it.clone()).collect();
        self.0.extend(keys);
        new
    }

    /// The error of a set, with what was not reported with that of another one.
    pub(super) fn rest_of(&mut self, project: &Project, error: CliError) -> CliError {
        let new = self.unreported(project, error.as_diagnostics());
        error.with_diagnostics(new)
    }
}

fn key(project: &Project, found: &Diagnostic) -> Key {
    let in_place = found.location.as_ref().map(|location| location.path.as_str());
    let path = project.root.join(found.file.as_deref().or(in_place).unwrap_or_default());
    let place = found.location.as_ref().map(|location| location.position);
    (path.canonicalize().unwrap_or(path), found.code, found.message.clone(), place)
}
