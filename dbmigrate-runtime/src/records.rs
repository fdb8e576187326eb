//! The table that says which repeatables were run, and every statement that touches it. It is there only where a set
//! has any, or had. A row without a checksum only says what the file made when it was run.

use std::time::Duration;

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::histories::Columns;
use crate::options::Options;
use crate::quote::{Quoted, in_main};
use crate::set::{Repeatable, Set};
use crate::value::{Param, into_text, micros, text};
use crate::{repeatable, stored};

/// The columns of the table.
const COLUMNS: Columns = Columns { names: " set_name name checksum applied_at duration_us triggers ", count: 6 };

/// The repeatables that were run, by name.
#[derive(Default)]
pub(crate) struct Recorded(Vec<(String, Record)>);

impl Recorded {
    pub(crate) const NONE: &'static Self = &Self(Vec::new());

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Record> {
        Some(&self.0[self.place(name).ok()?].1)
    }

    /// Those that a set does not have.
    #[inline]
    pub(crate) fn others(&self, set: &Set<'_>) -> Vec<&(String, Record)> {
        let mut others: Vec<Option<&(String, Record)>> = self.0.iter().map(Some).collect();
        for own in set.repeatables {
            if let Ok(at) = self.place(own.name) {
                others[at] = None;
            }
        }
        others.into_iter().flatten().collect()
    }

    /// The rows come by name, but not in this order where the database is in UTF-16.
    #[inline]
    fn add(&mut self, name: String, record: Record) {
        if let Err(at) = self.place(&name) {
            self.0.insert(at, (name, record));
        }
    }

    #[inline]
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }
}

/// A repeatable as it was run.
pub(crate) struct Record {
    pub(crate) checksum: String,
    pub(crate) applied_at: String,
}

/// The table of a set.
#[derive(Clone, Copy)]
pub(crate) struct Records<'s> {
    set: &'s Set<'s>,
}

impl<'s> Records<'s> {
    pub(crate) fn new(set: &'s Set<'s>) -> Self {
        Self { set }
    }

    /// Its name, unquoted.
    pub(crate) fn table(&self) -> String {
        format!("{}_repeatable", self.set.table)
    }

    /// Its name as statements have it.
    pub(crate) fn sql(&self) -> Quoted<'s> {
        in_main(self.set.table, "_repeatable")
    }

    /// Whether the table is there. Somebody else's of that name is left alone.
    pub(crate) fn exist(&self, db: &mut Db<'_>) -> Result<bool, Error> {
        COLUMNS.are_in(db, &self.table())
    }

    /// The records of the set; `None` where there is no table.
    #[inline]
    pub(crate) fn read(&self, db: &mut Db<'_>) -> Result<Option<Recorded>, Error> {
        if !self.exist(db)? {
            return Ok(None);
        }
        let sql = format!(
            "SELECT name, checksum, applied_at FROM {} WHERE set_name = ?1 AND checksum <> '' ORDER BY name",
            self.sql()
        );
        let rows = db.query("could not read which repeatables were run", &sql, &[text(self.set.name)])?;
        // Whatever else somebody wrote there is no checksum that a repeatable has, so that it runs again.
        let mut recorded = Recorded::default();
        for row in rows {
            let mut values = row.into_iter().map(|value| into_text(value).unwrap_or_default());
            let mut next = || values.next().unwrap_or_default();
            recorded.add(next(), Record { checksum: next(), applied_at: next() });
        }
        Ok(Some(recorded))
    }

    /// Creates the table if it is missing. The caller holds the lock.
    #[inline]
    pub(crate) fn create(&self, db: &mut Db<'_>) -> Result<(), Error> {
        db.execute(format_args!(
            "CREATE TABLE IF NOT EXISTS {} (\n  set_name TEXT NOT NULL DEFAULT '',\n  name TEXT NOT NULL,\n  \
             checksum TEXT NOT NULL,\n  applied_at TEXT NOT NULL DEFAULT (datetime('now')),\n  duration_us INTEGER,\n  \
             triggers TEXT NOT NULL DEFAULT '',\n  PRIMARY KEY (set_name, name)\n) WITHOUT ROWID",
            self.sql()
        ))?;
        if self.exist(db)? {
            return Ok(());
        }
        let message =
            format!("the table `{}` is not from dbmigrate, which needs that name for repeatables", self.table());
        Err(Error::new(ErrorKind::History, message)
            .hint("use another name for the history: `table = \"…\"` in `[package.metadata.migrations]`"))
    }

    /// Records a repeatable, in the transaction in which it was run.
    #[inline]
    pub(crate) fn write(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        repeatable: &Repeatable<'_>,
        took: Duration,
    ) -> Result<(), Error> {
        let sql = format!(
            "INSERT OR REPLACE INTO {} (set_name, name, checksum, applied_at, duration_us, triggers) \
             VALUES (?1, ?2, ?3, datetime('now'), ?4, ?5)",
            self.sql()
        );
        let triggers: Vec<String> = repeatable::triggers_of(repeatable).map(stored::escape).collect();
        let triggers = triggers.join("\n");
        let took = if options.untimed { Param::Null } else { micros(took) };
        let params = [text(self.set.name), text(repeatable.name), text(repeatable.checksum), took, text(&triggers)];
        db.query(&format!("could not record `{}`", repeatable.script.file), &sql, &params).map(drop)
    }

    /// The triggers that a repeatable made when it was run.
    #[inline]
    pub(crate) fn triggers(&self, db: &mut Db<'_>, repeatable: &Repeatable<'_>) -> Result<Vec<String>, Error> {
        let sql = format!("SELECT triggers FROM {} WHERE set_name = ?1 AND name = ?2", self.sql());
        let params = [text(self.set.name), text(repeatable.name)];
        let rows = db.query("could not read which repeatables were run", &sql, &params)?;
        let names = rows.into_iter().flatten().filter_map(into_text).next().unwrap_or_default();
        Ok(names.split('\n').filter_map(stored::unescape).collect())
    }

    /// Lets every repeatable of the set run again. There is a table.
    #[inline]
    pub(crate) fn clear(&self, db: &mut Db<'_>) -> Result<(), Error> {
        db.change(
            "could not let the repeatables run again",
            format_args!("UPDATE {} SET checksum = '' WHERE set_name = ?1 AND checksum <> ''", self.sql()),
            &[text(self.set.name)],
        )
    }

    /// Lets those run again that only other programs have: what they made may be made otherwise now.
    #[inline]
    pub(crate) fn clear_others(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let sql = format!("UPDATE {} SET checksum = '' WHERE set_name = ?1 AND name = ?2", self.sql());
        for (name, _) in self.read(db)?.unwrap_or_default().others(self.set) {
            db.query("could not let the repeatables run again", &sql, &[text(self.set.name), text(name)])?;
        }
        Ok(())
    }
}
