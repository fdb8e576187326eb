//! `backup`: keeps a copy of the database.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::BackupArgs;
use crate::error::CliError;

pub(crate) fn run(args: &BackupArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Backup { to: args.to.clone() }, &args.database, context)
}
