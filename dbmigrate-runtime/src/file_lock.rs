//! A lock that the system takes away when its process ends, however it ends: SQLite's own, on a file that is an empty
//! database.

use std::any::Any;
use std::path::Path;

use crate::driver::Access;
#[cfg(feature = "manage")]
use crate::driver::{Backend, Driver};
use crate::session::{DbError, Session};

/// Locking an empty file makes its first page, and there is nothing to roll back from a journal on disk.
const LOCK: [&str; 3] = ["PRAGMA busy_timeout = 0", "PRAGMA journal_mode = memory", "BEGIN EXCLUSIVE"];

/// Opens a file and locks it, without waiting, for as long as the connection is open.
#[cfg(feature = "manage")]
pub(crate) fn lock<B: Backend>(path: &Path, access: Access) -> Result<B::Connection, DbError> {
    let mut connection = B::open(path, access).map_err(DbError::other)?;
    let mut driver = B::driver(&mut connection);
    for sql in LOCK {
        driver.execute(sql).map_err(|error| DbError::new::<B::Driver<'_>>(error, sql))?;
    }
    drop(driver);
    Ok(connection)
}

/// The same through the backend of a session, until what is returned is dropped; `None` where that opens no file.
#[inline]
pub(crate) fn lock_beside(
    session: &mut dyn Session,
    path: &Path,
    access: Access,
) -> Result<Option<Box<dyn Any>>, DbError> {
    let Some(mut opened) = session.open(Some((path, access)))? else { return Ok(None) };
    let mut locked = Ok(());
    session.on(opened.as_mut(), false, &mut |file| locked = LOCK.iter().try_for_each(|sql| file.execute(sql)));
    locked.map(|()| Some(opened))
}
