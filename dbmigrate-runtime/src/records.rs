//! The table that says which repeatables were run, and every statement that touches it. It is there only where a set
//! has any, or had.

use std::time::Duration;

use crate::db::Db;
use crate::error::Error;
use crate::history::{into_text, micros, text};
use crate::quote::identifier;
use crate::set::{Repeatable, Set};
use crate::value::Value;

/// The columns of the table.
const COLUMNS: [&str; 5] = ["set_name", "name", "checksum", "applied_at", "duration_us"];

/// One row: a repeatable as it was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) checksum: String,
    pub(crate) applied_at: String,
}

/// The name of a set's table, for statements.
pub(crate) struct Records<'s> {
    set_name: &'s str,
    /// Unquoted.
    table: String,
    /// As statements have it.
    sql: String,
}

impl<'s> Records<'s> {
    pub(crate) fn new(set: &Set<'s>) -> Self {
        let table = format!("{}_repeatable", set.table);
        let sql = format!("main.{}", identifier(&table));
        Self { set_name: set.name, table, sql }
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Whether the table is there. Somebody else's of that name is left alone.
    pub(crate) fn exist(&self, db: &mut Db<'_>) -> Result<bool, Error> {
        let sql = "SELECT lower(name) FROM pragma_table_info(?1, 'main')";
        let rows = db.query("could not read the database", sql, &[text(&self.table)])?;
        Ok(COLUMNS.iter().all(|column| rows.iter().any(|row| row.first() == Some(&text(column)))))
    }

    /// The records of the set, by name; `None` where there is no table.
    pub(crate) fn read(&self, db: &mut Db<'_>) -> Result<Option<Vec<Record>>, Error> {
        if !self.exist(db)? {
            return Ok(None);
        }
        let sql = format!("SELECT name, checksum, applied_at FROM {} WHERE set_name = ?1 ORDER BY name", self.sql);
        let rows = db.query("could not read which repeatables were run", &sql, &[text(self.set_name)])?;
        // Whatever else somebody wrote there is no checksum that a repeatable has, so that it runs again.
        let record = |row: Vec<Value>| {
            let mut values = row.into_iter().map(|value| into_text(value).unwrap_or_default());
            let mut next = || values.next().unwrap_or_default();
            Record { name: next(), checksum: next(), applied_at: next() }
        };
        Ok(Some(rows.into_iter().map(record).collect()))
    }

    /// Creates the table if it is missing. The caller holds the lock.
    pub(crate) fn create(&self, db: &mut Db<'_>) -> Result<(), Error> {
        db.execute(&format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  set_name TEXT NOT NULL DEFAULT '',\n  name TEXT NOT NULL,\n  \
             checksum TEXT NOT NULL,\n  applied_at TEXT NOT NULL DEFAULT (datetime('now')),\n  duration_us INTEGER,\n  \
             PRIMARY KEY (set_name, name)\n) WITHOUT ROWID",
            self.sql
        ))
    }

    /// Records a repeatable, in the transaction in which it was run.
    pub(crate) fn write(&self, db: &mut Db<'_>, repeatable: &Repeatable<'_>, took: Duration) -> Result<(), Error> {
        let sql = format!(
            "INSERT OR REPLACE INTO {} (set_name, name, checksum, applied_at, duration_us) \
             VALUES (?1, ?2, ?3, datetime('now'), ?4)",
            self.sql
        );
        let params = [text(self.set_name), text(repeatable.name), text(repeatable.checksum), micros(took)];
        db.query(&format!("could not record `{}`", repeatable.script.file), &sql, &params).map(drop)
    }

    /// Takes all records of the set out, so that every repeatable runs again. There is a table.
    pub(crate) fn clear(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let sql = format!("DELETE FROM {} WHERE set_name = ?1", self.sql);
        db.query("could not let the repeatables run again", &sql, &[text(self.set_name)]).map(drop)
    }
}
