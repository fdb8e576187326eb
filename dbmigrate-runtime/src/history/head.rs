//! Reads the head of a history.

use super::{FORMAT, has_rows, newer_format};
use crate::db::{Db, failed};
use crate::error::Error;
use crate::latest::Latest;
use crate::quote::in_main;
use crate::records;
use crate::value::{Value, text};

/// What the head says.
pub(crate) struct Head {
    pub(crate) chain: String,
    /// Whether the tables that it speaks of have any row.
    has_rows: bool,
}

impl Head {
    /// Whether it is this chain, and the history behind it is there.
    pub(crate) fn is(&self, chain: &str) -> bool {
        self.has_rows && !chain.is_empty() && self.chain == chain
    }
}

/// The one read of a start with nothing pending: a head that should speak of all that the set has.
pub(crate) fn whole_head(db: &mut Db<'_>, latest: Latest<'_>) -> Result<Option<Head>, Error> {
    let Latest { name, table, has_migrations, has_repeatables, .. } = latest;
    let (rows, records) = (in_main(table, ""), records::sql_of(table));
    let asked = match (has_migrations, has_repeatables) {
        (_, false) => has_rows(&rows),
        (false, true) => has_rows(&records),
        (true, true) => format!("{} AND {}", has_rows(&rows), has_rows(&records)),
    };
    read(db, name, table, &asked)
}

/// `None` where one has to look closer.
pub(super) fn read(db: &mut Db<'_>, set: &str, table: &str, has_rows: &str) -> Result<Option<Head>, Error> {
    let head = in_main(table, "_head");
    let sql = format_args!("SELECT format, chain, {has_rows} FROM {head} WHERE set_name = ?1");
    let rows = match db.try_query(&sql, &[text(set)]) {
        Ok(rows) => rows,
        Err(error) if error.busy => return Err(failed("could not read the history", error)),
        // Most likely there is no such table yet. What else it can be shows in the next read.
        Err(_) => return Ok(None),
    };
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(format), Value::Text(chain), has_rows]) => {
            if *format > FORMAT {
                return Err(newer_format(table, *format));
            }
            Ok(Some(Head { chain: chain.clone(), has_rows: *has_rows == Value::Integer(1) }))
        }
        _ => Ok(None),
    }
}
