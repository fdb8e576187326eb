//! `reset`: takes a database back to nothing, after a copy of it was made.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::ResetArgs;
use crate::error::CliError;

pub(crate) fn run(args: &ResetArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Reset { yes: args.yes }, &args.database, context)
}
