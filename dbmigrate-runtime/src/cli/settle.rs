//! `mark`, `forget` and `repair`: the commands that change the history and run nothing.

use super::failure::Failure;
use super::output::Output;
use super::request::{Baseline, RepairTarget};
use super::run::number;
use crate::{Backend, Migration, Migrator, Repairs, Squash, Stopped};

pub(super) fn mark<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    what: &Baseline,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let marked = match what {
        Baseline::Latest => migrator.mark(connection),
        Baseline::To(target) => {
            let number = number(&migrator.status(connection)?, target, output)?;
            migrator.mark_to(connection, number)
        }
        Baseline::Only(targets) => {
            let status = migrator.status(connection)?;
            let numbers: Result<Vec<u64>, Failure> =
                targets.iter().map(|target| number(&status, target, output)).collect();
            migrator.mark_only(connection, &numbers?)
        }
    };
    Ok(output.marked(&marked?))
}

pub(super) fn forget<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    target: &str,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let number = number(&migrator.status(connection)?, target, output)?;
    let row = migrator.forget(connection, number)?;
    let set = migrator.set()?;
    let runs_again = has_number(set.migrations, set.squash.as_ref(), number);
    Ok(output.forgotten(&row, runs_again))
}

pub(super) fn repair<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    what: &RepairTarget,
    stopped: Option<Stopped>,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let repairs = match what {
        RepairTarget::Explain => Repairs { done: Vec::new(), left: migrator.repair_plan(connection)? },
        RepairTarget::One(target) => {
            let number = number(&migrator.status(connection)?, target, output)?;
            migrator.repair(connection, number, stopped)?
        }
        RepairTarget::All => migrator.repair_all(connection, stopped)?,
    };
    Ok(output.repairs(&repairs, *what == RepairTarget::Explain))
}

/// Whether a migration has this number, or one that a squash replaces and that can still run.
fn has_number(migrations: &[Migration<'_>], squash: Option<&Squash<'_>>, number: u64) -> bool {
    let can_run = squash.filter(|squash| squash.pruned.is_none());
    migrations.iter().any(|migration| migration.number == number)
        || can_run.is_some_and(|squash| has_number(squash.migrations, squash.inner, number))
}
