//! `history`: the history as the database records it.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::DatabaseArgs;
use crate::error::CliError;

pub(crate) fn run(args: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::History, args, context)
}
