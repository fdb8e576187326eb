//! Removes a migration from the history, so that it runs again. The schema is left alone.

use super::built_upon::{Undo, refuse_needed};
use super::down::{history_of, not_applied};
use super::in_force::settled;
use crate::compare::KnownHistory;
use crate::db::Db;
use crate::driver::{Backend, Driver};
use crate::error::Error;
use crate::history::History;
use crate::history_row::HistoryRow;
use crate::migrator::Migrator;
use crate::options::Options;
use crate::session::Session;
use crate::set::Set;

/// At most this many candidates are named.
const SHOWN: usize = 8;

/// Removes the row of a migration and returns it.
pub(crate) fn forget(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    number: u64,
) -> Result<HistoryRow, Error> {
    settled(session, set, options, beside, |session, set, beside| remove(session, set, options, beside, number))
}

fn remove(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    number: u64,
) -> Result<HistoryRow, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    if history_of(&mut db, set)?.is_none() {
        return Err(not_applied(set, number));
    }
    db.transaction(|db| {
        let history = History::new(set);
        let Some(known) = history_of(db, set)? else { return Err(not_applied(set, number)) };
        let row = known.newest_first().find(|(_, row)| row.number == number).map(|(_, row)| row.clone().with_steps());
        let Some(row) = row else {
            return Err(candidates(not_applied(set, number), &known));
        };
        // The set itself runs it again before anything else; another one would not wait for that.
        refuse_needed(db, set, beside, &|name| name == row.name, Undo::Record)?;
        if known.head.is_none() {
            history.create(db)?;
        }
        history.delete(db, number)?;
        let late = history.may_run_late(db)?;
        let late = late.split_ascii_whitespace().filter_map(|late| late.parse().ok()).filter(|late| !known.has(*late));
        let late: Vec<u64> = late.chain([number]).collect();
        history.let_run_late(db, &late)?;
        Ok(row)
    })
}

/// Names what could have been meant.
fn candidates(error: Error, known: &KnownHistory<'_>) -> Error {
    let names: Vec<&str> = known.newest_first().take(SHOWN).map(|(_, row)| row.name.as_str()).collect();
    if names.is_empty() { error } else { error.hint(format_args!("the history has `{}`", names.join("`, `"))) }
}

impl<B: Backend> Migrator<'_, B> {
    /// Removes a migration from the history, so that the next [`Migrator::up`] runs it again, and returns its row. It
    /// may be a migration that was interrupted, or that the program does not have. The schema is not changed.
    ///
    /// # Errors
    ///
    /// If the history does not have the migration; if an applied migration of another set requires it, and the migrator
    /// knows that set; or an error of the database.
    pub fn forget(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<HistoryRow, Error> {
        forget(&mut self.session(connection), self.set()?, &self.options, &self.others()?, number.into())
    }

    /// As [`Migrator::forget`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn forget_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<HistoryRow, Error> {
        forget(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, number.into())
    }
}
