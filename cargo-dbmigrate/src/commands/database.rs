//! What the database commands share: from their arguments to one run of `dbmigrate_runtime::cli`, here or in the
//! package's own runner.

use std::path::Path;
use std::time::Duration;

use dbmigrate_core::MigrationSet;
use dbmigrate_runtime::cli::{self, Format, Mend, Request, Terminal, Verb};
use dbmigrate_runtime::{Backup, BackupWhen, Migrator, Together};

use super::{Context, Said};
use crate::cli::{CopyArgs, DatabaseArgs, PROGRAM, Verbosity};
use crate::error::{CliError, DONE, NO};
use crate::ops::ahead::Ahead;
use crate::ops::driver::Rusqlite;
use crate::ops::interrupt::Interrupt;
use crate::ops::migrator::migrator;
use crate::ops::project::{self, Project};
use crate::ops::{database, open, runner, runtime_set, runtime_sets, schema_reader, seen_from, space};
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
    let mut ahead = Ahead::begin(context.global);
    let databases = project::select_databases(context.global)?;
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
    let mut exit = DONE;
    for sets in &databases {
        // Those after the first are read when it is their turn.
        let came = on_one(&verb, copy, args, sets, std::mem::take(&mut ahead), context);
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
    let (mut said, mut found) = (Said::default(), Vec::new());
    for project in databases.iter().flatten() {
        let loaded = project.load();
        if loaded.has_errors() {
            found.extend(said.new_of(project, &loaded.diagnostics));
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
    on_one(&verb, copy, args, std::slice::from_ref(project), Ahead::default(), context)
}

/// Only what reads, and `up`, is done to one database after the other.
fn refuse_several(verb: &Verb, args: &DatabaseArgs, databases: &[Vec<Project>]) -> Result<(), CliError> {
    let is_for_all = shows(verb) || matches!(verb, Verb::Up { to: None, .. });
    let message = match args.database {
        None if is_for_all => return Ok(()),
        None => format!("the package has several databases, and `{}` works on one", verb.name()),
        Some(_) => "the package has several databases, and `--database` names one".to_owned(),
    };
    let flags = project::set_flags(databases.iter().flatten());
    Err(CliError::usage(message).help(format!("name a set of it: {flags}")))
}

/// Whether a verb shows how a set stands.
fn shows(verb: &Verb) -> bool {
    matches!(verb, Verb::Status { .. } | Verb::Verify | Verb::History | Verb::Repair { what: Mend::Explain, .. })
}

/// Runs `verb` on a database with all of its sets, or with the one that is asked for.
fn on_one(
    verb: &Verb,
    copy: &CopyArgs,
    args: &DatabaseArgs,
    sets: &[Project],
    mut ahead: Ahead,
    context: &mut Context<'_>,
) -> Result<u8, CliError> {
    let asked = context.global.set.as_deref();
    let wanted = |project: &&Project| asked.is_none_or(|name| project.config.set == name);
    let Some(first) = sets.iter().find(wanted) else { return Err(CliError::failure("no package was selected")) };
    let way = if context.shell.is_json() { String::new() } else { context.shell.here("") };
    let mut load = |project: &Project| {
        let mut set = match verb {
            // The rows, or the copies, are shown as they are: faults of the files don't matter, those of the manifest do.
            Verb::History | Verb::Restore { from: None, .. } => {
                project.sound_config()?;
                ahead.load(project).set
            }
            _ => Project::sound(ahead.load(project))?.set,
        };
        seen_from::name_from(&mut set, &way);
        Ok(set)
    };
    let loaded = sets.iter().map(&mut load).collect::<Result<Vec<MigrationSet>, CliError>>()?;
    // A copy leaves the database as it is, and takes older copies away.
    let writes = !verb.reads_only() || matches!(verb, Verb::Backup { .. });
    let is_meant = |(project, _): &(&Project, &MigrationSet)| asked.is_none_or(|name| project.config.set == name);
    let coded = sets.iter().zip(&loaded).filter(is_meant).find(|(_, set)| verb.executes() && set.has_code());
    let runner = coded.map(|(project, set)| runner::binary(project, set)).transpose()?;
    let database = database::resolve(args.database.as_deref(), sets)?;
    if writes {
        context.shell.status("Database", &format!("{} (from {})", database.path.display(), database.source));
    }
    let request = request(verb, backup(copy, first), args, context);
    if let Some(runner) = runner {
        if request.verb.rehearses() {
            space::refuse_too_large(&database.path)?;
        }
        return runner::run(runner, first, &database.path, &request, context.global, &args.build);
    }
    let interrupt = verb.executes().then(|| Interrupt::listen(shell::cry));
    let several = first.sets > 1;
    // Its own database has no other set, but the package has: what is suggested names it.
    let set = asked.or((several && sets.len() == 1).then_some(first.config.set.as_str())).map(str::to_owned);
    let request = Request { set, ..request };
    if sets.len() == 1 || matches!(verb, Verb::Backup { .. } | Verb::Restore { from: None, .. }) {
        let place = sets.iter().position(|project| project.config.set == first.config.set).unwrap_or_default();
        if several && shows(verb) {
            heading(first, &request, context);
        }
        return Ok(one(first, &loaded[place], &database.path, &request, interrupt.as_ref(), context));
    }
    if !shows(verb) {
        let ran = runtime_sets::with_sets(&loaded, |all| {
            let mut together = Together::new();
            for (set, source) in all.iter().zip(&loaded) {
                let migrator = heeding(migrator(set), interrupt.as_ref());
                together = together.add(migrator.schema_reader(schema_reader::reader(source, &first.histories)));
            }
            cli::run_together(together, &database.path, &request, context.shell)
        });
        return ran.ok_or_else(|| CliError::failure("no package was selected"));
    }
    if asked.is_none() && !database.path.exists() {
        // What none of them has is said once.
        return Ok(one(first, &loaded[0], &database.path, &request, None, context));
    }
    let mut exit = DONE;
    for (project, set) in sets.iter().zip(&loaded).filter(is_meant) {
        heading(project, &request, context);
        let set_name = Some(project.config.set.clone()).filter(|name| !name.is_empty());
        let request = Request { set: set_name, ..request.clone() };
        let came = one(project, set, &database.path, &request, None, context);
        if came > NO {
            return Ok(came);
        }
        exit = exit.max(came);
    }
    Ok(exit)
}

/// What is asked of a database.
pub(super) fn request(verb: &Verb, backup: Option<Backup>, args: &DatabaseArgs, context: &Context<'_>) -> Request {
    Request {
        program: PROGRAM.to_owned(),
        named: context.global.database_flags(args.database.as_deref()),
        verb: verb.clone(),
        set: context.global.set.clone(),
        format: if context.shell.is_json() { Format::Json } else { Format::Human },
        verbose: context.global.verbosity() == Verbosity::Verbose,
        quiet: context.global.verbosity() == Verbosity::Quiet,
        busy_timeout: args.busy_timeout.map(Duration::from_secs),
        backup,
    }
}

/// Says which set is shown next.
fn heading(project: &Project, request: &Request, context: &mut Context<'_>) {
    let name = match project.config.set.as_str() {
        "" => "(without a name)",
        name => name,
    };
    match &request.verb {
        _ if context.shell.is_json() => {}
        Verb::Status { .. } | Verb::History => context.shell.data(&format!("{name}:")),
        _ => context.shell.status("Set", name),
    }
}

/// Runs a request on one set.
fn one(
    project: &Project,
    set: &MigrationSet,
    database: &Path,
    request: &Request,
    interrupt: Option<&Interrupt>,
    context: &mut Context<'_>,
) -> u8 {
    let reader = schema_reader::reader(set, &project.histories);
    runtime_set::with_set(set, |set| {
        let migrator = heeding(migrator(set).schema_reader(reader), interrupt);
        let immutable = if request.verb.reads_only() { open::immutable(database) } else { None };
        match immutable {
            Some(mut connection) => {
                context.shell.note(open::AS_IT_LIES);
                cli::run_on(migrator, &mut connection, database, request, context.shell)
            }
            None => cli::run(migrator, database, request, context.shell),
        }
    })
}

fn heeding<'a>(migrator: Migrator<'a, Rusqlite>, interrupt: Option<&Interrupt>) -> Migrator<'a, Rusqlite> {
    match interrupt {
        Some(interrupt) => interrupt.heeded_by(migrator),
        None => migrator,
    }
}

/// The copies to keep, as the flags say and else the manifest.
pub(super) fn backup(copy: &CopyArgs, project: &Project) -> Option<Backup> {
    let when = if copy.backup { BackupWhen::Always } else { BackupWhen::Destructive };
    if copy.no_backup || (project.config.backup.is_none() && !copy.backup) {
        return None;
    }
    let configured = project.config.backup.clone().unwrap_or_default();
    let mut backup = Backup::new(when);
    let keep = copy.keep.backup_keep.map(u64::from).or(configured.keep);
    if let Some(keep) = keep.and_then(|keep| usize::try_from(keep).ok()) {
        backup = backup.keep(keep);
    }
    let dir = copy.keep.backup_dir.clone().or(configured.dir.map(|dir| project.root.join(dir)));
    Some(match dir {
        Some(dir) => backup.dir(dir),
        None => backup,
    })
}
