//! Asks every view once: SQLite takes a view that makes no sense, and says so only to those who read it.

use dbmigrate_core::repeatable::ObjectKind;
use dbmigrate_core::{Diagnostic, Location, Repeatable};
use rusqlite::Connection;

use crate::execute::{message, run};
use crate::scratch;

/// What SQLite says of the views that can't be read. One that a repeatable makes is blamed on its place there.
pub(crate) fn ask(connection: &Connection, repeatables: &[Repeatable]) -> rusqlite::Result<Vec<Diagnostic>> {
    // SQLite itself quotes the names.
    let sql = "SELECT name, printf('SELECT * FROM main.\"%w\" LIMIT 0', name) FROM main.sqlite_schema \
               WHERE type = 'view' ORDER BY rowid";
    let views: rusqlite::Result<Vec<(String, String)>> =
        connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect();
    let broken = views?.into_iter().filter_map(|(view, read)| Some((view, run(connection, &read).err()?)));
    Ok(broken.map(|(view, error)| finding(&view, &message(&error), repeatables)).collect())
}

/// The code of what is said of a view that makes no sense.
pub(crate) const BROKEN: &str = "broken-view";

/// What is said of a view that can't be read.
pub(crate) fn message_about(view: &str, why: &str) -> String {
    format!("the view `{view}` can't be read: {why}")
}

/// Whether all that is missing may be there in the program, which registers it.
pub(crate) fn wants_program(why: &str) -> bool {
    ["no such function", "no such collation sequence", "no such module"].iter().any(|what| why.starts_with(what))
}

fn finding(view: &str, why: &str, repeatables: &[Repeatable]) -> Diagnostic {
    let message = message_about(view, why);
    let finding = if wants_program(why) {
        let warning = Diagnostic::warning(BROKEN, message).note("a replay does not have what the program registers");
        scratch::help(why).into_iter().fold(warning, Diagnostic::help)
    } else {
        Diagnostic::error(BROKEN, message)
    };
    let mut made = repeatables.iter().flat_map(|it| it.objects.iter().map(move |object| (&it.script, object)));
    let made = made.find(|(_, object)| object.kind == ObjectKind::View && object.name.eq_ignore_ascii_case(view));
    match made {
        Some((script, object)) => finding
            .at(Location::new(&script.source, script.source.first_line(object.statement)))
            .help("correct its SELECT"),
        None => finding.help("recreate it in a migration: `cargo dbmigrate create NAME`"),
    }
}
