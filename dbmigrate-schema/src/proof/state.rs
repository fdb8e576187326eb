//! What can be wrong with a database besides its schema and its rows, asked of SQLite.

use std::collections::BTreeSet;

use dbmigrate_core::{Diagnostic, Location, Script};
use rusqlite::Connection;

use crate::execute::{self, message};
use crate::model::{Event, Name, Object, Schema, Trigger};

/// Asks what a script asserts; the first that does not hold.
pub(crate) fn asserts(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
    for assert in &script.asserts {
        let sql = script.source.slice(assert.span);
        // That it is one value at all is looked at when the script runs.
        let held = connection.query_row(&format!("SELECT ({sql}\n) IS TRUE"), [], |row| row.get(0));
        let place = || Location::new(&script.source, script.source.first_line(assert.span));
        match held {
            Ok(true) => {}
            Ok(false) => return Err(Diagnostic::error("assertion", "this assertion does not hold").at(place())),
            Err(error) => return Err(execute::blame(script, assert.span, &error)),
        }
    }
    Ok(())
}

/// Whether `integrity_check` says something that a statement could have caused. Text that looks like a number is where a
/// statement puts it, and SQLite also takes other text for that.
fn is_fault(found: &String) -> bool {
    found != "ok" && !found.starts_with("TEXT value in ") && !found.starts_with("NUMERIC value in ")
}

/// Everything that SQLite finds wrong, in words.
pub(crate) fn faults(connection: &Connection, schema: &Schema) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    faults.extend(texts(connection, "PRAGMA main.integrity_check", []).into_iter().filter(is_fault));
    for table in schema.tables() {
        let sql = "SELECT 'a row in `' || \"table\" || '` refers to no row in `' || parent || '`' \
                   FROM pragma_foreign_key_check(?1, 'main')";
        match column(connection, sql, [table.name.as_str()]) {
            Ok(orphans) => faults.extend(orphans),
            Err(error) if table.foreign_keys().next().is_some() => {
                let why = message(&error);
                faults.insert(format!("the foreign keys of `{}` can't be checked: {why}", table.name));
            }
            Err(_) => {}
        }
    }
    let refused = |sql: &str| execute::run(connection, sql).err().map(|error| message(&error));
    for object in &schema.objects {
        let name = object.name();
        let objection = match object {
            Object::View(_) | Object::Trigger(_) => use_of(connection, object).and_then(|sql| refused(&sql)),
            Object::VirtualTable(table) if table.module == Name::new("fts5") => {
                let name = name.to_sql();
                refused(&format!("INSERT INTO main.{name} ({name}, rank) VALUES ('integrity-check', 1)"))
            }
            Object::VirtualTable(table) if table.module == Name::new("fts4") => {
                let name = name.to_sql();
                refused(&format!("INSERT INTO main.{name} ({name}) VALUES ('integrity-check')"))
            }
            _ => None,
        };
        faults.extend(objection.map(|why| format!("the {} `{name}` does not work: {why}", object.kind())));
    }
    faults
}

/// A statement for which SQLite has to read a view or a trigger, and that changes nothing.
pub(super) fn use_of(connection: &Connection, object: &Object) -> Option<String> {
    match object {
        Object::View(view) => Some(format!("SELECT * FROM main.{} LIMIT 0", view.name.to_sql())),
        Object::Trigger(trigger) => explain(connection, trigger),
        _ => None,
    }
}

fn explain(connection: &Connection, trigger: &Trigger) -> Option<String> {
    let table = trigger.table.to_sql();
    Some(match &trigger.event {
        Event::Insert => format!("EXPLAIN INSERT INTO main.{table} DEFAULT VALUES"),
        Event::Delete => format!("EXPLAIN DELETE FROM main.{table}"),
        Event::Update(columns) => {
            // What is computed can't be set, and is not listed here.
            let plain = texts(connection, "SELECT name FROM pragma_table_info(?1)", [trigger.table.as_str()]);
            let mut plain = plain.into_iter().map(Name::new);
            let column = plain.find(|column| columns.is_empty() || columns.contains(column))?.to_sql();
            format!("EXPLAIN UPDATE main.{table} SET {column} = {column}")
        }
    })
}

/// A column of text; what can't be asked has no answer.
fn texts(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Vec<String> {
    column(connection, sql, params).unwrap_or_default()
}

fn column(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map(params, |row| row.get(0))?.collect()
}
