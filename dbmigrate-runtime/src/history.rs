//! The history table and its head, and every statement that touches them.
//!
//! The head holds the chained checksum of the whole history where that is exactly the program's first migrations, and
//! is empty where one has to walk the rows. Triggers empty it when anybody else changes the history. Beside it stands
//! which migrations were taken out of the history, and so may run although later ones are applied. Once everything is
//! applied the chain goes on over the repeatables, whose records are in a table of their own.

use std::collections::HashMap;

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::histories::{self, Neighbours};
use crate::history_row::{HistoryRow, Took};
use crate::latest::Latest;
use crate::options::Options;
use crate::quote::{identifier, literal};
use crate::records::{self, Records};
use crate::repeatable::MadeAnew;
use crate::session::Session;
use crate::set::{Migration, Set};
use crate::stored::Texts;
use crate::value::{Value, into_text, optional, text};

mod many;

/// The version of the history's tables.
pub(crate) const FORMAT: i64 = 1;

/// The columns that its head must have.
pub(crate) const HEAD_COLUMNS: [&str; 3] = ["set_name", "format", "chain"];

/// The columns that a history table must have.
pub(crate) const COLUMNS: [&str; 16] = [
    "id",
    "name",
    "applied_at",
    "set_name",
    "number",
    "checksum",
    "state",
    "statements_done",
    "duration_us",
    "up_sql",
    "down_sql",
    "tool",
    "text_checksum",
    "prefix_checksum",
    "steps_us",
    "violations",
];

/// How far a migration has come, and from which text.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) state: String,
    pub(crate) done: u64,
    pub(crate) checksum: String,
}

/// What the head says.
pub(crate) struct Head {
    pub(crate) chain: String,
    /// Whether the tables that it speaks of have any row.
    has_rows: bool,
}

/// What a database has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nothing at all.
    Fresh,
    /// Objects, but no history.
    Objects,
    /// Objects, and the history of another set, which accounts for them.
    Beside,
    /// A history.
    History,
}

/// The tables of a history of this name.
pub(crate) fn tables_of(table: &str) -> [String; 3] {
    [table.to_owned(), format!("{table}_head"), format!("{table}_repeatable")]
}

/// The names of a set's tables, for statements.
pub(crate) struct History<'s> {
    set: &'s Set<'s>,
    /// The head's name, unquoted.
    head: String,
    /// The tables as statements have them.
    rows_sql: String,
    head_sql: String,
    /// Which repeatables were run.
    pub(crate) records: Records<'s>,
}

impl<'s> History<'s> {
    pub(crate) fn new(set: &'s Set<'s>) -> Self {
        let head = format!("{}_head", set.table);
        let rows_sql = format!("main.{}", identifier(set.table));
        let head_sql = format!("main.{}", identifier(&head));
        Self { set, head, rows_sql, head_sql, records: Records::new(set) }
    }

    /// The name of the history table, unquoted.
    pub(crate) fn table(&self) -> &'s str {
        self.set.table
    }

    /// The names of its own tables, and of the old one that it came from, or came in place of.
    pub(crate) fn tables(&self) -> [String; 4] {
        let old = self.set.adoption.as_ref().and_then(|adoption| adoption.aside).unwrap_or_default();
        let [table, head, records] = tables_of(self.set.table);
        [table, head, records, old.to_owned()]
    }

    /// Whether the set has begun to keep it, be it that everything was rolled back since.
    pub(crate) fn has_begun(&self, db: &mut Db<'_>) -> Result<bool, Error> {
        if !histories::are_in(&COLUMNS, &self.columns(db)?) {
            return Ok(false);
        }
        let sql = format!("SELECT 1 FROM {} WHERE set_name = ?1 LIMIT 1", self.rows_sql);
        let has_rows = !db.query("could not read the history", &sql, &[text(self.set.name)])?.is_empty();
        Ok(has_rows || self.head(db)?.is_some())
    }

    /// What the head says. `None` where one has to look closer.
    pub(crate) fn head(&self, db: &mut Db<'_>) -> Result<Option<Head>, Error> {
        head(db, self.set.name, self.set.table, &has_rows(&self.rows_sql))
    }

    /// What the database has. Where no other set lives in it that is one read, and so one moment's truth.
    pub(crate) fn presence(&self, db: &mut Db<'_>) -> Result<Presence, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE), \
                   EXISTS (SELECT 1 FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_' \
                   AND tbl_name <> ?2 COLLATE NOCASE AND tbl_name <> ?3 COLLATE NOCASE)";
        let own = tables_of(self.set.table).map(Value::Text);
        let rows = db.query("could not read the database", sql, &own)?;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([Value::Integer(1), _]) => Presence::History,
            Some([_, Value::Integer(1)]) => match histories::neighbours(db, self, self.set.name)? {
                Neighbours::Nothing => Presence::Fresh,
                Neighbours::Strangers => Presence::Objects,
                Neighbours::Sets => Presence::Beside,
            },
            _ => Presence::Fresh,
        })
    }

    /// Refuses a table of this name that is no history, where there is one.
    pub(crate) fn refuse_others(&self, db: &mut Db<'_>) -> Result<(), Error> {
        if self.columns(db)?.is_empty() { Ok(()) } else { self.check_shape(db) }
    }

    /// Refuses a table of this name that is no history.
    pub(crate) fn check_shape(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let found = self.columns(db)?;
        if histories::are_in(&COLUMNS, &found) {
            return Ok(());
        }
        let table = self.set.table;
        Err(Error::new(
            ErrorKind::History,
            format!("the table `{table}` is not a history of dbmigrate: it has the columns `{}`", found.join("`, `")),
        )
        .hint("name another table: `table = \"…\"` in `[package.metadata.migrations]`")
        .hint("if another tool keeps its history there: `cargo dbmigrate adopt` takes it over"))
    }

    /// The columns of the table of its name.
    fn columns(&self, db: &mut Db<'_>) -> Result<Vec<String>, Error> {
        histories::columns_of(db, self.set.table)
    }

    /// The rows of the set, by this column: `id` is the order in which they were written.
    pub(crate) fn rows(&self, db: &mut Db<'_>, by: &str) -> Result<Vec<HistoryRow>, Error> {
        let sql = format!("SELECT {} FROM {} WHERE set_name = ?1 ORDER BY {by}", HistoryRow::COLUMNS, self.rows_sql);
        let rows = db.query("could not read the history", &sql, &[text(self.set.name)])?;
        rows.into_iter().map(|row| HistoryRow::decode(row).ok_or_else(|| damaged(self.set.table))).collect()
    }

    /// Asks for the number of rows and the name of the newest applied migration.
    pub(crate) fn summary_sql(&self) -> String {
        let (rows, set) = (&self.rows_sql, literal(self.set.name));
        format!(
            "SELECT count(*), (SELECT name FROM {rows} WHERE set_name = {set} AND state = 'applied' \
             ORDER BY number DESC LIMIT 1) FROM {rows} WHERE set_name = {set}"
        )
    }

    /// How far a migration of the set has come.
    pub(crate) fn stage(&self, db: &mut Db<'_>, number: u64) -> Result<Option<Stage>, Error> {
        let sql = format!(
            "SELECT state, statements_done, checksum FROM {} WHERE set_name = ?1 AND number = ?2",
            self.rows_sql
        );
        let rows = db.query("could not read the history", &sql, &[text(self.set.name), integer(number)?])?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        match <[Value; 3]>::try_from(row) {
            Ok([Value::Text(state), Value::Integer(done), Value::Text(checksum)]) => {
                let done = u64::try_from(done).map_err(|_| damaged(self.set.table))?;
                Ok(Some(Stage { state, done, checksum }))
            }
            _ => Err(damaged(self.set.table)),
        }
    }

    /// The stored way back of a migration.
    pub(crate) fn down_sql(&self, db: &mut Db<'_>, number: u64) -> Result<Option<String>, Error> {
        self.stored_sql(db, number, "down_sql")
    }

    /// The stored ways back of the set, by number.
    pub(crate) fn ways_back(&self, db: &mut Db<'_>) -> Result<HashMap<u64, String>, Error> {
        let sql =
            format!("SELECT number, down_sql FROM {} WHERE set_name = ?1 AND down_sql IS NOT NULL", self.rows_sql);
        let rows = db.query("could not read the history", &sql, &[text(self.set.name)])?;
        Ok(rows
            .into_iter()
            .filter_map(|row| match <[Value; 2]>::try_from(row) {
                Ok([Value::Integer(number), Value::Text(text)]) => Some((u64::try_from(number).ok()?, text)),
                _ => None,
            })
            .collect())
    }

    /// The text of a migration as it was applied.
    pub(crate) fn up_sql(&self, db: &mut Db<'_>, number: u64) -> Result<Option<String>, Error> {
        self.stored_sql(db, number, "up_sql")
    }

    /// The foreign-key violations that were there when a migration without a transaction began.
    pub(crate) fn violations(&self, db: &mut Db<'_>, number: u64) -> Result<Option<String>, Error> {
        self.stored_sql(db, number, "violations")
    }

    fn stored_sql(&self, db: &mut Db<'_>, number: u64, column: &str) -> Result<Option<String>, Error> {
        let sql = format!("SELECT {column} FROM {} WHERE set_name = ?1 AND number = ?2", self.rows_sql);
        let rows = db.query("could not read the history", &sql, &[text(self.set.name), integer(number)?])?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).and_then(into_text))
    }

    /// Creates what is missing of the tables. The caller holds the lock.
    pub(crate) fn create(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let Self { rows_sql, head_sql, .. } = self;
        db.execute(&format!(
            "CREATE TABLE IF NOT EXISTS {rows_sql} (\n  id INTEGER PRIMARY KEY AUTOINCREMENT,\n  \
             name TEXT NOT NULL,\n  applied_at TEXT NOT NULL DEFAULT (datetime('now')),\n  \
             set_name TEXT NOT NULL DEFAULT '',\n  number INTEGER NOT NULL,\n  checksum TEXT NOT NULL,\n  \
             state TEXT NOT NULL,\n  statements_done INTEGER NOT NULL,\n  duration_us INTEGER,\n  up_sql TEXT,\n  \
             down_sql TEXT,\n  tool TEXT,\n  text_checksum TEXT,\n  prefix_checksum TEXT,\n  \
             steps_us TEXT,\n  violations TEXT,\n  UNIQUE (set_name, name),\n  UNIQUE (set_name, number)\n)"
        ))?;
        db.execute(&format!(
            "CREATE TABLE IF NOT EXISTS {head_sql} (\n  set_name TEXT PRIMARY KEY,\n  format INTEGER NOT NULL,\n  \
             chain TEXT NOT NULL,\n  may_run_late TEXT NOT NULL DEFAULT ''\n) WITHOUT ROWID"
        ))?;
        self.empty_head_after_changes(db, self.set.table, &self.head)?;
        if !self.set.repeatables.is_empty() {
            (MadeAnew::of(self.set)?.create)(db, &self.records)?;
            let table = self.records.table();
            self.empty_head_after_changes(db, &table, &table)?;
        }
        // A head that outlived its history knows nothing of the new one.
        db.execute(&format!("UPDATE {head_sql} SET chain = ''"))
    }

    /// The triggers that empty the head when the rows of a table are changed.
    fn empty_head_after_changes(&self, db: &mut Db<'_>, table: &str, prefix: &str) -> Result<(), Error> {
        let (table, head) = (identifier(table), identifier(&self.head));
        for (event, sets) in
            [("INSERT", "NEW.set_name"), ("UPDATE", "NEW.set_name, OLD.set_name"), ("DELETE", "OLD.set_name")]
        {
            let trigger = identifier(&format!("{prefix}_{}", event.to_ascii_lowercase()));
            db.execute(&format!(
                "CREATE TRIGGER IF NOT EXISTS main.{trigger} AFTER {event} ON {table} BEGIN\n  \
                 UPDATE {head} SET chain = '' WHERE set_name IN ({sets});\nEND"
            ))?;
        }
        Ok(())
    }

    /// Records a migration; it is in the same transaction as what it records.
    pub(crate) fn insert(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        migration: &Migration<'_>,
        state: &str,
        took: Option<Took<'_>>,
    ) -> Result<(), Error> {
        self.insert_at(db, migration, state, times(options, took), options.tool, None)
    }

    /// Records a migration that another tool has applied, then, if it says when.
    pub(crate) fn insert_adopted(
        &self,
        db: &mut Db<'_>,
        migration: &Migration<'_>,
        tool: &str,
        at: Option<&str>,
    ) -> Result<(), Error> {
        self.insert_at(db, migration, "applied", [Value::Null, Value::Null], tool, at)
    }

    fn insert_at(
        &self,
        db: &mut Db<'_>,
        migration: &Migration<'_>,
        state: &str,
        [duration, steps]: [Value; 2],
        tool: &str,
        at: Option<&str>,
    ) -> Result<(), Error> {
        let [up_sql, down_sql] = self.kept(migration)?;
        let sql = format!(
            "INSERT INTO {} (name, applied_at, set_name, number, checksum, state, statements_done, duration_us, \
             steps_us, up_sql, down_sql, tool, text_checksum, prefix_checksum) \
             VALUES (?1, coalesce(?14, datetime('now')), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            self.rows_sql
        );
        let done = if state == "applied" { migration.up.steps.len() } else { 0 };
        let params = [
            text(migration.name),
            text(self.set.name),
            integer(migration.number)?,
            text(migration.checksum),
            text(state),
            integer(done as u64)?,
            duration,
            steps,
            up_sql,
            down_sql,
            text(tool),
            text_checksum(migration),
            optional(migration.up.prefix(done)),
            optional(at),
        ];
        db.query(&format!("could not record `{}`", migration.name), &sql, &params).map(drop)
    }

    /// Takes the name and the text that the program has for those that were applied.
    pub(crate) fn accept(&self, db: &mut Db<'_>, migration: &Migration<'_>) -> Result<(), Error> {
        let [up_sql, down_sql] = self.kept(migration)?;
        let sql = format!(
            "UPDATE {} SET name = ?3, checksum = ?4, text_checksum = ?5, up_sql = ?6, down_sql = ?7 \
             WHERE set_name = ?1 AND number = ?2",
            self.rows_sql
        );
        let params = [
            text(self.set.name),
            integer(migration.number)?,
            text(migration.name),
            text(migration.checksum),
            text_checksum(migration),
            up_sql,
            down_sql,
        ];
        db.query(&format!("could not change the record of `{}`", migration.name), &sql, &params).map(drop)
    }

    /// Lets a squash stand for all that is applied up to its number. The moment is that of the last of them.
    pub(crate) fn stand_in(&self, db: &mut Db<'_>, squash: &Migration<'_>) -> Result<(), Error> {
        let what = "could not record the squash";
        let params = [text(self.set.name), integer(squash.number)?, integer(squash.up.steps.len() as u64)?];
        let sql = format!("DELETE FROM {} WHERE set_name = ?1 AND number < ?2", self.rows_sql);
        db.query(what, &sql, &params[..2])?;
        let sql = format!(
            "UPDATE {} SET statements_done = ?3, duration_us = NULL, steps_us = NULL, prefix_checksum = NULL, \
             violations = NULL WHERE set_name = ?1 AND number = ?2",
            self.rows_sql
        );
        db.query(what, &sql, &params)?;
        self.accept(db, squash)
    }

    /// What the history keeps of a migration's text: the way up and the way back.
    fn kept(&self, migration: &Migration<'_>) -> Result<[Value; 2], Error> {
        let texts = Texts::of(self.set, migration)?;
        let texts = texts.map(|part| (part.kept)(self.set.rules.store_sql, migration)).unwrap_or_default();
        Ok(texts.map(|text| text.map_or(Value::Null, Value::Text)))
    }

    /// Takes a migration out: it was rolled back, or is to be forgotten.
    pub(crate) fn delete(&self, db: &mut Db<'_>, number: u64) -> Result<(), Error> {
        let sql = format!("DELETE FROM {} WHERE set_name = ?1 AND number = ?2", self.rows_sql);
        db.query("could not change the history", &sql, &[text(self.set.name), integer(number)?]).map(drop)
    }

    /// Moves a migration without a transaction on. `prefix` is the checksum of the steps that are done or begun,
    /// `violations` those from before, of which the first that are told are kept.
    pub(crate) fn progress(
        &self,
        db: &mut Db<'_>,
        number: u64,
        state: &str,
        done: u64,
        prefix: Option<&str>,
        violations: Option<&str>,
    ) -> Result<(), Error> {
        let sql = format!(
            "UPDATE {} SET state = ?3, statements_done = ?4, prefix_checksum = ?5, \
             violations = coalesce(violations, ?6) WHERE set_name = ?1 AND number = ?2",
            self.rows_sql
        );
        let params = [
            text(self.set.name),
            integer(number)?,
            text(state),
            integer(done)?,
            optional(prefix),
            optional(violations),
        ];
        db.query("could not record the progress", &sql, &params).map(drop)
    }

    /// Forgets the violations from before: from now on, those that are there now are.
    pub(crate) fn accept_violations(&self, db: &mut Db<'_>, number: u64) -> Result<(), Error> {
        let sql = format!("UPDATE {} SET violations = NULL WHERE set_name = ?1 AND number = ?2", self.rows_sql);
        db.query("could not change the history", &sql, &[text(self.set.name), integer(number)?]).map(drop)
    }

    /// Keeps the way back that is being run, so that it can go on from where it was stopped.
    pub(crate) fn keep_down(&self, db: &mut Db<'_>, number: u64, down_sql: String) -> Result<(), Error> {
        let sql = format!("UPDATE {} SET down_sql = ?3 WHERE set_name = ?1 AND number = ?2", self.rows_sql);
        let params = [text(self.set.name), integer(number)?, Value::Text(down_sql)];
        db.query("could not change the history", &sql, &params).map(drop)
    }

    /// Marks a migration without a transaction as applied.
    pub(crate) fn applied(&self, db: &mut Db<'_>, options: &Options, number: u64, took: Took<'_>) -> Result<(), Error> {
        let sql = format!(
            "UPDATE {} SET state = 'applied', applied_at = datetime('now'), duration_us = ?3, steps_us = ?4, \
             violations = NULL \
             WHERE set_name = ?1 AND number = ?2",
            self.rows_sql
        );
        let [duration, steps] = times(options, Some(took));
        let params = [text(self.set.name), integer(number)?, duration, steps];
        db.query("could not change the history", &sql, &params).map(drop)
    }

    /// Writes the head: the last write of a transaction, as the triggers have emptied it.
    pub(crate) fn write_head(&self, db: &mut Db<'_>, chain: &str) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO {} (set_name, format, chain) VALUES (?1, ?2, ?3) \
             ON CONFLICT (set_name) DO UPDATE SET format = excluded.format, chain = excluded.chain",
            self.head_sql
        );
        let params = [text(self.set.name), Value::Integer(FORMAT), text(chain)];
        db.query("could not write the head of the history", &sql, &params).map(drop)
    }

    /// Lets migrations that were taken out run again although later ones are applied, and empties the head, which
    /// keeps that.
    pub(crate) fn let_run_late(&self, db: &mut Db<'_>, numbers: &[u64]) -> Result<(), Error> {
        self.write_head(db, "")?;
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let sql = format!("UPDATE {} SET may_run_late = ?2 WHERE set_name = ?1", self.head_sql);
        db.query("could not change the history", &sql, &[text(self.set.name), text(&numbers.join(" "))]).map(drop)
    }

    /// The migrations that may run although later ones are applied, by ascending number. There is a head.
    pub(crate) fn may_run_late(&self, db: &mut Db<'_>) -> Result<Vec<u64>, Error> {
        let sql = format!("SELECT may_run_late FROM {} WHERE set_name = ?1", self.head_sql);
        let rows = db.query("could not read the history", &sql, &[text(self.set.name)])?;
        let last = rows.into_iter().next().and_then(|row| row.into_iter().next()).and_then(into_text);
        let mut numbers = Vec::new();
        for number in last.unwrap_or_default().split(' ').filter_map(|number| number.parse::<u64>().ok()) {
            // Almost always at the end: no sort is carried for it.
            if let Err(at) = numbers.binary_search(&number) {
                numbers.insert(at, number);
            }
        }
        Ok(numbers)
    }
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
    let mut asked = String::new();
    if has_migrations || !has_repeatables {
        asked.push_str(&has_rows(&format!("main.{}", identifier(table))));
    }
    if has_repeatables {
        asked.push_str(if has_migrations { " AND " } else { "" });
        asked.push_str(&has_rows(&records::sql_of(table)));
    }
    head(db, name, table, &asked)
}

fn head(db: &mut Db<'_>, set: &str, table: &str, has_rows: &str) -> Result<Option<Head>, Error> {
    let head = identifier(&format!("{table}_head"));
    let sql = format!("SELECT format, chain, {has_rows} FROM main.{head} WHERE set_name = ?1");
    let params = [text(set)];
    let rows = match db.patiently(|session| session.query(&sql, &params)) {
        Ok(rows) => rows,
        Err(error) if error.busy => return Err(failed("could not read the history", error)),
        // Most likely there is no such table yet. What else it can be shows in the next read.
        Err(_) => return Ok(None),
    };
    match rows.into_iter().next().map(<[Value; 3]>::try_from) {
        Some(Ok([Value::Integer(format), Value::Text(chain), has_rows])) => {
            if format > FORMAT {
                return Err(newer_format(table, format));
            }
            Ok(Some(Head { chain, has_rows: has_rows == Value::Integer(1) }))
        }
        _ => Ok(None),
    }
}

/// The rows of the history, for people.
pub(crate) fn list(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Vec<HistoryRow>, Error> {
    let mut db = Db::new(session, options);
    let history = History::new(set);
    if history.presence(&mut db)? != Presence::History {
        return Ok(Vec::new());
    }
    history.check_shape(&mut db)?;
    history.rows(&mut db, "id")
}

/// How long a script and its steps took, as the history has that.
fn times(options: &Options, took: Option<Took<'_>>) -> [Value; 2] {
    took.filter(|_| !options.untimed).map_or([Value::Null, Value::Null], Took::values)
}

/// Asks whether a table has any.
fn has_rows(table: &str) -> String {
    format!("EXISTS (SELECT 1 FROM {table})")
}

fn damaged(table: &str) -> Error {
    Error::new(
        ErrorKind::History,
        format!("the table `{table}` has a row that can't be: a value is missing or no number"),
    )
    .hint(format!("look at it: `SELECT * FROM {}`", identifier(table)))
}

pub(crate) fn newer_format(table: &str, format: i64) -> Error {
    Error::new(
        ErrorKind::NewerFormat,
        format!("the history `{table}` is in format {format}, and this program reads {FORMAT}"),
    )
    .hint("build the program with a newer `dbmigrate-runtime`")
}

/// Rust has none.
fn text_checksum(migration: &Migration<'_>) -> Value {
    optional(Some(migration.text_checksum).filter(|checksum| !checksum.is_empty()))
}

fn integer(number: u64) -> Result<Value, Error> {
    i64::try_from(number)
        .map(Value::Integer)
        .map_err(|_| Error::new(ErrorKind::Set, format!("{number} is too large for the number of a migration")))
}
