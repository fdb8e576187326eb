//! What the database commands share: from their arguments to the databases of the package, one after the other.

use dbmigrate_runtime::cli::Verb;

use super::{Context, Reported};
use crate::cli::{CopyArgs, DatabaseArgs};
use crate::error::{CliError, DONE, NO};
use crate::ops::database_command::{DatabaseCommand, shows};
use crate::ops::project::Project;
use crate::ops::read_ahead::ReadAhead;
use crate::ops::selection;
use crate::shell;

/// Runs `verb` on the database of the selected package, with a copy first where the manifest wants one.
pub(super) fn run(verb: Verb, args: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    run_with_copy(verb, &CopyArgs::default(), args, context)
}

/// As [`run`], with a copy first where `copy` says so.
pub(super) fn run_with_copy(
    verb: Verb,
    copy: &CopyArgs,
    args: &DatabaseArgs,
    context: &mut Context<'_>,
) -> Result<u8, CliError> {
    aim(args, context);
    let mut ahead = ReadAhead::begin(context.global);
    let databases = selection::select_databases(context.global)?;
    if databases.len() > 1 {
        refuse_several(&verb, args, &databases)?;
    }
    let shows = shows(&verb);
    if let Some(first) = databases.iter().flatten().next() {
        context.shell.about(super::about(first));
    }
    if databases.len() > 1 && !shows {
        // What is wrong with the second one is said before anything is done to the first.
        all_sound(&databases)?;
    }
    let command = command(&verb, copy, args, context);
    let mut exit = DONE;
    for sets in &databases {
        // Those after the first are read when it is their turn.
        let came = command.run(sets, std::mem::take(&mut ahead), context.shell);
        let came = match came {
            // A database that can't be shown hides no other.
            Err(error) if shows && databases.len() > 1 => error.report(context.shell),
            came => came?,
        };
        if came > NO && !shows {
            return Ok(came);
        }
        exit = exit.max(came);
    }
    Ok(exit)
}

/// Refuses all of it where any of the sets is faulty.
fn all_sound(databases: &[Vec<Project>]) -> Result<(), CliError> {
    let (mut reported, mut found) = (Reported::default(), Vec::new());
    for project in databases.iter().flatten() {
        let loaded = project.load();
        if loaded.has_errors() {
            found.extend(reported.unreported(project, &loaded.diagnostics));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(CliError::diagnostics(found)) }
}

/// Lets suggested commands name the database and the set that were named.
pub(super) fn aim(args: &DatabaseArgs, context: &mut Context<'_>) {
    context.shell.aim(context.global.aim(args.database.as_deref()));
}

/// As [`run_with_copy`], on the database of this set alone.
pub(super) fn run_in(
    project: &Project,
    verb: Verb,
    copy: &CopyArgs,
    args: &DatabaseArgs,
    context: &mut Context<'_>,
) -> Result<u8, CliError> {
    command(&verb, copy, args, context).run(std::slice::from_ref(project), ReadAhead::default(), context.shell)
}

/// What is asked of each database.
fn command<'c>(
    verb: &'c Verb,
    copy: &'c CopyArgs,
    args: &'c DatabaseArgs,
    context: &Context<'c>,
) -> DatabaseCommand<'c> {
    DatabaseCommand { verb, copy, args, global: context.global, way: context.shell.way(), announce: shell::announce }
}

/// Only what reads, and `up`, is done to one database after the other.
fn refuse_several(verb: &Verb, args: &DatabaseArgs, databases: &[Vec<Project>]) -> Result<(), CliError> {
    let is_for_all = shows(verb) || matches!(verb, Verb::Up { to: None, .. });
    let why = match args.database {
        None if is_for_all => return Ok(()),
        None => format!("`{}` works on one", verb.name()),
        Some(_) => "`--database` names only one".to_owned(),
    };
    Err(selection::several_databases(&why, databases.iter().flatten()))
}
