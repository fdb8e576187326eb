//! Whether the process that runs a step without a transaction is still alive.
//!
//! Who runs such a step holds a lock on a file beside the database that the system takes away when the process ends,
//! however it ends. SQLite's own locks are such, so the file is an empty database, opened through the backend. Who
//! finds the step begun asks for the lock: if it can be had, its owner is dead.
//!
//! The file is made and removed under the write lock of the database only, so that it can't be removed from under an
//! owner. What a dead process left does no harm: it says that its owner is dead, until the step is settled. Where no
//! file can be locked (in memory, in a folder that can't be written, on a plain driver), nobody can tell.

use std::any::Any;
use std::path::PathBuf;

use crate::db::Db;
use crate::driver::Access;
use crate::error::Error;
use crate::file_lock::lock_beside;
use crate::kept::suffixed;
use crate::set::Set;

/// Who runs a step.
#[derive(PartialEq)]
pub(crate) enum Owner {
    /// A process that still does.
    Alive,
    /// One that is gone.
    Dead,
    /// Nobody can tell.
    Unknown,
}

/// The lock, held.
pub(crate) struct StepLock {
    path: PathBuf,
    held: Box<dyn Any>,
}

impl StepLock {
    /// Takes the lock, where there can be one. The caller holds the write lock of the database.
    #[inline]
    pub(crate) fn take(db: &mut Db<'_>, set: &Set<'_>) -> Result<Option<Self>, Error> {
        let Some(path) = path(db, set)? else { return Ok(None) };
        // Only who looks whether it is free can be in the way, for a moment.
        match db.patiently(|session| lock_beside(session, &path, Access::Create)) {
            Ok(Some(held)) => Ok(Some(Self { path, held })),
            Ok(None) | Err(_) => {
                // What a dead process left must not speak for this one.
                let _ = std::fs::remove_file(&path);
                Ok(None)
            }
        }
    }

    /// Gives it up: the step is over. The caller holds the write lock of the database.
    #[inline]
    pub(crate) fn release(self) {
        // Some systems don't remove what is open.
        drop(self.held);
        let _ = std::fs::remove_file(self.path);
    }
}

/// Who runs the step that the history says is begun.
#[inline]
pub(crate) fn owner(db: &mut Db<'_>, set: &Set<'_>) -> Result<Owner, Error> {
    let Some(path) = path(db, set)? else { return Ok(Owner::Unknown) };
    Ok(match lock_beside(db.session(), &path, Access::ReadWrite) {
        Ok(Some(_)) => Owner::Dead,
        Err(error) if error.busy => Owner::Alive,
        Ok(None) | Err(_) => Owner::Unknown,
    })
}

/// The file to lock. Each history has one of its own, and at most one step that is begun.
#[inline]
pub(crate) fn path(db: &mut Db<'_>, set: &Set<'_>) -> Result<Option<PathBuf>, Error> {
    let Some(database) = db.file()?.filter(|file| file.is_file()) else { return Ok(None) };
    let mut suffix = format!(".dbmigrate-step-{}", file_name(set.table));
    if !set.name.is_empty() {
        suffix.push_str(&format!("-{}", file_name(set.name)));
    }
    Ok(Some(suffixed(&database, suffix)))
}

/// A name as any file system takes it; SQLite does not tell upper from lower case.
#[inline]
fn file_name(name: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    name.to_ascii_lowercase().bytes().map(letter).collect()
}
