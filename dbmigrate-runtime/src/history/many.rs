//! Records many migrations at once: those that fill a fresh database, or that its snapshot stands for.

use super::{History, times};
use crate::db::Db;
use crate::error::Error;
use crate::history_row::Took;
use crate::options::Options;
use crate::set::Migration;

impl History<'_> {
    /// Records migrations, in the transaction in which they were applied. How long one took is not known of those that
    /// a snapshot stood for.
    pub(crate) fn insert_all(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        applied: &[(&Migration<'_>, Option<Took<'_>>)],
    ) -> Result<(), Error> {
        let mut fault = None;
        let mut rows = applied.iter().map_while(|(migration, took)| {
            let row = self.row(migration, "applied", times(options, *took), options.tool, None);
            row.map_err(|error| fault = Some(error)).ok()
        });
        self.insert_rows(db, &mut rows)?;
        fault.map_or(Ok(()), Err)
    }
}
