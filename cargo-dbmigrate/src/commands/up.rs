//! `up`: applies what is pending.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::UpArgs;
use crate::error::CliError;

pub(crate) fn run(args: &UpArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Up { to: args.to.clone(), existing: args.existing }, &args.database, context)
}
