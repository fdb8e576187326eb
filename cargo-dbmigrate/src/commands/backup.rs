//! `backup`: keeps a copy of the database.

use dbmigrate_runtime::cli::Verb;

use super::fleet::Arguments;
use super::{Context, database, fleet};
use crate::cli::{BackupArgs, CopyArgs};
use crate::error::CliError;

pub(crate) fn run(args: &BackupArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Backup { to: args.to.clone() };
    let copy = CopyArgs::in_any_case(&args.keep);
    if args.fleet.any() {
        let arguments =
            Arguments { failures: Some(&args.failures), ..Arguments::new(verb, &copy, &args.fleet, &args.database) };
        return fleet::run(&arguments, context);
    }
    database::run_with_copy(verb, &copy, &args.database, context)
}
