//! `status`: which migrations a database has.

use dbmigrate_runtime::cli::Verb;

use super::{Context, database};
use crate::cli::{CopyArgs, StatusArgs};
use crate::error::CliError;
use crate::ops::trial;

pub(crate) fn run(args: &StatusArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Status { check: args.check };
    if !args.files.any() {
        return database::run(verb, &args.database, context);
    }
    let project = trial::select_one(context.global, &args.files)?;
    database::run_in(&project, verb, &CopyArgs::default(), &args.database, context)
}
