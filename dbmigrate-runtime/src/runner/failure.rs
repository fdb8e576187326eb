//! What is said of a transaction that came to nothing: whose fault it is, what was rolled back, and what to do next.

use std::fmt;

use super::{Batch, Group, Runner};
use crate::db::{Db, failed};
use crate::dependent;
use crate::error::{Error, ErrorKind};
use crate::job::{Job, Kind};
use crate::messages;
use crate::report::Report;
use crate::session::DbError;

impl Runner<'_, '_> {
    /// The error for a commit that the database refused: most likely rows that refer to nothing.
    pub(super) fn not_committed(
        &self,
        db: &mut Db<'_>,
        error: DbError,
        batch: &Batch<'_>,
        job: Option<&Job<'_>>,
    ) -> Error {
        let is_foreign_key = messages::is_foreign_key(&error.message);
        let mut result = failed("could not commit", error);
        if is_foreign_key {
            result = result.also(ErrorKind::ForeignKey);
            let shown = match (&batch.before, self.context.set.parts.foreign_keys) {
                (Some(before), _) => before.refuse_growth(db, false),
                (None, Some(part)) => (part.refuse_any)(db),
                (None, None) => Ok(()),
            };
            if let Err(shown) = shown {
                if shown.is_foreign_key() {
                    result = shown.note(result.message());
                }
            }
        }
        let error = blame(result, batch.kind, job);
        self.rolled_back(error, batch.kind, job, batch.done.len().saturating_sub(1))
    }

    /// Says what was rolled back, and what to do next.
    pub(super) fn rolled_back(&self, error: Error, kind: Kind, job: Option<&Job<'_>>, others: usize) -> Error {
        let command = job.map_or("up", Job::command);
        let error = dependent::explain(self.context.set, error);
        let error = match (error.help(), job) {
            ([], Some(job)) if job.records().is_some() && messages::is_existing(&error.message()) => error
                .hint(format_args!(
                    "if it exists on purpose, record the migration without running it: `cargo dbmigrate mark {}`",
                    job.name()
                ))
                .retry("or correct the file, then run `cargo dbmigrate up` again"),
            ([], Some(_)) if kind == Kind::After => {
                error.hint("correct the file: it runs again after what the next `cargo dbmigrate up` applies")
            }
            ([], _) => error.retry(format_args!("correct the file, then run `cargo dbmigrate {command}` again")),
            _ => error,
        };
        if error.is_transaction_ended() {
            return error;
        }
        match (kind, self.group) {
            // What it did before it was stopped stays.
            _ if job.is_some_and(|job| !job.is_in_transaction()) => {
                error.note(format_args!("no step of {} was run", Named(kind, job)))
            }
            (Kind::Migration, Group::All) if others > 0 => error
                .note(format_args!("all {} migrations of this run were rolled back: nothing has changed", others + 1)),
            (Kind::Before, _) => error.note("it was rolled back, and nothing was applied"),
            (Kind::Repeatable, _) => error.note("the repeatables were rolled back: their objects are as before"),
            _ if job.is_none() => error.note("they were rolled back completely"),
            _ => error.note(format_args!("{} was rolled back completely", Named(kind, job))),
        }
    }
}

/// What a transaction ran, or was about to.
pub(crate) struct Named<'j>(pub(crate) Kind, pub(crate) Option<&'j Job<'j>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(_, Some(job)) => write!(f, "`{}`", job.name()),
            Self(Kind::Repeatable, None) => f.write_str("the repeatables"),
            Self(_, None) => f.write_str("the migrations"),
        }
    }
}

/// Puts that before a message that does not have it.
#[cold]
#[inline(never)]
pub(super) fn blame(error: Error, kind: Kind, job: Option<&Job<'_>>) -> Error {
    error.of(&Named(kind, job))
}

/// Says what stays of a run that failed.
pub(super) fn note_applied(error: Error, report: &Report) -> Error {
    match report.applied.len() + report.rolled_back.len() + report.repeated.len() {
        0 => error,
        1 => error.note("the one before it stays as it is"),
        many => error.note(format_args!("the {many} before it stay as they are")),
    }
}
