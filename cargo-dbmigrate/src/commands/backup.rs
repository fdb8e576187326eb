//! `backup`: keeps a copy of the database.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::{BackupArgs, CopyArgs};
use crate::error::CliError;

pub(crate) fn run(args: &BackupArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Backup { to: args.to.clone() };
    database::run_with_copy(verb, &CopyArgs::in_any_case(&args.keep), &args.database, context)
}
