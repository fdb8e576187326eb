//! Private databases in memory, with stand-ins for what the program registers.

use std::time::Duration;

use dbmigrate_core::config::Stubs;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::functions::FunctionFlags;

/// An empty database.
pub(crate) fn open(stubs: &Stubs) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    register(&connection, stubs)?;
    Ok(connection)
}

/// Another database, with the same contents.
pub(crate) fn copy(connection: &Connection, stubs: &Stubs) -> rusqlite::Result<Connection> {
    let mut copy = open(stubs)?;
    Backup::new(connection, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(copy)
}

/// Registers stand-ins for the names that only the program knows. A function returns NULL, because its result is not
/// known.
///
/// # Errors
///
/// If SQLite does not accept a name.
pub fn register(connection: &Connection, stubs: &Stubs) -> rusqlite::Result<()> {
    // As an index, a generated column or a view may use it.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for name in &stubs.functions {
        connection.create_scalar_function(name.as_str(), -1, flags, |_| Ok(None::<i64>))?;
    }
    for name in &stubs.collations {
        connection.create_collation(name.as_str(), Ord::cmp)?;
    }
    Ok(())
}

/// How to have a name stood in for, where that is what SQLite misses.
pub(crate) fn help(why: &str) -> Option<String> {
    let missing = [("no such function: ", "functions"), ("no such collation sequence: ", "collations")];
    let (name, key) = missing.into_iter().find_map(|(what, key)| Some((why.strip_prefix(what)?, key)))?;
    let table = "[package.metadata.migrations]";
    Some(format!("if the program registers `{name}`: `replay.{key} = [\"{name}\"]` under `{table}` in `Cargo.toml`"))
}
