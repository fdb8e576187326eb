//! A few rows for tables that have none: what types, keys and references ask for, and no more. What a table does not
//! take is left out.

use crate::db::Db;
use crate::error::Error;
use crate::names::ByName;
use crate::quote::identifier;
use crate::session::Session;
use crate::value::{Row, Value, text};

/// How many rows a table is given.
const ROWS: i64 = 3;

/// A column that a row can give a value for.
struct Column {
    name: String,
    kind: String,
    /// Whether a row can do without a value.
    optional: bool,
    key: bool,
}

/// Fills those tables, and returns the names of the ones that take no row.
pub(super) fn fill(db: &mut Db<'_>, tables: &[String]) -> Result<Vec<String>, Error> {
    let mut left: Vec<&String> = tables.iter().collect();
    // First those whose parents have rows, and with them their children; what is left is a cycle, or without parents.
    for all in [true, false] {
        loop {
            let count = left.len();
            let mut empty = Vec::new();
            for table in left {
                if !one(db, table, all)? {
                    empty.push(table);
                }
            }
            left = empty;
            if left.len() == count || left.is_empty() {
                break;
            }
        }
    }
    Ok(left.into_iter().cloned().collect())
}

/// Whether the table took a row; with `all` only if all of its references have something to refer to.
fn one(db: &mut Db<'_>, table: &str, all: bool) -> Result<bool, Error> {
    let parents = parents(db, table)?;
    if all && parents.iter().any(|(_, values)| values.is_empty()) {
        return Ok(false);
    }
    let columns = columns(db, table)?;
    let mut filled = false;
    for row in 1..=ROWS {
        let all = columns.iter().map(|column| Some((column, value(column, row, &parents)?)));
        let all: Vec<(&Column, Value)> = all.flatten().collect();
        let needed = all.iter().filter(|(column, _)| column.key || !column.optional);
        let needed = needed.map(|(column, value)| (*column, value.clone())).collect();
        filled |= [all, needed].iter().any(|values| insert(db.session(), table, values));
    }
    Ok(filled)
}

fn insert(session: &mut dyn Session, table: &str, values: &[(&Column, Value)]) -> bool {
    let names: Vec<String> = values.iter().map(|(column, _)| identifier(&column.name)).collect();
    let places: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
    let table = identifier(table);
    let sql = if names.is_empty() {
        format!("INSERT INTO main.{table} DEFAULT VALUES")
    } else {
        format!("INSERT INTO main.{table} ({}) VALUES ({})", names.join(", "), places.join(", "))
    };
    let values: Vec<Value> = values.iter().map(|(_, value)| value.clone()).collect();
    session.query(&sql, &values).is_ok()
}

fn columns(db: &mut Db<'_>, table: &str) -> Result<Vec<Column>, Error> {
    let sql = "SELECT name, upper(type), \"notnull\" = 0 OR dflt_value IS NOT NULL, pk FROM pragma_table_xinfo(?1, 'main') \
               WHERE hidden = 0";
    let rows = db.query("could not read the schema", sql, &[text(table)])?;
    let column = |row: Row| match <[Value; 4]>::try_from(row) {
        Ok([Value::Text(name), kind, Value::Integer(optional), Value::Integer(key)]) => Some(Column {
            name,
            kind: crate::value::into_text(kind).unwrap_or_default(),
            optional: optional == 1,
            key: key > 0,
        }),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(column).collect())
}

/// The values that a column may refer to, by column in lower case.
fn parents(db: &mut Db<'_>, table: &str) -> Result<ByName<Vec<Value>>, Error> {
    // Without a name of its own the reference means the primary key.
    let sql = "SELECT lower(f.\"from\"), f.\"table\", coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\", \
               'main') WHERE pk = f.seq + 1)) FROM pragma_foreign_key_list(?1, 'main') f";
    let mut parents = ByName::default();
    for row in db.query("could not read the schema", sql, &[text(table)])? {
        let Ok([Value::Text(column), Value::Text(parent), to]) = <[Value; 3]>::try_from(row) else { continue };
        let Value::Text(to) = to else { continue };
        let (to, parent) = (identifier(&to), identifier(&parent));
        let sql = format!("SELECT {to} FROM main.{parent} WHERE {to} IS NOT NULL ORDER BY 1 LIMIT {ROWS}");
        // A parent that is not there has no rows.
        let found = db.session().query(&sql, &[]).unwrap_or_default();
        parents.insert(column, found.into_iter().flatten().collect());
    }
    Ok(parents)
}

/// A value of the type that a column declares; none where there is nothing to refer to.
fn value(column: &Column, row: i64, parents: &ByName<Vec<Value>>) -> Option<Value> {
    if let Some(parents) = parents.get(&column.name.to_ascii_lowercase()) {
        let at = usize::try_from(row - 1).unwrap_or(0);
        return parents.get(at.checked_rem(parents.len()).unwrap_or(0)).cloned();
    }
    let is = |words: &[&str]| words.iter().any(|word| column.kind.contains(word));
    Some(if is(&["INT", "BOOL"]) {
        Value::Integer(row)
    } else if is(&["CHAR", "CLOB", "TEXT"]) {
        Value::Text(format!("{} {row}", column.name))
    } else if is(&["BLOB"]) {
        Value::Blob(vec![0, 0xff, u8::try_from(row).unwrap_or(0)])
    } else if is(&["REAL", "FLOA", "DOUB"]) {
        Value::Real(row as f64 + 0.5)
    } else if is(&["DATE", "TIME"]) {
        Value::Text(format!("2024-01-0{row} 10:30:22"))
    } else {
        Value::Integer(row)
    })
}
