//! `down`: rolls back.

use dbmigrate_runtime::cli::{RollbackTarget, Verb};

use super::fleet::Arguments;
use super::{Context, database, fleet};
use crate::cli::DownArgs;
use crate::error::CliError;

pub(crate) fn run(args: &DownArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let what = match (&args.name, &args.to, args.count, args.all) {
        (Some(target), ..) => RollbackTarget::One(target.clone()),
        (_, Some(target), ..) => RollbackTarget::To(target.clone()),
        (.., Some(0), _) => return Err(CliError::usage("`--count` takes a number from 1, not `0`")),
        (.., Some(count), _) => RollbackTarget::Count(count),
        (.., true) => RollbackTarget::All,
        _ => RollbackTarget::Newest,
    };
    let verb = Verb::Down { what, dry_run: args.dry_run };
    fleet::refuse_yes(&args.canary, verb.name())?;
    if args.fleet.any() {
        let arguments = Arguments::new(verb, &args.copy, &args.fleet, &args.database);
        let arguments = Arguments { failures: Some(&args.failures), canary: Some(&args.canary), ..arguments };
        return fleet::run(&arguments, context);
    }
    database::run_with_copy(verb, &args.copy, &args.database, context)
}
