//! Whether two databases hold the same: every object by its text, every row with its rowid, how far ids were counted.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::rows::{Layout, counted};
use super::virtual_table::contents;
use super::{Object, objects};
use crate::cell::Cell;

/// At most this many differences are named.
const SHOWN: usize = 20;

/// How `found` differs from `expected`; each difference is a sentence without a period.
pub(crate) fn differences(expected: &Connection, found: &Connection) -> rusqlite::Result<Vec<String>> {
    differences_but(expected, found, &[])
}

/// How `found` differs from `expected`, to the last bit of every row; each difference is a sentence without a period.
/// Rows of the tables in `but` are not compared.
///
/// # Errors
///
/// If a database cannot be read.
pub fn differences_but(expected: &Connection, found: &Connection, but: &[&str]) -> rusqlite::Result<Vec<String>> {
    let mut differences = Vec::new();
    let (wanted, there) = (by_name(objects(expected)?), by_name(objects(found)?));
    for (key, object) in &wanted {
        let what = format!("{} `{}`", key.0, key.1);
        match there.get(key) {
            None => differences.push(format!("{what} is missing")),
            Some(other) if (&other.sql, &other.table) != (&object.sql, &object.table) => {
                differences.push(format!("{what} has another text"));
            }
            Some(_) => {}
        }
    }
    differences.extend(
        there.keys().filter(|key| !wanted.contains_key(key)).map(|key| format!("{} `{}` also exists", key.0, key.1)),
    );
    if !differences.is_empty() {
        differences.truncate(SHOWN);
        return Ok(differences);
    }
    let has_rows = |object: &&Object| object.kind == "table" && !object.is_shadow && !object.is_internal();
    for object in wanted.values().filter(has_rows).filter(|object| !but.contains(&object.name.as_str())) {
        let read = |connection: &Connection| match &object.sql {
            Some(sql) if object.is_virtual => contents(connection, object, sql),
            _ => Layout::of(connection, object)?.read(connection),
        };
        let (wanted, there) = (read(expected)?, read(found)?);
        let other = wanted.iter().zip(&there).find(|(wanted, there)| !is_same(wanted, there));
        let name = &object.name;
        if wanted.len() != there.len() {
            differences.push(format!("table `{name}` has {} rows, not {}", there.len(), wanted.len()));
        } else if let Some((wanted, there)) = other {
            differences.push(format!("table `{name}` has the row {} and not {}", show(there), show(wanted)));
        }
    }
    let (wanted, there) = (counted(expected)?, counted(found)?);
    if wanted != there {
        let other = wanted.iter().find(|it| !there.contains(it)).or(there.iter().find(|it| !wanted.contains(it)));
        let table = other.map_or("", |(name, _)| name.as_str());
        differences.push(format!("the ids of `{table}` are counted from another number"));
    }
    for pragma in ["user_version", "application_id"] {
        let value = |connection: &Connection| {
            connection.query_row(&format!("PRAGMA main.{pragma}"), [], |row| row.get::<_, i64>(0))
        };
        let (wanted, there) = (value(expected)?, value(found)?);
        if wanted != there {
            differences.push(format!("`{pragma}` is {there}, not {wanted}"));
        }
    }
    differences.truncate(SHOWN);
    Ok(differences)
}

fn by_name(objects: Vec<Object>) -> BTreeMap<(String, String), Object> {
    // That it is there says nothing: with a history it always is. What it counts is compared apart.
    let objects = objects.into_iter().filter(|object| object.name != "sqlite_sequence");
    objects.map(|object| ((object.kind.clone(), object.name.clone()), object)).collect()
}

/// To the last bit.
fn is_same(one: &[Cell], other: &[Cell]) -> bool {
    let same = |(one, other): (&Cell, &Cell)| match (one, other) {
        (Cell::Real(one), Cell::Real(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn show(row: &[Cell]) -> String {
    format!("({})", row.iter().map(Cell::to_string).collect::<Vec<_>>().join(", "))
}
