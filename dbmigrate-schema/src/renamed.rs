//! A schema after renames alone, to which other differences can be compared.

use rusqlite::Connection;

use crate::model::Schema;
use crate::plan::Rename;
use crate::read::ReadOptions;

impl Schema {
    /// The schema that SQLite makes by these renames, one after the other, tables first. `None` if SQLite rejects them,
    /// for example because two names are swapped or a module does not exist.
    #[must_use]
    pub fn renamed(&self, renames: &[Rename]) -> Option<Self> {
        if renames.is_empty() {
            return Some(self.clone());
        }
        let connection = Connection::open_in_memory().ok()?;
        connection.execute_batch(&self.to_sql()).ok()?;
        let tables = renames.iter().filter_map(|rename| match rename {
            Rename::Table { from, to } => Some(format!("ALTER TABLE {} RENAME TO {}", from.to_sql(), to.to_sql())),
            Rename::Column { .. } => None,
        });
        let columns = renames.iter().filter_map(|rename| match rename {
            Rename::Column { table, from, to } => {
                Some(format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table.to_sql(), from.to_sql(), to.to_sql()))
            }
            Rename::Table { .. } => None,
        });
        tables.chain(columns).try_for_each(|sql| connection.execute_batch(&sql)).ok()?;
        Self::read(&connection, &ReadOptions::default()).ok()
    }
}
