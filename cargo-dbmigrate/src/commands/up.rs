//! `up`: applies what is pending.

use dbmigrate_runtime::cli::Verb;

use super::fleet::Arguments;
use super::{Context, database, fleet};
use crate::cli::UpArgs;
use crate::error::CliError;

pub(crate) fn run(args: &UpArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Up { to: args.to.clone(), existing: args.existing, dry_run: args.dry_run };
    fleet::refuse_yes(&args.canary, verb.name())?;
    if args.fleet.any() {
        let arguments = Arguments::new(verb, &args.copy, &args.fleet, &args.database);
        let arguments = Arguments { failures: Some(&args.failures), canary: Some(&args.canary), ..arguments };
        return fleet::run(&arguments, context);
    }
    database::run_with_copy(verb, &args.copy, &args.database, context)
}
