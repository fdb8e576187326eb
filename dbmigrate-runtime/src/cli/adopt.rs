//! `adopt`: says what it will record, asks, then takes the history of another tool over. Who has files to take over
//! first is for others to see to.

use std::path::Path;

use super::ask::agreed;
use super::failure::{DONE, Failure, NO};
use super::human::count;
use super::open::name;
use super::output::Output;
use super::output::adoption::by;
use super::run::change;
use crate::{Backend, Migrator};

pub(super) fn adopt<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    database: &Path,
    yes: bool,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let status = migrator.status(connection)?;
    let nothing = "nothing to take over: the database already has a history of dbmigrate";
    let Some(old) = &status.old else {
        output.progress("Finished", nothing);
        return Ok(DONE);
    };
    let (what, by) = (count(status.applied()), by(&old.from));
    let plan = format!("{}: record {what} that {by}; a copy is kept first", name(database));
    if !agreed(output, yes, &plan)? {
        return Ok(NO);
    }
    change(output, nothing, || migrator.adopt(connection))
}
