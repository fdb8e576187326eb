//! What a `DROP TABLE` with foreign keys on would delete or change in other tables, because it deletes every row first:
//! the runner's rule.

use dbmigrate_core::statement::Statement;
use dbmigrate_core::{Diagnostic, Location, Script};
use rusqlite::Connection;

use crate::execute::unexpected;
use crate::foreign_keys::{REFERRING, is_referenced};
use crate::model::Name;

/// Looks at a table before it is dropped with foreign keys on: whether they have to be off for it. `along` are the tables
/// that are dropped right after it. What is on by the file's own word stays on, and is refused where rows would go.
pub(crate) fn needs_off(
    connection: &Connection,
    script: &Script,
    (statement, table): (&Statement, &str),
    along: &[&str],
) -> Result<bool, Diagnostic> {
    let failed = |error: rusqlite::Error| unexpected(script, &error);
    if !is_referenced(connection, table).map_err(failed)? {
        return Ok(false);
    }
    if script.foreign_keys.is_none() {
        return takes_along(connection, table, along).map_err(failed);
    }
    match references(connection, table).map_err(failed)? {
        None => Ok(false),
        Some((child, count)) => {
            let rows = if count == 1 { "row" } else { "rows" };
            let message = format!(
                "dropping `{table}` with foreign keys on would delete or change {count} {rows} of `{child}` that refer to it"
            );
            Err(Diagnostic::error("foreign-keys-drop", message)
                .at(Location::new(&script.source, script.source.first_line(statement.span)))
                .help("remove `-- dbmigrate: foreign-keys on`, so that they are kept"))
        }
    }
}

/// Whether a table is referenced by more than those that are dropped right after it. One of its own counts: `RESTRICT` would
/// forbid the drop. So does one of those with triggers, as what a cascade does to its rows fires them.
fn takes_along(connection: &Connection, table: &str, along: &[&str]) -> rusqlite::Result<bool> {
    if along.is_empty() {
        return Ok(true);
    }
    let sql = format!("SELECT DISTINCT m.name FROM {REFERRING}");
    let mut children = connection.prepare(&sql)?;
    for child in children.query_map([table], |row| row.get::<_, String>(0))? {
        let child = child?;
        if !along.iter().any(|gone| gone.eq_ignore_ascii_case(&child)) {
            return Ok(true);
        }
    }
    // A cascade goes on to the rows that refer to those of a child.
    for gone in along {
        if cascade_may_fire_triggers(connection, gone)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a cascade may reach rows of a table, by a foreign key of its own, and so fire triggers on it.
fn cascade_may_fire_triggers(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM (SELECT type, tbl_name FROM main.sqlite_schema UNION ALL \
               SELECT type, tbl_name FROM temp.sqlite_schema) WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE \
               AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(?1, 'main'))";
    connection.prepare(sql)?.exists([table])
}

/// The first table of which rows refer to this one, and how many. What a table that refers to itself takes of its own is gone
/// anyhow, unless triggers tell others of it.
fn references(connection: &Connection, table: &str) -> rusqlite::Result<Option<(String, i64)>> {
    let sql = "SELECT m.name, f.id, f.\"from\" FROM main.sqlite_schema AS m, \
               pragma_foreign_key_list(m.name, 'main') AS f WHERE m.type = 'table' AND f.\"table\" = ?1 COLLATE NOCASE \
               ORDER BY m.rowid, f.id, f.seq";
    let mut keys: Vec<(String, i64, Vec<String>)> = Vec::new();
    for row in connection.prepare(sql)?.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))? {
        let (child, id, column): (String, i64, String) = row?;
        match keys.last_mut() {
            Some((of, last, columns)) if *of == child && *last == id => columns.push(column),
            _ => keys.push((child, id, vec![column])),
        }
    }
    for (child, _, columns) in keys {
        if child.eq_ignore_ascii_case(table) && !cascade_may_fire_triggers(connection, table)? {
            continue;
        }
        let columns: Vec<_> = columns.into_iter().map(|column| Name::new(column).to_sql() + " IS NOT NULL").collect();
        let sql =
            format!("SELECT count(*) FROM main.{} WHERE {}", Name::new(child.as_str()).to_sql(), columns.join(" AND "));
        let count = connection.query_row(&sql, [], |row| row.get(0))?;
        if count > 0 {
            return Ok(Some((child, count)));
        }
    }
    Ok(None)
}
