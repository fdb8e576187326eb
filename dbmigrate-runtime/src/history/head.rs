//! The head of a history, and the one read of a start with nothing pending.

use super::{ENDS, FORMAT, newer_format};
use crate::db::{Db, failed};
use crate::error::Error;
use crate::quote::in_main;
use crate::session::{DbError, Session};
use crate::set::Set;
use crate::value::{Row, Value};

/// What the head says.
pub(crate) struct Head {
    pub(crate) chain: String,
    /// Whether the tables that it speaks of have any row.
    has_rows: bool,
}

impl Head {
    /// The one read of a start with nothing pending. `None` where one has to look closer.
    pub(crate) fn at_start(db: &mut Db<'_>, set: &Set<'_>, is_whole: bool) -> Result<Option<Self>, Error> {
        // Of all that the set has, where it should speak of that.
        let speaks_of_records = is_whole && !set.repeatables.is_empty();
        let sql = Self::sql(set, [!speaks_of_records || !set.migrations.is_empty(), speaks_of_records]);
        Self::read(db, set, |session| session.query_first(&sql))
    }

    /// Asks for all heads, of which there is hardly ever more than one: to look one up costs more. The history, the
    /// records, or both have to have a row.
    pub(super) fn sql(set: &Set<'_>, of: [bool; 2]) -> String {
        let [rows, head, records] = ENDS.map(|end| in_main(set.table, end));
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
        db: &mut Db<'_>,
        set: &Set<'_>,
        query: impl FnMut(&mut dyn Session) -> Result<Vec<Row>, DbError>,
    ) -> Result<Option<Self>, Error> {
        let rows = match db.patiently(query) {
            Ok(rows) => rows,
            Err(error) if error.busy => return Err(failed("could not read the history", error)),
            // Most likely there is no such table yet. What else it can be shows in the next read.
            Err(_) => return Ok(None),
        };
        for row in &rows {
            match row.as_slice() {
                [Value::Text(name), Value::Integer(format), Value::Text(chain), has_rows] if name == set.name => {
                    if *format > FORMAT {
                        return Err(newer_format(set.table, *format));
                    }
                    return Ok(Some(Self { chain: chain.clone(), has_rows: *has_rows == Value::Integer(1) }));
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
