//! `redo`: rolls the newest applied migration back and applies its current text.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::RedoArgs;
use crate::error::CliError;

pub(crate) fn run(args: &RedoArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    database::run_with_copy(Verb::Redo, &args.copy, &args.database, context)
}
