//! The history table and its head, and every statement that touches them.
//!
//! The head holds the chained checksum of the whole history where that is exactly the program's first migrations, and
//! is empty where one has to walk the rows. Triggers empty it when anybody else changes the history. Beside it stands
//! which migrations were taken out of the history, and so may run although later ones are applied. Once everything is
//! applied the chain goes on over the repeatables, whose records are in a table of their own.

use std::rc::Rc;

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::histories::{self, Columns, Neighbours};
use crate::history_row::{HistoryRow, Timing};
use crate::options::Options;
use crate::quote::{Quoted, in_main, literal, quoted};
use crate::records::Records;
use crate::row_state::RowState;
use crate::rows::Rows;
use crate::session::Session;
use crate::set::{Migration, Set};
use crate::stored::TextsPart;
use crate::value::{Param, Value, into_text, optional, text};

mod create;
mod head;
mod many;

pub(crate) use head::Head;

/// The version of the history's tables.
pub(crate) const FORMAT: i64 = 1;

/// The columns that its head must have.
pub(crate) const HEAD_COLUMNS: Columns = Columns { names: " set_name format chain ", count: 3 };

/// The columns that a history table must have.
pub(crate) const COLUMNS: Columns = Columns {
    names: " id name applied_at set_name number checksum state statements_done duration_us up_sql down_sql tool \
            text_checksum prefix_checksum steps_us violations ",
    count: 16,
};

const READ: &str = "could not read the history";
const CHANGE: &str = "could not change the history";

/// How many parameters the statement has that records a migration.
const PARAMS: usize = 14;

/// How far a migration has come, and from which text.
pub(crate) struct Stage {
    pub(crate) state: RowState,
    pub(crate) done: u64,
    pub(crate) checksum: String,
}

/// What a database has.
#[derive(PartialEq)]
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

/// What the tables of a history have behind its name.
const ENDS: [&str; 3] = ["", "_head", "_repeatable"];

/// The tables of a history of this name.
#[inline]
pub(crate) fn tables_of(table: &str) -> [String; 3] {
    ENDS.map(|end| format!("{table}{end}"))
}

/// The names of a set's tables, for statements.
#[derive(Clone, Copy)]
pub(crate) struct History<'s> {
    pub(crate) set: &'s Set<'s>,
    /// The tables as statements have them.
    pub(crate) rows_sql: Quoted<'s>,
    pub(crate) head_sql: Quoted<'s>,
    /// Which repeatables were run.
    pub(crate) records: Records<'s>,
}

impl<'s> History<'s> {
    pub(crate) fn new(set: &'s Set<'s>) -> Self {
        let (rows_sql, head_sql) = (in_main(set.table, ""), in_main(set.table, "_head"));
        Self { set, rows_sql, head_sql, records: Records::new(set) }
    }

    /// The name of the history table, unquoted.
    pub(crate) fn table(&self) -> &'s str {
        self.set.table
    }

    /// The names of its own tables, and of the old one that it came from, or came in place of.
    #[inline]
    pub(crate) fn tables(&self) -> [String; 4] {
        let [table, head, records] = tables_of(self.set.table);
        [table, head, records, self.aside().to_owned()]
    }

    /// The name of the old history that it came from, or came in place of; empty if there is none.
    pub(crate) fn aside(&self) -> &'s str {
        self.set.adoption.as_ref().and_then(|adoption| adoption.aside).unwrap_or_default()
    }

    /// Whether the set has begun to keep it, be it that everything was rolled back since.
    #[inline]
    pub(crate) fn has_begun(&self, db: &mut Db<'_>) -> Result<bool, Error> {
        if !COLUMNS.are_in(db, self.set.table)? {
            return Ok(false);
        }
        let has_rows = db.has_row(
            READ,
            format_args!("SELECT 1 FROM {} WHERE set_name = ?1 LIMIT 1", self.rows_sql),
            &[text(self.set.name)],
        )?;
        Ok(has_rows || self.head(db)?.is_some())
    }

    /// What the head says. `None` where one has to look closer.
    pub(crate) fn head<'d>(&self, db: &'d mut Db<'_>) -> Result<Option<Head<'d>>, Error> {
        let sql = Head::sql(self.set.table, [true, false]);
        Head::read(db, self.set.latest(), &sql, false)
    }

    /// What the database has. Where no other set lives in it that is one read, and so one moment's truth.
    pub(crate) fn presence(&self, db: &mut Db<'_>) -> Result<Presence, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE), \
                   EXISTS (SELECT 1 FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_' \
                   AND tbl_name <> (?1 || '_head') COLLATE NOCASE \
                   AND tbl_name <> (?1 || '_repeatable') COLLATE NOCASE)";
        let rows = db.ask("could not read the database", sql, &[text(self.set.table)])?;
        Ok(match rows.get(0) {
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
    #[inline]
    pub(crate) fn refuse_others(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let sql = "SELECT 1 FROM pragma_table_info(?1, 'main') LIMIT 1";
        if db.has_row("could not read the database", sql, &[text(self.set.table)])? {
            self.check_shape(db)
        } else {
            Ok(())
        }
    }

    /// Refuses a table of this name that is no history.
    pub(crate) fn check_shape(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let table = self.set.table;
        if COLUMNS.are_in(db, table)? {
            return Ok(());
        }
        let sql = "SELECT group_concat(lower(name), '`, `') FROM pragma_table_info(?1, 'main')";
        let found = db.texts("could not read the database", sql, &[text(table)])?;
        Err(Error::new(
            ErrorKind::History,
            format_args!(
                "the table `{table}` is not a history of dbmigrate: it has the columns `{}`",
                found.first().map_or("", String::as_str)
            ),
        )
        .hint("use another table: `table = \"…\"` in `[package.metadata.migrations]`")
        .hint("if it is the history of another tool, take it over: `cargo dbmigrate adopt`"))
    }

    /// The rows of the set, by this column: `id` is the order in which they were written.
    pub(crate) fn rows(&self, db: &mut Db<'_>, by: &str) -> Result<Vec<Rc<HistoryRow>>, Error> {
        let columns = HistoryRow::COLUMNS;
        let mut rows = Vec::new();
        let found = db.ask(
            READ,
            format_args!("SELECT {columns} FROM {} WHERE set_name = ?1 ORDER BY {by}", self.rows_sql),
            &[text(self.set.name)],
        )?;
        for row in found.iter_mut() {
            match HistoryRow::decode(row) {
                Some(row) => rows.push(Rc::new(row)),
                None => return Err(unreadable(self.set.table, row)),
            }
        }
        Ok(rows)
    }

    /// Asks for the number of rows and the name of the newest applied migration.
    #[inline]
    pub(crate) fn summary_sql(&self) -> String {
        let (rows, set) = (&self.rows_sql, literal(self.set.name));
        format!(
            "SELECT count(*), (SELECT name FROM {rows} WHERE set_name = {set} AND state = 'applied' \
             ORDER BY number DESC LIMIT 1) FROM {rows} WHERE set_name = {set}"
        )
    }

    /// How far a migration of the set has come.
    #[inline]
    pub(crate) fn stage(&self, db: &mut Db<'_>, number: u64) -> Result<Option<Stage>, Error> {
        let rows = db.query(
            READ,
            format_args!(
                "SELECT name, state, statements_done, checksum FROM {} WHERE set_name = ?1 AND number = ?2",
                self.rows_sql
            ),
            &[text(self.set.name), integer(number)?],
        )?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        match <[Value; 4]>::try_from(row) {
            Ok([Value::Text(name), Value::Text(state), Value::Integer(done), Value::Text(checksum)]) => {
                match (RowState::parse(&state), u64::try_from(done)) {
                    (Some(state), Ok(done)) => Ok(Some(Stage { state, done, checksum })),
                    (None, _) => Err(unknown_state(&name, &state)),
                    _ => Err(damaged(self.set.table)),
                }
            }
            _ => Err(damaged(self.set.table)),
        }
    }

    /// The stored down scripts of the set, by ascending number.
    #[inline]
    pub(crate) fn down_scripts(&self, db: &mut Db<'_>) -> Result<Vec<(u64, String)>, Error> {
        let rows = db.query(
            READ,
            format_args!(
                "SELECT number, down_sql FROM {} WHERE set_name = ?1 AND down_sql IS NOT NULL ORDER BY number",
                self.rows_sql
            ),
            &[text(self.set.name)],
        )?;
        Ok(rows
            .into_iter()
            .filter_map(|row| match <[Value; 2]>::try_from(row) {
                Ok([Value::Integer(number), Value::Text(text)]) => Some((u64::try_from(number).ok()?, text)),
                _ => None,
            })
            .collect())
    }

    /// What a column has of a migration, where that is a text.
    pub(crate) fn stored(&self, db: &mut Db<'_>, number: u64, column: &str) -> Result<Option<String>, Error> {
        let params = [text(self.set.name), integer(number)?];
        Ok(db
            .find(
                READ,
                format_args!("SELECT {column} FROM {} WHERE set_name = ?1 AND number = ?2", self.rows_sql),
                &params,
            )?
            .and_then(into_text))
    }

    /// Records a migration; it is in the same transaction as what it records.
    #[inline]
    pub(crate) fn insert(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        migration: &Migration<'_>,
        state: RowState,
        timing: Option<Timing<'_>>,
    ) -> Result<(), Error> {
        self.insert_at(db, migration, state, times(options, timing), options.tool, None)
    }

    /// Records a migration that another tool has applied, then, if it says when.
    #[inline]
    pub(crate) fn insert_adopted(
        &self,
        db: &mut Db<'_>,
        migration: &Migration<'_>,
        tool: &str,
        at: Option<&str>,
    ) -> Result<(), Error> {
        self.insert_at(db, migration, RowState::Applied, (Param::Null, None), tool, at)
    }

    #[inline]
    fn insert_at(
        &self,
        db: &mut Db<'_>,
        migration: &Migration<'_>,
        state: RowState,
        times: (Param<'_>, Option<String>),
        tool: &str,
        at: Option<&str>,
    ) -> Result<(), Error> {
        let mut rows = Rows::new(PARAMS);
        self.row(&mut rows, migration, state, times, tool, at)?;
        self.insert_rows(db, &rows)
    }

    fn insert_rows(&self, db: &mut Db<'_>, rows: &Rows) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO {} (name, applied_at, set_name, number, checksum, state, statements_done, duration_us, \
             steps_us, up_sql, down_sql, tool, text_checksum, prefix_checksum) \
             VALUES (?1, coalesce(?14, datetime('now')), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            self.rows_sql
        );
        let mut done = 0;
        db.execute_each(&sql, rows, &mut done).map_err(|error| match rows.get(done).and_then(|row| row.first()) {
            Some(Value::Text(name)) => failed(format_args!("could not record `{name}`"), error),
            _ => failed("could not record the migrations", error),
        })?;
        // The head will speak for all of them.
        if done == rows.len() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::History,
            format_args!("the driver ran {done} of {} statements that record migrations", rows.len()),
        )
        .hint("correct `execute_each` of the driver: it must run and count all of them"))
    }

    /// Adds the parameters of that.
    fn row(
        &self,
        rows: &mut Rows,
        migration: &Migration<'_>,
        state: RowState,
        (duration, steps): (Param<'_>, Option<String>),
        tool: &str,
        at: Option<&str>,
    ) -> Result<(), Error> {
        let done = if state == RowState::Applied { migration.up.steps.len() } else { 0 };
        rows.add(&[
            text(migration.name),
            text(self.set.name),
            integer(migration.number)?,
            text(migration.checksum),
            text(state.as_str()),
            integer(done as u64)?,
            duration,
        ]);
        rows.push(Value::from(steps));
        let [up_sql, down_sql] = self.kept(migration)?;
        rows.push(Value::from(up_sql));
        rows.push(Value::from(down_sql));
        rows.add(&[text(tool), text_checksum(migration), optional(migration.up.prefix(done)), optional(at)]);
        Ok(())
    }

    /// Takes the name and the text that the program has for those that were applied.
    #[inline]
    pub(crate) fn accept(&self, db: &mut Db<'_>, migration: &Migration<'_>) -> Result<(), Error> {
        let [up_sql, down_sql] = self.kept(migration)?;
        let params = [
            text(self.set.name),
            integer(migration.number)?,
            text(migration.name),
            text(migration.checksum),
            text_checksum(migration),
            optional(up_sql.as_deref()),
            optional(down_sql.as_deref()),
        ];
        let set = "name = ?3, checksum = ?4, text_checksum = ?5, up_sql = ?6, down_sql = ?7";
        self.update(db, &format!("could not change the record of `{}`", migration.name), set, &params)
    }

    /// Changes the row of a migration: the set and the number are the first parameters.
    fn update(&self, db: &mut Db<'_>, what: &str, changes: &str, params: &[Param<'_>]) -> Result<(), Error> {
        db.change(
            what,
            format_args!("UPDATE {} SET {changes} WHERE set_name = ?1 AND number = ?2", self.rows_sql),
            params,
        )
    }

    /// Lets a squash stand for all that is applied up to its number. The moment is that of the last of them.
    #[inline]
    pub(crate) fn stand_in(&self, db: &mut Db<'_>, squash: &Migration<'_>) -> Result<(), Error> {
        let what = "could not record the squash";
        let params = [text(self.set.name), integer(squash.number)?, integer(squash.up.steps.len() as u64)?];
        db.change(
            what,
            format_args!("DELETE FROM {} WHERE set_name = ?1 AND number < ?2", self.rows_sql),
            &params[..2],
        )?;
        let set =
            "statements_done = ?3, duration_us = NULL, steps_us = NULL, prefix_checksum = NULL, violations = NULL";
        self.update(db, what, set, &params)?;
        self.accept(db, squash)
    }

    /// What the history keeps of a migration's text: the up script and the down script.
    fn kept(&self, migration: &Migration<'_>) -> Result<[Option<String>; 2], Error> {
        let part = TextsPart::of(self.set, migration)?;
        Ok(part.map_or([None, None], |part| (part.kept)(self.set.rules.store_sql, migration)))
    }

    /// Takes a migration out: it was rolled back, or is to be forgotten.
    pub(crate) fn delete(&self, db: &mut Db<'_>, number: u64) -> Result<(), Error> {
        db.change(
            CHANGE,
            format_args!("DELETE FROM {} WHERE set_name = ?1 AND number = ?2", self.rows_sql),
            &[text(self.set.name), integer(number)?],
        )
    }

    /// Moves a migration without a transaction on. `prefix` is the checksum of the steps that are done or begun,
    /// `violations` those from before, of which the first that are told are kept.
    #[inline]
    pub(crate) fn progress(
        &self,
        db: &mut Db<'_>,
        number: u64,
        state: RowState,
        done: u64,
        prefix: Option<&str>,
        violations: Option<&str>,
    ) -> Result<(), Error> {
        let params = [
            text(self.set.name),
            integer(number)?,
            text(state.as_str()),
            integer(done)?,
            optional(prefix),
            optional(violations),
        ];
        let set = "state = ?3, statements_done = ?4, prefix_checksum = ?5, violations = coalesce(violations, ?6)";
        self.update(db, "could not record the progress", set, &params)
    }

    /// Keeps these as the violations from before, instead of those that were kept.
    #[inline]
    pub(crate) fn keep_violations(&self, db: &mut Db<'_>, number: u64, violations: &str) -> Result<(), Error> {
        let params = [text(self.set.name), integer(number)?, text(violations)];
        self.update(db, CHANGE, "violations = ?3", &params)
    }

    /// Keeps the down script that is being run, so that it can go on from where it was stopped.
    #[inline]
    pub(crate) fn keep_down(&self, db: &mut Db<'_>, number: u64, down_sql: &str) -> Result<(), Error> {
        let params = [text(self.set.name), integer(number)?, text(down_sql)];
        self.update(db, CHANGE, "down_sql = ?3", &params)
    }

    /// Marks a migration without a transaction as applied.
    #[inline]
    pub(crate) fn applied(
        &self,
        db: &mut Db<'_>,
        options: &Options,
        number: u64,
        timing: Timing<'_>,
    ) -> Result<(), Error> {
        let (duration, steps) = times(options, Some(timing));
        let params = [text(self.set.name), integer(number)?, duration, optional(steps.as_deref())];
        let set = "state = 'applied', applied_at = datetime('now'), duration_us = ?3, steps_us = ?4, violations = NULL";
        self.update(db, CHANGE, set, &params)
    }

    /// Writes the head: the last write of a transaction, as the triggers have emptied it.
    pub(crate) fn write_head(&self, db: &mut Db<'_>, chain: &str) -> Result<(), Error> {
        let params = [text(self.set.name), Param::Integer(FORMAT), text(chain)];
        db.change(
            "could not write the head of the history",
            format_args!(
                "INSERT INTO {} (set_name, format, chain) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (set_name) DO UPDATE SET format = excluded.format, chain = excluded.chain",
                self.head_sql
            ),
            &params,
        )
    }

    /// The numbers of migrations that may run although later ones are applied. There is a head.
    pub(crate) fn may_run_late(&self, db: &mut Db<'_>) -> Result<String, Error> {
        let late = db.find(
            READ,
            format_args!("SELECT may_run_late FROM {} WHERE set_name = ?1", self.head_sql),
            &[text(self.set.name)],
        )?;
        Ok(late.and_then(into_text).unwrap_or_default())
    }
}

/// The rows of the history, for people.
#[inline]
pub(crate) fn list(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Vec<HistoryRow>, Error> {
    let mut db = Db::new(session, options);
    let history = History::new(set);
    if history.presence(&mut db)? != Presence::History {
        return Ok(Vec::new());
    }
    history.check_shape(&mut db)?;
    Ok(history.rows(&mut db, "id")?.into_iter().map(|row| Rc::unwrap_or_clone(row).with_steps()).collect())
}

/// How long a script and its steps took, as the history has that.
fn times(options: &Options, timing: Option<Timing<'_>>) -> (Param<'static>, Option<String>) {
    timing.filter(|_| !options.untimed).map_or((Param::Null, None), Timing::values)
}

/// The error for a row that can't be read.
#[cold]
#[inline(never)]
fn unreadable(table: &str, row: &[Value]) -> Error {
    match row {
        [Value::Text(name), _, _, _, Value::Text(state), ..] if RowState::parse(state).is_none() => {
            unknown_state(name, state)
        }
        _ => damaged(table),
    }
}

#[cold]
#[inline(never)]
fn unknown_state(name: &str, state: &str) -> Error {
    Error::new(
        ErrorKind::History,
        format_args!("`{name}` has the state `{state}` in the history, which this program does not know"),
    )
    .hint("build the program with a newer `dbmigrate-runtime`")
}

/// The error for a row that was written, or taken out, and is not what the database has.
#[cold]
#[inline(never)]
pub(crate) fn unrecorded(name: &str) -> Error {
    Error::new(ErrorKind::History, format_args!("the history does not accept the record of `{name}`"))
        .hint("a trigger on its table, the migration itself, or an authorizer of the connection prevents it")
}

fn damaged(table: &str) -> Error {
    Error::new(
        ErrorKind::History,
        format_args!("the table `{table}` has an invalid row: a value is missing or not a number"),
    )
    .hint(format_args!("to see it: `SELECT * FROM {}`", quoted(table, "")))
}

pub(crate) fn newer_format(table: &str, format: i64) -> Error {
    Error::new(
        ErrorKind::NewerFormat,
        format_args!("the history `{table}` has format {format}, and this program reads {FORMAT}"),
    )
    .hint("build the program with a newer `dbmigrate-runtime`")
}

/// Rust has none.
fn text_checksum<'m>(migration: &Migration<'m>) -> Param<'m> {
    optional(Some(migration.text_checksum).filter(|checksum| !checksum.is_empty()))
}

#[inline(never)]
pub(crate) fn integer(number: u64) -> Result<Param<'static>, Error> {
    i64::try_from(number)
        .map(Param::Integer)
        .map_err(|_| Error::new(ErrorKind::Set, format_args!("{number} is too large for the number of a migration")))
}
