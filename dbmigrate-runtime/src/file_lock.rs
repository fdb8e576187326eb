//! A lock that the system takes away when its process ends, however it ends: SQLite's own, on a file that is an empty
//! database.

use std::path::Path;

use crate::driver::{Access, Backend, Driver};
use crate::session::DbError;

/// Opens a file and locks it, without waiting, for as long as the connection is open.
pub(crate) fn lock<B: Backend>(path: &Path, access: Access) -> Result<B::Connection, DbError> {
    let mut connection = B::open(path, access).map_err(DbError::said)?;
    let mut driver = B::driver(&mut connection);
    // Locking an empty file makes its first page, and there is nothing to roll back from a journal on disk.
    for sql in ["PRAGMA busy_timeout = 0", "PRAGMA journal_mode = memory", "BEGIN EXCLUSIVE"] {
        driver.execute(sql).map_err(|error| DbError::new::<B::Driver<'_>>(error, sql))?;
    }
    drop(driver);
    Ok(connection)
}
