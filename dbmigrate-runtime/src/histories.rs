//! The histories that a database has besides the own one: other sets live in it, each with tables of its own.
//!
//! A history is known by its shape: a table with the columns of one, and its head beside it. Nobody else's table of that
//! name is taken for one.

use crate::db::Db;
use crate::driver::Backend;
use crate::error::{Error, ErrorKind};
use crate::history::{COLUMNS, FORMAT, HEAD_COLUMNS, History, newer_format, tables_of};
use crate::hooks::Hooks;
use crate::options::Options;
use crate::quote::identifier;
use crate::session::Bound;
use crate::value::{Value, into_text, text};

/// The tables of a database in which sets of migrations keep their history, by name. It changes nothing.
///
/// # Errors
///
/// What the database says.
pub fn history_tables<B: Backend>(connection: &mut B::Connection) -> Result<Vec<String>, Error> {
    let hooks = Hooks::default();
    let mut session = Bound::<B> { driver: B::driver(connection), code: None, hooks: &hooks, schema: None };
    others(&mut Db::new(&mut session, &Options::default()), "")
}

/// The history tables of other sets, by name.
pub(crate) fn others(db: &mut Db<'_>, own: &str) -> Result<Vec<String>, Error> {
    let sql = "SELECT substr(name, 1, length(name) - 5) FROM main.sqlite_master WHERE type = 'table' \
               AND lower(substr(name, -5)) = '_head' ORDER BY name";
    let mut found = Vec::new();
    for table in texts(db, "could not read the database", sql, &[])? {
        if !table.eq_ignore_ascii_case(own)
            && has_columns(db, &table, &COLUMNS)?
            && has_columns(db, &format!("{table}_head"), &HEAD_COLUMNS)?
        {
            found.push(table);
        }
    }
    Ok(found)
}

/// Whether a table has these columns; there may be more.
pub(crate) fn has_columns(db: &mut Db<'_>, table: &str, columns: &[&str]) -> Result<bool, Error> {
    Ok(are_in(columns, &columns_of(db, table)?))
}

/// Whether all of these columns are among those that a table has.
pub(crate) fn are_in(columns: &[&str], found: &[String]) -> bool {
    columns.iter().all(|column| found.iter().any(|name| name == column))
}

/// The columns of a table, in lower case; none where there is no such table.
pub(crate) fn columns_of(db: &mut Db<'_>, table: &str) -> Result<Vec<String>, Error> {
    let sql = "SELECT lower(name) FROM pragma_table_info(?1, 'main')";
    texts(db, "could not read the database", sql, &[text(table)])
}

/// The texts in the first column of what a query returns.
fn texts(db: &mut Db<'_>, what: &str, sql: &str, params: &[Value]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for row in db.query(what, sql, params)? {
        found.extend(row.into_iter().next().and_then(into_text));
    }
    Ok(found)
}

/// The names of the sets that have rows in a history.
fn sets_in(db: &mut Db<'_>, table: &str) -> Result<Vec<String>, Error> {
    let sql = format!("SELECT DISTINCT set_name FROM main.{} ORDER BY 1", identifier(table));
    texts(db, "could not read a history", &sql, &[])
}

/// The names of all tables of other histories, if any of these names can be one.
pub(crate) fn their_tables<'n>(
    db: &mut Db<'_>,
    history: &History<'_>,
    mut names: impl Iterator<Item = &'n str>,
) -> Result<Vec<String>, Error> {
    let is_head = |name: &str| name.len() > 5 && name.get(name.len() - 5..).is_some_and(is_suffix);
    if !names.any(is_head) {
        return Ok(Vec::new());
    }
    Ok(others(db, history.table())?.iter().flat_map(|table| tables_of(table)).collect())
}

fn is_suffix(end: &str) -> bool {
    end.eq_ignore_ascii_case("_head")
}

/// What lives in a database that has no history of the set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Neighbours {
    /// Nothing but tables of histories.
    Nothing,
    /// Objects that nobody accounts for.
    Strangers,
    /// Objects, and the history of another set.
    Sets,
}

/// Looks at the objects of a database that has no history of the set.
pub(crate) fn neighbours(db: &mut Db<'_>, history: &History<'_>, set_name: &str) -> Result<Neighbours, Error> {
    let others = others(db, history.table())?;
    if others.is_empty() {
        return Ok(Neighbours::Strangers);
    }
    let sql = "SELECT DISTINCT tbl_name FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_'";
    let tables = texts(db, "could not read the database", sql, &[])?;
    let known: Vec<String> = others.iter().flat_map(|table| tables_of(table)).chain(history.tables()).collect();
    let is_object = |name: &String| !known.iter().any(|known| known.eq_ignore_ascii_case(name));
    if !tables.iter().any(is_object) {
        return Ok(Neighbours::Nothing);
    }
    let mut found = Neighbours::Strangers;
    for table in &others {
        for name in sets_in(db, table)? {
            if name == set_name {
                // The set itself has a history, under another name.
                return Ok(Neighbours::Strangers);
            }
            found = Neighbours::Sets;
        }
    }
    Ok(found)
}

/// The history of another name that has rows of a set, where there is one.
pub(crate) fn elsewhere(db: &mut Db<'_>, history: &History<'_>, set_name: &str) -> Result<Option<String>, Error> {
    for table in others(db, history.table())? {
        if sets_in(db, &table)?.iter().any(|name| name == set_name) {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Where the rows of a set are. Two such tables are an error: nobody can tell which of them is true.
pub(crate) fn table_of(db: &mut Db<'_>, history: &History<'_>, set_name: &str) -> Result<Option<String>, Error> {
    let mut tables = others(db, history.table())?;
    if has_columns(db, history.table(), &COLUMNS)? {
        tables.push(history.table().to_owned());
    }
    let mut found: Option<String> = None;
    for table in tables {
        let sql = format!("SELECT 1 FROM main.{} WHERE set_name = ?1 LIMIT 1", identifier(&table));
        if db.query("could not read a history", &sql, &[text(set_name)])?.is_empty() {
            continue;
        }
        if let Some(other) = found {
            let message = format!("the set `{set_name}` has two histories in this database: `{other}` and `{table}`");
            return Err(Error::new(ErrorKind::Requirement, message)
                .hint("remove the one that is not that of the set, or give one of the two sets another name"));
        }
        found = Some(table);
    }
    Ok(found)
}

/// Whether a migration of another set is applied.
pub(crate) fn has_applied(db: &mut Db<'_>, history: &History<'_>, set_name: &str, name: &str) -> Result<bool, Error> {
    let Some(table) = table_of(db, history, set_name)? else { return Ok(false) };
    refuse_newer(db, &table)?;
    let sql =
        format!("SELECT 1 FROM main.{} WHERE set_name = ?1 AND name = ?2 AND state = 'applied'", identifier(&table));
    let rows = db.query("could not read a history", &sql, &[text(set_name), text(name)])?;
    Ok(!rows.is_empty())
}

/// Refuses a history of another set that this program does not understand.
fn refuse_newer(db: &mut Db<'_>, table: &str) -> Result<(), Error> {
    let sql = format!("SELECT max(format) FROM main.{}", identifier(&format!("{table}_head")));
    match db.value("could not read a history", &sql)? {
        Some(Value::Integer(format)) if format > FORMAT => Err(newer_format(table, format)),
        _ => Ok(()),
    }
}

/// The other sets of which the database has rows, each with its history table; those in the own table as well.
pub(crate) fn sets(db: &mut Db<'_>, history: &History<'_>, own: &str) -> Result<Vec<(String, String)>, Error> {
    let mut tables = others(db, history.table())?;
    if has_columns(db, history.table(), &COLUMNS)? {
        tables.push(history.table().to_owned());
    }
    let mut found = Vec::new();
    for table in tables {
        let names = sets_in(db, &table)?.into_iter();
        let is_other = |name: &String| name != own || !table.eq_ignore_ascii_case(history.table());
        found.extend(names.filter(is_other).map(|name| (name, table.clone())));
    }
    Ok(found)
}

/// A set in messages.
pub(crate) fn title(set_name: &str) -> String {
    if set_name.is_empty() { "the set without a name".to_owned() } else { format!("the set `{set_name}`") }
}

/// Whether a value is one of these names, as SQLite compares them.
pub(crate) fn is_one_of(tables: &[String], name: &Value) -> bool {
    matches!(name, Value::Text(name) if tables.iter().any(|table| table.eq_ignore_ascii_case(name)))
}
