//! Takes away what a repeatable is about to make, as the runner does before it runs the file.

use dbmigrate_core::repeatable::{Object, ObjectKind};
use dbmigrate_core::{Diagnostic, Location, Repeatable};
use rusqlite::Connection;

use crate::execute::{blame, run, unexpected};

/// Drops the objects of `repeatable`, where they exist. A view takes its triggers with it: another file's would be lost.
pub(crate) fn take_away(connection: &Connection, repeatable: &Repeatable) -> Result<(), Diagnostic> {
    let script = &repeatable.script;
    for object in &repeatable.objects {
        if object.kind == ObjectKind::View {
            lose_no_trigger(connection, repeatable, object)?;
        }
        // SQLite itself quotes the name.
        let drop = "SELECT printf('DROP %s IF EXISTS main.\"%w\"', ?1, ?2)";
        let drop = connection.query_row(drop, (object.kind.to_string(), &object.name), |row| row.get::<_, String>(0));
        let drop = drop.map_err(|error| unexpected(script, &error))?;
        run(connection, &drop).map_err(|error| blame(script, object.statement, &error))?;
    }
    Ok(())
}

fn lose_no_trigger(connection: &Connection, repeatable: &Repeatable, view: &Object) -> Result<(), Diagnostic> {
    let script = &repeatable.script;
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE";
    let triggers: rusqlite::Result<Vec<String>> =
        connection.prepare(sql).and_then(|mut it| it.query_map([&view.name], |row| row.get(0))?.collect());
    let triggers = triggers.map_err(|error| unexpected(script, &error))?;
    let is_ours = |name: &String| {
        let mut objects = repeatable.objects.iter();
        objects.any(|object| object.kind == ObjectKind::Trigger && object.name.eq_ignore_ascii_case(name))
    };
    match triggers.iter().find(|name| !is_ours(name)) {
        None => Ok(()),
        Some(trigger) => {
            let message =
                format!("the view `{}` has a trigger `{trigger}`, which this file does not create", view.name);
            Err(Diagnostic::error("lost-trigger", message)
                .at(Location::new(&script.source, script.source.first_line(view.statement)))
                .note("recreating a view drops its triggers")
                .help(format!("put `CREATE TRIGGER {trigger} …` into this file as well"))
                .help("or have a migration drop it: `cargo dbmigrate create NAME`"))
        }
    }
}
