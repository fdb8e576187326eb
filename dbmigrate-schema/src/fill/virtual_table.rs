//! Rows of virtual tables, through their own `INSERT`, where it is known what that takes.

use rusqlite::{Connection, params_from_iter};

use crate::cell::Cell;
use crate::execute::message;
use crate::model::{Object, VirtualTable};

/// The words of a full-text table whose text is that of another, whether or not triggers have told of its rows.
pub(super) fn read_anew(connection: &Connection, object: &Object) {
    if let Object::VirtualTable(table) = object
        && table.content().is_some()
    {
        // Where it fails, it does so again when the table is filled, and that is told.
        let _ = rebuild(connection, table);
    }
}

fn rebuild(connection: &Connection, table: &VirtualTable) -> rusqlite::Result<()> {
    let name = table.name.to_sql();
    connection.execute_batch(&format!("INSERT INTO main.{name} ({name}) VALUES ('rebuild')"))
}

/// Writes a few rows; the reason where there are none.
pub(super) fn fill(connection: &Connection, table: &VirtualTable) -> Result<(), String> {
    let module = table.module.folded();
    if module.starts_with("fts") {
        if table.content().is_some() {
            return rebuild(connection, table).map_err(|error| message(&error));
        }
        return insert(connection, table, |row, at| Cell::text(["it's quoted", "größe 😀", "007", ""][(row + at) % 4]));
    }
    if module.starts_with("rtree") {
        // An id, then pairs of which the first is never the greater one.
        return insert(connection, table, |row, at| Cell::Integer(i64::try_from(row * 100 + at).unwrap_or(0)));
    }
    Err(format!("it is unknown how to write rows for the module `{}`", table.module))
}

fn insert(connection: &Connection, table: &VirtualTable, value: impl Fn(usize, usize) -> Cell) -> Result<(), String> {
    let text = |error: rusqlite::Error| message(&error);
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .and_then(|mut it| it.query_map([table.name.as_str()], |row| row.get(0))?.collect())
        .map_err(text)?;
    let names: Vec<_> = columns.iter().map(|column| crate::model::Name::new(column).to_sql()).collect();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO main.{} ({}) VALUES ({places})", table.name.to_sql(), names.join(", "));
    for row in 1..=3 {
        let values = (0..columns.len()).map(|at| value(row, at));
        connection.execute(&sql, params_from_iter(values)).map_err(text)?;
    }
    Ok(())
}
