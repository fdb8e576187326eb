//! `restore`: puts a copy back into the place of the database.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::{CopyArgs, KeepArgs, RestoreArgs};
use crate::error::CliError;

pub(crate) fn run(args: &RestoreArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Restore { from: args.from.clone(), yes: args.yes, force: args.force };
    let keep = KeepArgs { backup_dir: args.backup_dir.clone(), ..KeepArgs::default() };
    database::run_with_copy(verb, &CopyArgs::in_any_case(&keep), &args.database, context)
}
