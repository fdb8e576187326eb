//! Foreign keys while a database is filled: which rows there are to refer to, and what to do where there are none.

use std::collections::HashSet;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, params_from_iter};

use super::Judge;
use super::row::rowid_name;
use crate::cell::Cell;
use crate::model::{ForeignKey, Name, Schema, Table};

/// The tables, each behind those that it refers to; in a cycle one has to be the first.
pub(super) fn parents_first(schema: &Schema) -> Vec<&Table> {
    let mut order: Vec<&Table> = Vec::new();
    let mut seen = HashSet::new();
    for table in schema.tables() {
        // Each with the parents that are still to be looked at; no recursion, as a chain may be long.
        let mut path = Vec::new();
        if seen.insert(&table.name) {
            path.push((table, table.foreign_keys()));
        }
        while let Some((table, parents)) = path.last_mut() {
            match parents.next() {
                Some(key) => {
                    if let Some(parent) = schema.table(&key.parent).filter(|parent| seen.insert(&parent.name)) {
                        path.push((parent, parent.foreign_keys()));
                    }
                }
                None => {
                    order.push(table);
                    path.pop();
                }
            }
        }
    }
    order
}

/// The keys that a reference may name: those of the parent's rows that hold no NULL.
pub(super) fn keys(connection: &Connection, schema: &Schema, key: &ForeignKey) -> Vec<Vec<Cell>> {
    let Some(columns) = parent_columns(schema, key) else { return Vec::new() };
    let names: Vec<_> = columns.iter().map(|name| name.to_sql()).collect();
    let no_nulls: Vec<_> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
    let (names, no_nulls) = (names.join(", "), no_nulls.join(" AND "));
    let sql = format!("SELECT {names} FROM main.{} WHERE {no_nulls} LIMIT 20", key.parent.to_sql());
    let count = columns.len();
    let rows = connection.prepare(&sql).and_then(|mut it| {
        it.query_map([], |row| (0..count).map(|at| Ok(Cell::from(row.get_ref(at)?))).collect())?.collect()
    });
    // A parent that is not there, or has no such column, has no keys.
    rows.unwrap_or_default()
}

/// The columns that a reference names, or means.
pub(crate) fn parent_columns<'a>(schema: &'a Schema, key: &'a ForeignKey) -> Option<Vec<&'a Name>> {
    if !key.parent_columns.is_empty() {
        return Some(key.parent_columns.iter().collect());
    }
    let primary = schema.table(&key.parent)?.primary_key()?;
    Some(primary.columns.iter().map(|column| &column.name).collect())
}

/// Lets rows that refer to nothing refer to something, or takes them away, until none is left.
pub(super) fn settle(connection: &Connection, schema: &Schema, judge: &mut Judge<'_>) -> rusqlite::Result<()> {
    let children: Vec<&Table> = schema.tables().filter(|table| table.foreign_keys().next().is_some()).collect();
    for table in &children {
        for (rowid, key) in violations(connection, table) {
            if let (Some(rowid), Some(key)) = (rowid, key) {
                refer(connection, schema, table, rowid, key, judge)?;
            }
        }
    }
    // A row that goes may be one that another refers to; each round takes some away, or is the last. Triggers that bring
    // such rows back are not run for ever.
    for round in 0.. {
        let mut gone = 0;
        for table in &children {
            let violations = violations(connection, table);
            let rows: Option<Vec<i64>> = violations.iter().map(|(rowid, _)| *rowid).collect();
            let name = table.name.to_sql();
            let mut delete = |sql: &str, rows: &[i64]| {
                let with_triggers = round <= children.len() && delete(connection, table, sql, rows, judge)?;
                if with_triggers { Ok(1) } else { without_triggers(connection, sql, rows) }
            };
            gone += match (violations.is_empty(), rows, rowid_name(table)) {
                (true, ..) => 0,
                (_, Some(rows), Some(rowid)) => {
                    let places = vec!["?"; rows.len()].join(", ");
                    delete(&format!("DELETE FROM main.{name} WHERE {rowid} IN ({places})"), &rows)?
                }
                // Nothing tells the rows apart.
                _ => delete(&format!("DELETE FROM main.{name}"), &[])?,
            };
        }
        if gone == 0 {
            break;
        }
    }
    Ok(())
}

/// Takes rows away, unless a trigger or the judge of what it did objects.
fn delete(
    connection: &Connection,
    table: &Table,
    sql: &str,
    rows: &[i64],
    judge: &mut Judge<'_>,
) -> rusqlite::Result<bool> {
    connection.execute_batch("SAVEPOINT dbmigrate_orphans")?;
    let gone =
        connection.execute(sql, params_from_iter(rows)).is_ok_and(|gone| gone > 0) && judge(connection, table).is_ok();
    if connection.is_autocommit() {
        // A trigger has rolled back everything, the savepoint included.
        return Ok(false);
    }
    let end = if gone { "" } else { "ROLLBACK TO dbmigrate_orphans; " };
    connection.execute_batch(&format!("{end}RELEASE dbmigrate_orphans"))?;
    Ok(gone)
}

fn without_triggers(connection: &Connection, sql: &str, rows: &[i64]) -> rusqlite::Result<usize> {
    let triggers = |on| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, on);
    triggers(false)?;
    let gone = connection.execute(sql, params_from_iter(rows));
    triggers(true)?;
    gone
}

/// The first table in which a row of this one finds nothing to refer to; those that are still to be filled don't count.
pub(super) fn missed<'a>(connection: &Connection, table: &'a Table, later: &[&Table]) -> Option<&'a Name> {
    table.foreign_keys().next()?;
    let parents = violations(connection, table).into_iter().filter_map(|(_, key)| Some(&key?.parent));
    parents.into_iter().find(|parent| !later.iter().any(|table| table.name == **parent))
}

/// The rows of a table that refer to nothing, and by which key. A key that SQLite can't check is a state of the schema.
fn violations<'a>(connection: &Connection, table: &'a Table) -> Vec<(Option<i64>, Option<&'a ForeignKey>)> {
    let keys: Vec<_> = table.foreign_keys().collect();
    let found = connection
        .prepare("SELECT rowid, fkid FROM pragma_foreign_key_check(?1, 'main')")
        .and_then(|mut it| it.query_map([table.name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect());
    let found: Vec<(Option<i64>, u32)> = found.unwrap_or_default();
    // SQLite counts from the last one.
    found.into_iter().map(|(rowid, id)| (rowid, keys.iter().rev().nth(id as usize).copied())).collect()
}

/// What a trigger, a unique key or the judge refuses stays as it is.
fn refer(
    connection: &Connection,
    schema: &Schema,
    table: &Table,
    rowid: i64,
    key: &ForeignKey,
    judge: &mut Judge<'_>,
) -> rusqlite::Result<()> {
    let Some(rowid_name) = rowid_name(table) else { return Ok(()) };
    let parents = keys(connection, schema, key);
    let names: Vec<_> = key.columns.iter().map(|name| format!("{} = ?", name.to_sql())).collect();
    let sql = format!("UPDATE main.{} SET {} WHERE {rowid_name} = {rowid}", table.name.to_sql(), names.join(", "));
    let start = usize::try_from(rowid).unwrap_or(0);
    for at in 0..parents.len() {
        let parent = &parents[(start + at) % parents.len()];
        connection.execute_batch("SAVEPOINT dbmigrate_reference")?;
        let refers = connection.execute(&sql, params_from_iter(parent)).is_ok() && judge(connection, table).is_ok();
        if connection.is_autocommit() {
            // A trigger has rolled back everything, the savepoint included.
            return Ok(());
        }
        let end = if refers { "" } else { "ROLLBACK TO dbmigrate_reference; " };
        connection.execute_batch(&format!("{end}RELEASE dbmigrate_reference"))?;
        if refers {
            break;
        }
    }
    Ok(())
}
