//! A script without a transaction, which shares one with nothing: it is entered into the history, and then goes its way.

use super::Runner;
use super::failure::note_applied;
use crate::db::{Db, failed};
use crate::error::Error;
use crate::hidden;
use crate::job::{Job, ScriptBuffer};
use crate::no_transaction::{enter, run};
use crate::report::Report;

/// Runs one. The lock is held when it begins.
pub(crate) type AloneFn = fn(&mut Runner<'_, '_>, &mut Db<'_>, &Job<'_>, &mut Report) -> Result<(), Error>;

#[inline]
pub(crate) fn alone(
    runner: &mut Runner<'_, '_>,
    db: &mut Db<'_>,
    job: &Job<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    if let Err(error) = entered(runner, db, job) {
        db.rollback()?;
        return Err(note_applied(runner.rolled_back(error, job.kind(), Some(job), 0), report));
    }
    db.commit().map_err(|error| failed("could not commit", error))?;
    let done = run(db, &runner.context, job)?;
    runner.committed(db, report, job, done);
    runner.head = "";
    Ok(())
}

/// Records that it is about to run.
#[inline]
fn entered(runner: &mut Runner<'_, '_>, db: &mut Db<'_>, job: &Job<'_>) -> Result<(), Error> {
    runner.may_set(db, job.script(&mut ScriptBuffer::default()))?;
    runner.refuse_unmet(db, job)?;
    hidden::refuse(db)?;
    enter(db, &runner.context, job)?;
    runner.clear_records(db, job.kind())
}
