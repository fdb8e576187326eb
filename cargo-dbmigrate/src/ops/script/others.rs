//! Other sets of the package that a set requires something of: they are there before it.

use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration};

use super::migrations;
use super::run::Range;
use crate::error::CliError;
use crate::ops::project::Project;

/// All of them, each after those that it requires itself.
pub(super) fn required(project: &Project, set: &MigrationSet) -> Result<Vec<MigrationSet>, CliError> {
    if needs(set).is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<MigrationSet> = project.load_all().into_iter().map(|loaded| loaded.set).collect();
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    add(&mut vec![set], &all, &mut found, &mut problems);
    if problems.is_empty() { Ok(found) } else { Err(CliError::diagnostics(problems)) }
}

/// Adds what the last of the sets requires; the others of them require it.
fn add<'s>(
    open: &mut Vec<&'s MigrationSet>,
    all: &'s [MigrationSet],
    found: &mut Vec<MigrationSet>,
    problems: &mut Vec<Diagnostic>,
) {
    for Need { of: name, by: migration, file, .. } in open.last().map(|set| needs(set)).unwrap_or_default() {
        if found.iter().any(|it| it.config.set == name) {
            continue;
        }
        let problem = |message: String| Diagnostic::error("no-script", message).in_file(&file);
        match all.iter().find(|it| it.config.set == name) {
            _ if open.iter().any(|it| it.config.set == name) => {
                let message = format!("`{migration}` requires the set `{name}`, which requires this one");
                problems.push(problem(message).note("neither comes first, so neither has a script of its own"));
                return;
            }
            Some(other) => {
                open.push(other);
                add(open, all, found, problems);
                open.pop();
                found.push(other.clone());
            }
            None => {
                let message = format!("`{migration}` requires the set `{name}`, which this package does not have");
                problems.push(problem(message));
            }
        }
    }
}

/// Refuses to take back what another set of the package requires: no script can tell whether that is applied.
pub(super) fn refuse_needed(project: &Project, set: &MigrationSet, range: Range) -> Result<(), CliError> {
    if range.is_up() || project.sets == 1 {
        return Ok(());
    }
    let mut problems = Vec::new();
    let going: Vec<String> = migrations(set, range).into_iter().map(SourceMigration::name).collect();
    let all = project.load_all().into_iter().map(|loaded| loaded.set).filter(|it| it.config.set != set.config.set);
    let is_own = |need: &Need| need.of == set.config.set && going.contains(&need.name);
    for Need { name, by, file, .. } in all.flat_map(|other| needs(&other)).filter(is_own) {
        let message = format!("`{name}` can't be rolled back by a script, because `{by}` requires it");
        problems.push(
            Diagnostic::error("no-script", message)
                .in_file(file)
                .note("a script can't tell whether a database has that one")
                .help("roll it back with `cargo dbmigrate down`, which checks"),
        );
    }
    if problems.is_empty() { Ok(()) } else { Err(CliError::diagnostics(problems)) }
}

/// What a migration requires of another set.
struct Need {
    /// The name of the set, and of the migration in it.
    of: String,
    name: String,
    /// The migration that requires it, and its file.
    by: String,
    file: String,
}

/// All that a set requires of others.
fn needs(set: &MigrationSet) -> Vec<Need> {
    let required = set.migrations.iter().flat_map(|migration| {
        let names = migration.requires.iter().filter_map(|it| it.name.split_once('/'));
        names.map(|(of, name)| Need {
            of: of.to_owned(),
            name: name.to_owned(),
            by: migration.name(),
            file: migration.file.clone(),
        })
    });
    required.collect()
}
