//! What an `INSERT` takes away: rows that a constraint replaces.

use crate::db::Db;
use crate::error::Error;
use crate::rows::Rows;
use crate::script::begins;
use crate::value::{Param, Value};

/// Whether a statement may be an `INSERT`, by its first word.
#[inline]
pub(crate) fn may_insert(sql: &str) -> bool {
    begins(sql, "INSERT") || begins(sql, "WITH")
}

/// The tables whose rows may be replaced, by the plan of an `INSERT`: it has a way to delete one, or the table says so. Of a row
/// with the same key, where there is no index beside the table, SQLite takes the place without a word of it in the plan.
#[inline]
pub(crate) fn tables(db: &mut Db<'_>, plan: &Rows) -> Result<Vec<String>, Error> {
    let sql =
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage = ?1 AND instr(lower(sql), 'replace')";
    let mut tables = Vec::new();
    for row in plan.iter() {
        match row {
            // What a query puts off and takes up again has no table.
            [_, Value::Text(what), _, _, _, Value::Text(table), ..] if what == "Delete" && !table.is_empty() => {
                tables.push(table.clone());
            }
            [_, Value::Text(what), _, Value::Integer(page), Value::Integer(0), ..] if what == "OpenWrite" => {
                tables.append(&mut db.texts("could not read the schema", sql, &[Param::Integer(*page)])?);
            }
            _ => {}
        }
    }
    Ok(tables)
}
