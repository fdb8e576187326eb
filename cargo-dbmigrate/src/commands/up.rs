//! `up`: applies what is pending.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::UpArgs;
use crate::error::CliError;

pub(crate) fn run(args: &UpArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Up { to: args.to.clone(), existing: args.existing, dry_run: args.dry_run };
    database::run_with_copy(verb, &args.copy, &args.database, context)
}
