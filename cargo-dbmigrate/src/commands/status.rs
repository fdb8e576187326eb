//! `status`: which migrations a database has.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::StatusArgs;
use crate::error::CliError;

pub(crate) fn run(args: &StatusArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Status { check: args.check }, &args.database, context)
}
