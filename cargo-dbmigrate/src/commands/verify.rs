//! `verify`: compares the recorded history with the files.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::DatabaseArgs;
use crate::error::CliError;

pub(crate) fn run(args: &DatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run(Verb::Verify, args, context)
}
