//! `reset`: takes a database back to nothing, after a copy of it was made.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::{CopyArgs, ResetArgs};
use crate::error::CliError;

pub(crate) fn run(args: &ResetArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Reset { yes: args.yes };
    database::run_with_copy(verb, &CopyArgs::in_any_case(&args.keep), &args.database, context)
}
