//! `backup`: keeps a copy of the database.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::{BackupArgs, CopyArgs};
use crate::error::CliError;

pub(crate) fn run(args: &BackupArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let copy = CopyArgs { keep: args.keep.clone(), ..CopyArgs::default() };
    database::run_with_copy(Verb::Backup { to: args.to.clone() }, &copy, &args.database, context)
}
