//! Reads a database that SQLite can't open the usual way: one with a write-ahead log in a folder where nothing can be
//! written, so that the log's companions can't be made.
//!
//! Without a log file there is nothing beside the database to miss, and it can be read as it lies there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::paths::percent;

/// What is said then.
pub(crate) const AS_IT_LIES: &str = "nothing can be written beside the database: it is read as it is";

/// The connection, where only this way is left.
pub(crate) fn open(path: &Path) -> Option<Connection> {
    // What lies in a log or in the journal of a crashed writer would be missed. Opening a pipe would wait for a writer.
    if !path.is_file() || ["-wal", "-journal"].iter().any(|suffix| companion(path, suffix).exists()) {
        return None;
    }
    let error = read(path, OpenFlags::SQLITE_OPEN_READ_ONLY).err()?;
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => read_immutable(path),
        _ => None,
    }
}

/// The name of a file that SQLite keeps beside a database.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn read_immutable(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    read(Path::new(&immutable_uri(path)?), flags).ok()
}

fn read(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    // Whether to wait for others is for the runner to say.
    connection.busy_timeout(Duration::ZERO)?;
    // SQLite looks at the file only when it is asked something.
    connection.query_row("PRAGMA schema_version", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

fn immutable_uri(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let path = path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
    let mut uri = String::from("file://");
    if !path.starts_with('/') {
        uri.push('/');
    }
    uri.push_str(&percent(&path));
    Some(uri + "?immutable=1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_read_and_nothing_appears_beside_it() {
        let folder = std::env::temp_dir().join(format!("dbmigrate-open-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("50% off? #1 größe.db");
        Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a);").unwrap();
        let tables = |connection: Connection| {
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(read_immutable(&path).map(tables), Some(1));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        // The usual way works here, so this one is not taken.
        assert!(open(&path).is_none());
        assert!(open(&folder.join("missing.db")).is_none());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
