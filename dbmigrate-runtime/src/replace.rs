//! Puts a copy in the place of a file that is no database any more, or is missing.
//!
//! Nothing is overwritten: what was there is moved aside, with the log and the journal that belong to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::copy::{self, CopyReader};
use crate::driver::{Access, Backend};
use crate::error::{Error, ErrorKind};
use crate::kept::{CopyPlace, suffixed};
use crate::manage::restore::source;
use crate::migrator::Migrator;

/// Replaces the file; the path of what was there.
pub(crate) fn replace<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    copy: &Path,
) -> Result<Option<PathBuf>, Error> {
    source(migrator, copy)?;
    let by_file = |cause: io::Error| {
        Error::new(ErrorKind::Copy, format_args!("could not replace `{}`: {cause}", database.display()))
            .because(cause.into())
    };
    // Where a symbolic link leads, as SQLite would go.
    let database = fs::canonicalize(database).or_else(|_| std::path::absolute(database)).map_err(by_file)?;
    let mut connection = B::open(copy, Access::ReadOnly)
        .map_err(|cause| Error::new(ErrorKind::Copy, format_args!("could not open the copy: {cause}")))?;
    let (part, stamp) = migrator.on(&mut connection, |db| {
        let (part, stamp) = copy::begin(db, &migrator.options, &CopyPlace::beside(&database), CopyReader::Own)?;
        let model = if database.exists() { &database } else { copy };
        copy::vacuum(db, &part, Some(model), CopyReader::Own)?;
        Ok((part, stamp))
    })?;
    source(migrator, part.path())?;
    let aside = aside(&database, &stamp);
    // A log or journal of another file would be taken for that of the new one.
    let mut is_moved = false;
    for suffix in ["-journal", "-wal"] {
        is_moved |= is_done(fs::rename(suffixed(&database, suffix), suffixed(&aside, suffix))).map_err(by_file)?;
    }
    let _ = fs::remove_file(suffixed(&database, "-shm"));
    // What is there gets its other name first: a program that starts while there is no file makes an empty one.
    if fs::hard_link(&database, &aside).is_ok() {
        part.replace(&database).map_err(by_file)?;
        is_moved = true;
    } else {
        // There is none, or the file system has no links.
        is_moved |= is_done(fs::rename(&database, &aside)).map_err(by_file)?;
        part.publish([database]).map_err(by_file)?;
    }
    Ok(is_moved.then_some(aside))
}

/// Whether there was something to do it with.
fn is_done(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        result => result.map(|()| true),
    }
}

/// A name that is free, for what was there.
fn aside(database: &Path, stamp: &str) -> PathBuf {
    let first = suffixed(database, format!(".{stamp}.damaged"));
    let again = (2_u32..).map(|again| suffixed(&first, format!("-{again}")));
    let is_free =
        |path: &PathBuf| ["", "-journal", "-wal"].iter().all(|s| suffixed(path, s).symlink_metadata().is_err());
    std::iter::once(first.clone()).chain(again).find(is_free).unwrap_or(first)
}
