//! What can be wrong with a database besides its schema and its rows, asked of SQLite.

use std::collections::BTreeSet;

use dbmigrate_core::{Diagnostic, Location, Script};
use rusqlite::Connection;

use crate::execute::{self, message};
use crate::model::{Event, Name, Object, Schema, Trigger};

/// Asks what a script asserts; the first that does not hold.
pub(super) fn asserts(connection: &Connection, script: &Script) -> Result<(), Diagnostic> {
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

/// Everything that SQLite finds wrong, in words.
pub(crate) fn faults(connection: &Connection, schema: &Schema) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    faults.extend(texts(connection, "PRAGMA main.integrity_check", []).into_iter().filter(|found| found != "ok"));
    for table in schema.tables() {
        let sql = "SELECT 'a row in `' || \"table\" || '` refers to no row in `' || parent || '`' \
                   FROM pragma_foreign_key_check(?1, 'main')";
        faults.extend(texts(connection, sql, [table.name.as_str()]));
    }
    let refused = |sql: &str| execute::run(connection, sql).err().map(|error| message(&error));
    for object in &schema.objects {
        let name = object.name();
        let objection = match object {
            Object::View(_) => refused(&format!("SELECT * FROM main.{} LIMIT 0", name.to_sql())),
            Object::Trigger(trigger) => explain(connection, trigger).and_then(|sql| refused(&sql)),
            Object::VirtualTable(table) if table.module == Name::new("fts5") => {
                let name = name.to_sql();
                refused(&format!("INSERT INTO main.{name} ({name}, rank) VALUES ('integrity-check', 1)"))
            }
            _ => None,
        };
        faults.extend(objection.map(|why| format!("the {} `{name}` does not work: {why}", object.kind())));
    }
    faults
}

/// A statement for which SQLite has to read the trigger, and that changes nothing.
fn explain(connection: &Connection, trigger: &Trigger) -> Option<String> {
    let table = trigger.table.to_sql();
    Some(match &trigger.event {
        Event::Insert => format!("EXPLAIN INSERT INTO main.{table} DEFAULT VALUES"),
        Event::Delete => format!("EXPLAIN DELETE FROM main.{table}"),
        Event::Update(columns) => {
            let column = match columns.first() {
                Some(column) => column.to_sql(),
                None => {
                    let sql = "SELECT name FROM pragma_table_info(?1) LIMIT 1";
                    Name::new(texts(connection, sql, [trigger.table.as_str()]).pop()?).to_sql()
                }
            };
            format!("EXPLAIN UPDATE main.{table} SET {column} = {column}")
        }
    })
}

/// A column of text; what can't be asked has no answer.
fn texts(connection: &Connection, sql: &str, params: impl rusqlite::Params) -> Vec<String> {
    let found = connection.prepare(sql).and_then(|mut it| it.query_map(params, |row| row.get(0))?.collect());
    found.unwrap_or_default()
}
