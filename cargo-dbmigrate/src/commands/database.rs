//! What the database commands share: from their arguments to one run of `dbmigrate_runtime::cli`, here or in the
//! package's own runner.

use std::time::Duration;

use dbmigrate_runtime::cli::{self, Format, Request, Terminal, Verb};
use dbmigrate_runtime::{Backup, BackupWhen, Migrator};

use super::Context;
use crate::cli::{CopyArgs, DatabaseArgs, Verbosity};
use crate::error::CliError;
use crate::ops::driver::Rusqlite;
use crate::ops::project::{self, Project};
use crate::ops::{database, open, runner, runtime_set, schema_reader, space};

/// What the history records for migrations that this program applied.
const TOOL: &str = concat!("cargo-dbmigrate ", env!("CARGO_PKG_VERSION"));

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
    let project = project::select_one(context.global)?;
    run_in(&project, verb, copy, args, context)
}

/// As [`run_with_copy`], on the database of this package.
pub(super) fn run_in(
    project: &Project,
    verb: Verb,
    copy: &CopyArgs,
    args: &DatabaseArgs,
    context: &mut Context<'_>,
) -> Result<u8, CliError> {
    let loaded = match verb {
        // The rows are shown as they are: faults of the files don't matter, those of the manifest do.
        Verb::History => {
            project.sound_config()?;
            project.load()
        }
        _ => project.load_sound()?,
    };
    let writes = !verb.reads_only();
    let runner =
        if verb.executes() && loaded.set.has_code() { Some(runner::binary(project, &loaded.set)?) } else { None };
    let database = database::resolve(args.database.as_deref(), project)?;
    if writes {
        context.shell.status("Database", &format!("{} (from {})", database.path.display(), database.source));
    }
    let request = Request {
        program: "cargo dbmigrate".to_owned(),
        verb,
        format: if context.shell.is_json() { Format::Json } else { Format::Human },
        verbose: context.global.verbosity() == Verbosity::Verbose,
        quiet: context.global.verbosity() == Verbosity::Quiet,
        busy_timeout: args.busy_timeout.map(Duration::from_secs),
        backup: backup(copy, project),
    };
    if let Some(runner) = runner {
        if request.verb.rehearses() {
            space::refuse_too_large(&database.path)?;
        }
        return runner::run(runner, project, &database.path, &request, context.global, &args.build);
    }
    let reader = schema_reader::reader(&loaded.set);
    Ok(runtime_set::with_set(&loaded.set, |set| {
        let migrator = Migrator::<Rusqlite>::new(set).tool(TOOL).free_space(space::free);
        let migrator = migrator.schema_reader(reader);
        let immutable = if writes { None } else { open::immutable(&database.path) };
        match immutable {
            Some(mut connection) => {
                context.shell.note("nothing can be written beside the database: it is read as it lies there");
                cli::run_on(migrator, &mut connection, &database.path, &request, context.shell)
            }
            None => cli::run(migrator, &database.path, &request, context.shell),
        }
    }))
}

/// The copies to keep, as the flags say and else the manifest.
fn backup(copy: &CopyArgs, project: &Project) -> Option<Backup> {
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
