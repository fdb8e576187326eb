//! `verify`: compares the recorded history with the files.

use dbmigrate_runtime::cli::Verb;

use super::fleet::Arguments;
use super::{Context, database, fleet};
use crate::cli::{CheckDatabaseArgs, CopyArgs};
use crate::error::CliError;

pub(crate) fn run(args: &CheckDatabaseArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    if args.fleet.any() {
        let copy = CopyArgs::default();
        let arguments = Arguments::new(Verb::Verify, &copy, &args.fleet, &args.database);
        return fleet::run(&arguments, context);
    }
    database::run(Verb::Verify, &args.database, context)
}
