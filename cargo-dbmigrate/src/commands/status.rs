//! `status`: which migrations a database has.

use dbmigrate_runtime::cli::Verb;

use super::fleet::Asked;
use super::{Context, adopt, database, fleet};
use crate::cli::{CopyArgs, StatusArgs};
use crate::error::CliError;
use crate::ops::trial;

pub(crate) fn run(args: &StatusArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Status { check: args.check, recover: args.recover };
    if args.fleet.any() {
        if args.files.any() {
            return Err(CliError::usage(
                "`--databases` is for the migrations of a package, not for `--layout` and `--dir`",
            ));
        }
        let copy = CopyArgs::default();
        let asked = Asked::new(verb, &copy, &args.fleet, &args.database);
        return fleet::run(&asked, context);
    }
    if !args.files.any() {
        return database::run(verb, &args.database, context);
    }
    let project = trial::select_one(context.global, &args.files)?;
    if let Some((set, path, mut connection)) = adopt::with_old_history(&project, &args.database)? {
        return Ok(adopt::preview(&set, args.check, &args.database, (&path, &mut connection), context));
    }
    database::run_in(&project, verb, &CopyArgs::default(), &args.database, context)
}
