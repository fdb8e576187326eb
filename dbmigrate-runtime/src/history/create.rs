//! The tables of a history and their triggers, as they are made.

use super::History;
use crate::db::Db;
use crate::error::Error;
use crate::quote::{in_main, quoted};
use crate::repeatable::RepeatablesPart;

impl History<'_> {
    /// Creates what is missing of it. The caller holds the lock.
    pub(crate) fn create(&self, db: &mut Db<'_>) -> Result<(), Error> {
        self.create_tables(db)?;
        self.create_rest(db)
    }

    /// Creates what is missing of the tables for rows and heads.
    pub(crate) fn create_tables(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let Self { rows_sql, head_sql, .. } = self;
        db.execute(format_args!(
            "CREATE TABLE IF NOT EXISTS {rows_sql} (\n  id INTEGER PRIMARY KEY AUTOINCREMENT,\n  \
             name TEXT NOT NULL,\n  applied_at TEXT NOT NULL DEFAULT (datetime('now')),\n  \
             set_name TEXT NOT NULL DEFAULT '',\n  number INTEGER NOT NULL,\n  checksum TEXT NOT NULL,\n  \
             state TEXT NOT NULL,\n  statements_done INTEGER NOT NULL,\n  duration_us INTEGER,\n  up_sql TEXT,\n  \
             down_sql TEXT,\n  tool TEXT,\n  text_checksum TEXT,\n  prefix_checksum TEXT,\n  \
             steps_us TEXT,\n  violations TEXT,\n  UNIQUE (set_name, name),\n  UNIQUE (set_name, number)\n)"
        ))?;
        db.execute(format_args!(
            "CREATE TABLE IF NOT EXISTS {head_sql} (\n  set_name TEXT PRIMARY KEY,\n  format INTEGER NOT NULL,\n  \
             chain TEXT NOT NULL,\n  may_run_late TEXT NOT NULL DEFAULT ''\n) WITHOUT ROWID"
        ))?;
        // A head that outlived its history knows nothing of the new one.
        db.execute(format_args!("UPDATE {head_sql} SET chain = ''"))
    }

    /// Creates what is missing of all else. As long as the triggers are not there, rows cost half.
    pub(crate) fn create_rest(&self, db: &mut Db<'_>) -> Result<(), Error> {
        self.empty_head_after_changes(db, self.set.table, ["_head_insert", "_head_update", "_head_delete"])?;
        if self.set.repeatables.is_empty() {
            return Ok(());
        }
        (RepeatablesPart::of(self.set)?.create)(db, &self.records)?;
        self.empty_head_after_changes(db, &self.records.table(), ["_insert", "_update", "_delete"])
    }

    /// The triggers that empty the head when the rows of a table are changed. Their names are its name, and these ends.
    fn empty_head_after_changes(&self, db: &mut Db<'_>, table: &str, ends: [&'static str; 3]) -> Result<(), Error> {
        let head = quoted(self.set.table, "_head");
        // `IN` makes a table of what it has, for each row: that takes longer than all else that a new row does.
        let events =
            [("INSERT", "= NEW.set_name"), ("UPDATE", "IN (NEW.set_name, OLD.set_name)"), ("DELETE", "= OLD.set_name")];
        for ((event, sets), end) in events.into_iter().zip(ends) {
            db.execute(format_args!(
                "CREATE TRIGGER IF NOT EXISTS {} AFTER {event} ON {} BEGIN\n  \
                 UPDATE {head} SET chain = '' WHERE set_name {sets};\nEND",
                in_main(table, end),
                quoted(table, "")
            ))?;
        }
        Ok(())
    }
}
