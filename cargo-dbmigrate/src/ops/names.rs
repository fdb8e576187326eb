//! The names that a command line can be completed with. Whatever is wrong with a project, nothing is said about it here.

use crate::cli::{Candidate, Global};
use crate::ops::selection;

/// The migrations of the packages that the command is about, the newest first.
pub(crate) fn migrations(global: &Global) -> Vec<Candidate> {
    let projects = selection::select(global).unwrap_or_default();
    let migrations = projects.iter().flat_map(|project| {
        let set = project.load().set;
        set.migrations.into_iter().rev().map(|migration| Candidate {
            value: migration.name(),
            help: migration.metadata.title.clone().unwrap_or_default(),
        })
    });
    migrations.collect()
}

/// The packages of the workspace that have migrations.
pub(crate) fn packages(global: &Global) -> Vec<Candidate> {
    let everywhere = Global { package: Vec::new(), exclude: Vec::new(), workspace: true, set: None, ..global.clone() };
    let projects = selection::select(&everywhere).unwrap_or_default();
    let mut packages: Vec<_> =
        projects.into_iter().map(|project| Candidate { value: project.name, help: project.version }).collect();
    // One with several sets is there once for each.
    packages.dedup();
    packages
}

/// The sets of the packages that the command is about.
pub(crate) fn sets(global: &Global) -> Vec<Candidate> {
    let all = Global { set: None, ..global.clone() };
    let named =
        selection::select(&all).unwrap_or_default().into_iter().filter(|project| !project.config.set.is_empty());
    named.map(|project| Candidate { value: project.config.set, help: project.name }).collect()
}
