//! New migrations below what others hold already, under `out-of-order = "apply"`: what `up` would refuse on a database
//! that has those is said before anybody runs it.

use dbmigrate_core::config::OutOfOrder;
use dbmigrate_core::sequence::quoted;
use dbmigrate_core::{Diagnostic, MigrationSet, SourceMigration};
use dbmigrate_runtime::Migrator;

use crate::ops::driver::Rusqlite;
use crate::ops::since::Since;
use crate::ops::{runtime_set, schema_reader};

/// What is wrong with the order in which a database that has what the revision holds will run a sound set.
pub(crate) fn check(set: &MigrationSet, since: &Since) -> Option<Diagnostic> {
    let (newest, base) = (since.held.last()?, since.base.as_deref()?);
    let late: Vec<&SourceMigration> =
        set.migrations.iter().filter(|it| it.number < *newest && !since.held.contains(&it.number)).collect();
    let first = *late.first()?;
    if set.config.out_of_order == OutOfOrder::Error {
        return None;
    }
    let held: Vec<u64> = since.held.iter().copied().collect();
    let reader = schema_reader::reader(set, &[]);
    let found = runtime_set::with_set(set, |set| {
        let migrator = Migrator::<Rusqlite>::new(set).schema_reader(reader);
        migrator.order_conflict(&held)
    });
    match found {
        Ok(None) => None,
        Ok(Some(conflict)) => {
            let late = late.into_iter().find(|it| it.name() == conflict.late).unwrap_or(first);
            let message =
                format!("`{}` comes after `{}` of `{base}`, and their order matters", conflict.late, conflict.other);
            let error = Diagnostic::error("order-conflict", message).in_file(&late.file);
            let error = conflict.differences.iter().fold(error, |error, it| error.note(format!("in this order, {it}")));
            let error = error.note("`up` rejects it on a database that already has those");
            Some(error.help(above(base)))
        }
        Err(error) => {
            let message = format!(
                "`{}` is below those that `{base}` already has, and it is unknown whether the order matters",
                first.name()
            );
            let warning = Diagnostic::warning("unproven-order", message).in_file(&first.file);
            let warning = error.notes().iter().fold(warning, Diagnostic::note);
            Some(warning.note("`up` rejects it on a database that already has those").help(above(base)))
        }
    }
}

fn above(base: &str) -> String {
    format!("give yours higher numbers: `cargo dbmigrate renumber --onto {}`", quoted(base))
}
