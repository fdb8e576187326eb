//! The folder of a rehearsal's copy: beside the database, locked while it is used, and gone afterwards.
//!
//! The lock is SQLite's own on a file in the folder. A process that dies lets go of it, and the next rehearsal takes
//! away what nobody holds. Only folders with exactly this name, of this user, are touched, and no link is followed.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Metadata};
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::BoxError;
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::file_lock;

/// The file that is locked.
const LOCK: &str = "lock";

/// How often a name is tried.
const ATTEMPTS: u32 = 10;

/// A folder that is locked, and removed when it is dropped.
pub(super) struct Folder<B: Backend> {
    path: PathBuf,
    /// The file of the copy.
    file: String,
    /// Holds the lock while it is open.
    lock: Option<B::Connection>,
}

impl<B: Backend> Folder<B> {
    /// Makes one beside the database, or in the system's temporary folder where there is no database file, nothing can
    /// be written beside it, or its path is no text, as SQLite takes it for that of a copy. Removes what rehearsals that
    /// died left in these two places.
    pub(super) fn new(database: Option<&Path>) -> Result<Self, Error> {
        let name = database.and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or("memory");
        let temporary = std::env::temp_dir();
        let beside = database.and_then(Path::parent).filter(|parent| parent.to_str().is_some());
        let made = beside.and_then(|parent| Self::make(parent, name).ok());
        let made = made.map_or_else(|| Self::make(&temporary, name), Ok).map_err(|cause| {
            let message = format!("could not create a folder for a copy in `{}`: {cause}", temporary.display());
            Error::new(ErrorKind::Copy, message)
                .hint("make the folder of the database writable, or set `TMPDIR` to one that is")
                .because(cause)
        })?;
        if let Ok(own) = made.path.symlink_metadata() {
            beside.into_iter().chain([&*temporary]).for_each(|parent| sweep::<B>(parent, name, &own));
        }
        Ok(made)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the copy.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(&self.file)
    }

    fn make(parent: &Path, name: &str) -> Result<Self, BoxError> {
        // No file has two contents.
        let file = if name.eq_ignore_ascii_case(LOCK) { "database" } else { name }.to_owned();
        let mut attempts = 0;
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let path = parent.join(format!("{name}.rehearsal-{}-{}", std::process::id(), now.as_micros()));
            attempts += 1;
            match private().create(&path) {
                Err(error) if error.kind() == IoErrorKind::AlreadyExists && attempts < ATTEMPTS => continue,
                made => made?,
            }
            let mut folder = Self { path, file: file.clone(), lock: None };
            match lock::<B>(&folder.path, Access::Create) {
                Ok(lock) => {
                    folder.lock = Some(lock);
                    return Ok(folder);
                }
                // A sweep may have taken it away before it was locked.
                Err(error) if attempts == ATTEMPTS => return Err(error),
                Err(_) => {}
            }
        }
    }
}

impl<B: Backend> Drop for Folder<B> {
    fn drop(&mut self) {
        remove(&self.path, self.lock.take());
    }
}

/// For nobody but this user, where the platform can say so. The temporary folder of Windows is the user's own.
fn private() -> DirBuilder {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Takes the lock of a folder, without waiting.
fn lock<B: Backend>(folder: &Path, access: Access) -> Result<B::Connection, BoxError> {
    let file = folder.join(LOCK);
    let connection = file_lock::lock::<B>(&file, access).map_err(|error| error.0.source)?;
    // Whoever had the lock before may have removed the file: a lock on what has no name keeps nobody away.
    file.symlink_metadata()?;
    Ok(connection)
}

/// Removes the folders for copies of a database of that name that nobody holds. What can't be removed stays: it is in
/// nobody's way.
fn sweep<B: Backend>(parent: &Path, name: &str, own: &Metadata) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = is_named(&entry.file_name(), name)
            && path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && is_of_same_user(&metadata, own));
        if !is_ours {
            continue;
        }
        match path.join(LOCK).symlink_metadata() {
            Ok(file) if file.is_file() => {
                if let Ok(lock) = lock::<B>(&path, Access::ReadWrite) {
                    remove(&path, Some(lock));
                }
            }
            Ok(_) => {}
            // Its owner died, or is about to lock it and makes another. This removes nothing but an empty folder.
            Err(_) => drop(fs::remove_dir(&path)),
        }
    }
}

fn is_named(file_name: &OsStr, database: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = file_name.to_str().and_then(|name| name.strip_prefix(database)?.strip_prefix(".rehearsal-"));
    rest.and_then(|rest| rest.split_once('-')).is_some_and(|(pid, time)| is_number(pid) && is_number(time))
}

/// Nobody else's folder is opened: anybody may put one into the system's temporary folder.
#[cfg(unix)]
fn is_of_same_user(folder: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    folder.uid() == own.uid()
}

#[cfg(not(unix))]
fn is_of_same_user(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Removes a folder whose lock is held. The lock goes last, so that the next sweep finds what a crash leaves here.
fn remove<C>(folder: &Path, lock: Option<C>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| entry.file_name() != LOCK) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
    }
    // While it is held, so that nobody takes what is going away; after it is let go, where an open file can't be
    // removed.
    let _ = fs::remove_file(folder.join(LOCK));
    drop(lock);
    let _ = fs::remove_file(folder.join(LOCK));
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exactly_our_names_are_ours() {
        for (name, expect) in [
            ("app.db.rehearsal-12-1700000000000000", true),
            ("app.db.rehearsal-12-", false),
            ("app.db.rehearsal--12", false),
            ("app.db.rehearsal-12", false),
            ("app.db.rehearsal-12-34.bak", false),
            ("app.db.rehearsal-12-3-4", false),
            ("app.db.rehearsal-+1-3", false),
            ("my.app.db.rehearsal-12-34", false),
            ("app.db", false),
            ("app.db2.rehearsal-12-34", false),
        ] {
            assert_eq!(is_named(OsStr::new(name), "app.db"), expect, "{name}");
        }
    }
}
