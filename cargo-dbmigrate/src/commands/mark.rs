//! `mark`: records migrations as applied without running them.

use dbmigrate_runtime::cli::{Baseline, Verb};

use super::{Context, database};
use crate::cli::MarkArgs;
use crate::error::CliError;

pub(crate) fn run(args: &MarkArgs, context: &mut Context<'_>) -> Result<u8, CliError> {
    let what = match (&args.to, args.names.as_slice()) {
        (Some(target), _) => Baseline::To(target.clone()),
        (None, []) => Baseline::Latest,
        (None, names) => Baseline::Only(names.to_vec()),
    };
    database::run(Verb::Mark { what, force: args.force }, &args.database, context)
}
