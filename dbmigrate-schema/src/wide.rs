//! The rows of a table with all their values: a rowid beside as many columns as a table may have is more than SQLite answers
//! with, or writes, at once.

use rusqlite::Connection;
use rusqlite::limits::Limit;

use crate::cell::Cell;

/// How many columns a table, an answer and an `INSERT` may have: what SQLite is built with.
pub(crate) fn most(connection: &Connection) -> usize {
    connection.limit(Limit::SQLITE_LIMIT_COLUMN).ok().and_then(|most| usize::try_from(most).ok()).unwrap_or(2_000)
}

/// What is asked for: names in SQL, and what stands behind `FROM`.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) names: Vec<String>,
    pub(crate) from: String,
    /// The name by which rows are told apart; without it they come in any order.
    pub(crate) rowid: Option<String>,
}

impl Question {
    /// The rows, each with a value for each name; one NULL where there is none.
    pub(crate) fn ask(&self, connection: &Connection) -> rusqlite::Result<Vec<Vec<Cell>>> {
        let Self { names, from, rowid } = self;
        let most = most(connection);
        let order = rowid.as_ref().map(|rowid| format!(" ORDER BY {rowid}")).unwrap_or_default();
        if names.is_empty() {
            return rows(connection, &format!("SELECT NULL FROM {from}{order}"));
        }
        let mut all: Vec<Vec<Cell>> = Vec::new();
        // More than the columns of a table are asked for only with its rowid, so the parts come in one order.
        for part in names.chunks(most) {
            let found = rows(connection, &format!("SELECT {} FROM {from}{order}", part.join(", ")))?;
            if all.is_empty() {
                all = found
            } else {
                all.iter_mut().zip(found).for_each(|(row, more)| row.extend(more))
            }
        }
        Ok(all)
    }
}

fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| Ok(Cell::from(row.get_ref(at)?))).collect())?;
    rows.collect()
}
