//! `repair`: explains or settles what differs between the history and the files.

use dbmigrate_runtime::Stopped;
use dbmigrate_runtime::cli::{RepairTarget, Verb};

use super::{Context, database};
use crate::cli::RepairArgs;
use crate::error::CliError;

pub(crate) fn run(args: &RepairArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let what = match (&args.name, args.all) {
        (Some(name), _) => RepairTarget::One(name.clone()),
        (None, true) => RepairTarget::All,
        (None, false) => RepairTarget::Explain,
    };
    let stopped = match (args.retry, args.done) {
        (true, _) => Some(Stopped::Retry),
        (_, true) => Some(Stopped::Done),
        _ => None,
    };
    if stopped.is_some() && what == RepairTarget::Explain {
        return Err(CliError::usage("`--retry` and `--done` need a migration: name it, or use `--all`"));
    }
    database::run(Verb::Repair { what, stopped }, &args.database, context)
}
