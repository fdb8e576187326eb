//! Records many migrations at once: those that fill a fresh database, or that its snapshot stands for. And counts what was
//! recorded.

use super::{History, PARAMS, READ, integer, times};
use crate::db::Db;
use crate::error::Error;
use crate::history_row::Timing;
use crate::options::Options;
use crate::report::Done;
use crate::row_state::RowState;
use crate::rows::Rows;
use crate::set::Migration;
use crate::value::{Value, text};

/// How many rows are made before they are written: all of them would be a megabyte for a thousand.
const TOGETHER: usize = 100;

impl History<'_> {
    /// Records migrations, in the transaction in which they were applied. How long one took stands in `done`, at its place;
    /// it is not known of those that a snapshot stood for.
    pub(crate) fn insert_all(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        applied: &[(&Migration<'_>, usize)],
        done: &[Done],
    ) -> Result<(), Error> {
        for some in applied.chunks(TOGETHER) {
            let mut rows = Rows::new(PARAMS);
            for (migration, at) in some {
                let timing = done.get(*at).map(|Done { duration, steps, .. }| Timing { duration: *duration, steps });
                self.row(&mut rows, migration, RowState::Applied, times(options, timing), options.tool, None)?;
            }
            self.insert_rows(db, &rows)?;
        }
        Ok(())
    }

    /// Whether the set has exactly as many rows from this number on. It is asked at every commit, so that those before have to
    /// be no work.
    pub(crate) fn has_exactly(&self, db: &mut Db<'_>, from: u64, count: usize) -> Result<bool, Error> {
        let found = db.find(
            READ,
            format_args!("SELECT count(*) FROM {} WHERE set_name = ?1 AND number >= ?2", self.rows_sql),
            &[text(self.set.name), integer(from)?],
        )?;
        Ok(matches!(found, Some(Value::Integer(found)) if u64::try_from(found) == Ok(count as u64)))
    }
}
