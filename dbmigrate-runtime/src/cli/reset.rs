//! `reset`: says what it will do, asks, then takes the database back to nothing. The runner keeps a copy first.

use std::path::Path;

use super::ask::agreed;
use super::failure::{DONE, Failure, NO};
use super::human::count;
use super::open::name;
use super::output::Output;
use super::run::change;
use crate::{Backend, Migrator, ResetPlan};

pub(super) fn reset<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    database: &Path,
    yes: bool,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let what = match migrator.reset_plan(connection)? {
        ResetPlan::Downs(0) => {
            output.progress("Finished", "nothing to reset");
            return Ok(DONE);
        }
        ResetPlan::Downs(number) => format!("roll back {}", count(number)),
        ResetPlan::DropEverything { missing } => {
            let (first, others) = (missing.first().map_or("", String::as_str), missing.len().saturating_sub(1));
            let others = if others > 0 { format!(" and {others} more") } else { String::new() };
            format!("drop everything in it, because `{first}`{others} can't be rolled back")
        }
    };
    let plan = format!("{}: {what}; a copy is kept first", name(database));
    if !agreed(output, yes, &plan)? {
        return Ok(NO);
    }
    output.progress("Resetting", &plan);
    change(output, "nothing to reset", || migrator.reset(connection))
}
