//! `restore`: puts a copy back into the place of the database.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::RestoreArgs;
use crate::error::CliError;

pub(crate) fn run(args: &RestoreArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Restore { from: args.from.clone(), yes: args.yes, force: args.force };
    database::run(verb, &args.database, context)
}
