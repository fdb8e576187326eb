//! `status`: which migrations a database has.

use dbmigrate_runtime::cli::{Terminal, Verb};

use super::fleet::Arguments;
use super::{Context, adopt, database, fleet};
use crate::cli::{CopyArgs, StatusArgs};
use crate::error::CliError;
use crate::ops::adopt::OpenedDatabase;
use crate::ops::named_files;

pub(crate) fn run(args: &StatusArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let verb = Verb::Status { check: args.check, recover: args.recover };
    if args.fleet.any() {
        if args.files.any() {
            return Err(CliError::usage(
                "`--databases` is for the migrations of a package, not for `--layout` and `--dir`",
            ));
        }
        let copy = CopyArgs::default();
        let arguments = Arguments::new(verb, &copy, &args.fleet, &args.database);
        return fleet::run(&arguments, context);
    }
    if !args.files.any() {
        return database::run(verb, &args.database, context);
    }
    let project = named_files::select_one(context.global, &args.files)?;
    // In a set of another tool's files its history is read as `adopt` would take it over.
    if let Some(mut opened) = OpenedDatabase::open(&args.database, &project)?
        && let Some(set) = opened.set_of(&project)?
    {
        opened.note.into_iter().for_each(|note| context.shell.note(note));
        return Ok(adopt::preview(&set, args.check, &args.database, &mut opened, context));
    }
    database::run_in(&project, verb, &CopyArgs::default(), &args.database, context)
}
