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
use crate::quote::in_main;
use crate::session::Bound;
use crate::value::{Param, Value, text};

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
#[inline(never)]
pub(crate) fn others(db: &mut Db<'_>, own: &str) -> Result<Vec<String>, Error> {
    db.texts("could not read the database", format_args!("{OTHERS} ORDER BY 1"), &shape_of_others(own))
}

/// Asks for their names, with [`shape_of_others`].
const OTHERS: &str = "SELECT substr(m.name, 1, length(m.name) - 5) AS name FROM main.sqlite_master AS m WHERE m.type = 'table' \
     AND lower(substr(m.name, -5)) = '_head' AND lower(m.name) <> lower(?1 || '_head') \
     AND (SELECT count(*) FROM pragma_table_info(substr(m.name, 1, length(m.name) - 5), 'main') \
     WHERE instr(?2, ' ' || lower(name) || ' ') AND NOT instr(name, ' ')) = ?3 \
     AND (SELECT count(*) FROM pragma_table_info(m.name, 'main') \
     WHERE instr(?4, ' ' || lower(name) || ' ') AND NOT instr(name, ' ')) = ?5";

fn shape_of_others(own: &str) -> [Param<'_>; 5] {
    let (rows, head) = (COLUMNS, HEAD_COLUMNS);
    [text(own), text(rows.names), Param::Integer(rows.count), text(head.names), Param::Integer(head.count)]
}

/// The columns by which a table is known, in lower case, with spaces around them.
pub(crate) struct Columns {
    pub(crate) names: &'static str,
    pub(crate) count: i64,
}

impl Columns {
    /// Whether a table has them; there may be more.
    pub(crate) fn are_in(&self, db: &mut Db<'_>, table: &str) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM pragma_table_info(?1, 'main') \
                   WHERE instr(?2, ' ' || lower(name) || ' ') AND NOT instr(name, ' ')";
        let found = db.find("could not read the database", sql, &[text(table), text(self.names)])?;
        Ok(found == Some(Value::Integer(self.count)))
    }
}

/// Whether a history has rows of a set; `None` where it has no rows at all.
#[inline(never)]
fn has_set(db: &mut Db<'_>, table: &str, set_name: &str) -> Result<Option<bool>, Error> {
    let has = db.find(
        "could not read a history",
        format_args!("SELECT max(set_name = ?1) FROM {}", in_main(table, "")),
        &[text(set_name)],
    )?;
    Ok(match has {
        Some(Value::Integer(has)) => Some(has == 1),
        _ => None,
    })
}

/// The names of all tables of other histories, if any of these names can be one.
#[inline]
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

#[inline]
fn is_suffix(end: &str) -> bool {
    end.eq_ignore_ascii_case("_head")
}

/// What lives in a database that has no history of the set.
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
    let [own, rows, rows_count, head, head_count] = shape_of_others(history.table());
    let is_stranger = format!(
        "SELECT 1 FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_' AND lower(tbl_name) NOT IN \
         (SELECT lower(?6) UNION ALL SELECT lower(h.name) || ends.name FROM (SELECT '' AS name UNION ALL \
         SELECT '_head' UNION ALL SELECT '_repeatable') AS ends, (SELECT ?1 AS name UNION ALL {OTHERS}) AS h) LIMIT 1"
    );
    let params = [own, rows, rows_count, head, head_count, text(history.aside())];
    if !db.has_row("could not read the database", is_stranger, &params)? {
        return Ok(Neighbours::Nothing);
    }
    let mut found = Neighbours::Strangers;
    for table in &others {
        match has_set(db, table, set_name)? {
            None => {}
            Some(false) => found = Neighbours::Sets,
            // The set itself has a history, under another name.
            Some(true) => return Ok(Neighbours::Strangers),
        }
    }
    Ok(found)
}

/// The history of another name that has rows of a set, where there is one.
pub(crate) fn elsewhere(db: &mut Db<'_>, history: &History<'_>, set_name: &str) -> Result<Option<String>, Error> {
    for table in &others(db, history.table())? {
        if has_set(db, table, set_name)? == Some(true) {
            return Ok(Some(table.clone()));
        }
    }
    Ok(None)
}

/// Where the rows of a set are. Two such tables are an error: nobody can tell which of them is true.
#[inline]
pub(crate) fn table_of(db: &mut Db<'_>, history: &History<'_>, set_name: &str) -> Result<Option<String>, Error> {
    let mut tables = others(db, history.table())?;
    if COLUMNS.are_in(db, history.table())? {
        tables.push(history.table().to_owned());
    }
    let mut found: Option<String> = None;
    for table in tables {
        if has_set(db, &table, set_name)? != Some(true) {
            continue;
        }
        if let Some(other) = found {
            let message = format!("the set `{set_name}` has two histories in this database: `{other}` and `{table}`");
            return Err(Error::new(ErrorKind::Requirement, message)
                .hint("remove the wrong one, or give one of the two sets another name"));
        }
        found = Some(table);
    }
    Ok(found)
}

/// Whether a migration of another set is applied.
#[inline]
pub(crate) fn has_applied(db: &mut Db<'_>, history: &History<'_>, set_name: &str, name: &str) -> Result<bool, Error> {
    let Some(table) = table_of(db, history, set_name)? else { return Ok(false) };
    refuse_newer(db, &table)?;
    db.has_row(
        "could not read a history",
        format_args!("SELECT 1 FROM {} WHERE set_name = ?1 AND name = ?2 AND state = 'applied'", in_main(&table, "")),
        &[text(set_name), text(name)],
    )
}

/// Refuses a history of another set that this program does not understand.
#[inline]
fn refuse_newer(db: &mut Db<'_>, table: &str) -> Result<(), Error> {
    let newest =
        db.find("could not read a history", format_args!("SELECT max(format) FROM {}", in_main(table, "_head")), &[])?;
    match newest {
        Some(Value::Integer(format)) if format > FORMAT => Err(newer_format(table, format)),
        _ => Ok(()),
    }
}

/// The other sets of which the database has rows, each with its history table; those in the own table as well.
#[inline]
pub(crate) fn sets(db: &mut Db<'_>, history: &History<'_>, own: &str) -> Result<Vec<(String, String)>, Error> {
    let mut tables = others(db, history.table())?;
    if COLUMNS.are_in(db, history.table())? {
        tables.push(history.table().to_owned());
    }
    let mut found = Vec::new();
    for table in tables {
        let names = db.texts(
            "could not read a history",
            format_args!("SELECT DISTINCT set_name FROM {} ORDER BY 1", in_main(&table, "")),
            &[],
        )?;
        let is_other = |name: &String| name != own || !table.eq_ignore_ascii_case(history.table());
        found.extend(names.into_iter().filter(is_other).map(|name| (name, table.clone())));
    }
    Ok(found)
}

/// A set in messages.
pub(crate) fn title(set_name: &str) -> String {
    if set_name.is_empty() { "the set without a name".to_owned() } else { format!("the set `{set_name}`") }
}

/// Whether a value is one of these names, as SQLite compares them.
#[inline]
pub(crate) fn is_one_of(tables: &[String], name: &Value) -> bool {
    matches!(name, Value::Text(name) if tables.iter().any(|table| table.eq_ignore_ascii_case(name)))
}
