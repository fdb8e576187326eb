//! The head of a history, and the one read of a start with nothing pending.

use super::{FORMAT, newer_format};
use crate::db::{Db, failed};
use crate::error::Error;
use crate::latest::Latest;
use crate::quote::in_main;
use crate::value::Value;

/// What the head says. It borrows the answer of the database.
pub(crate) struct Head<'d> {
    pub(crate) chain: &'d str,
    /// Whether the tables that it speaks of have any row.
    has_rows: bool,
}

impl<'d> Head<'d> {
    /// The one read of a start with nothing pending. `None` where one has to look closer.
    pub(crate) fn at_start(db: &'d mut Db<'_>, latest: Latest<'_>, is_whole: bool) -> Result<Option<Self>, Error> {
        // Of all that the set has, where it should speak of that.
        let speaks_of_records = is_whole && latest.has_repeatables;
        let sql = Self::sql(latest.table, [!speaks_of_records || latest.has_migrations, speaks_of_records]);
        Self::read(db, latest, &sql, true)
    }

    /// Asks for all heads, of which there is hardly ever more than one: to look one up costs more. The history, the
    /// records, or both have to have a row.
    #[inline(never)]
    pub(super) fn sql(table: &str, of: [bool; 2]) -> String {
        let (rows, head, records) = (in_main(table, ""), in_main(table, "_head"), in_main(table, "_repeatable"));
        match of {
            [true, true] => format!(
                "SELECT set_name, format, chain, EXISTS (SELECT 1 FROM {rows}) AND EXISTS (SELECT 1 FROM {records}) \
                 FROM {head}"
            ),
            [_, of_records] => {
                let one = if of_records { records } else { rows };
                format!("SELECT set_name, format, chain, EXISTS (SELECT 1 FROM {one}) FROM {head}")
            }
        }
    }

    pub(super) fn read(
        db: &'d mut Db<'_>,
        latest: Latest<'_>,
        sql: &str,
        is_first: bool,
    ) -> Result<Option<Self>, Error> {
        let asked = if is_first { db.try_first(sql) } else { db.try_ask(&sql, &[]) };
        if let Err(error) = asked.map(|_| ()) {
            // Most likely there is no such table yet. What else it can be shows in the next read.
            let is_told = error.busy || db.is_lost();
            return if is_told { Err(failed("could not read the history", error)) } else { Ok(None) };
        }
        for row in db.answer().iter() {
            match row {
                [Value::Text(name), Value::Integer(format), Value::Text(chain), has_rows] if name == latest.name => {
                    if *format > FORMAT {
                        return Err(newer_format(latest.table, *format));
                    }
                    return Ok(Some(Self { chain, has_rows: *has_rows == Value::Integer(1) }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Whether it is this chain, and the history behind it is there.
    pub(crate) fn is(&self, chain: &str) -> bool {
        self.has_rows && !chain.is_empty() && self.chain == chain
    }
}
