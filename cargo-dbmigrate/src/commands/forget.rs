//! `forget`: takes a migration out of the history, so that it runs again.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::ForgetArgs;
use crate::error::CliError;

pub(crate) fn run(args: &ForgetArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Forget { target: args.name.clone() }, &args.database, context)
}
