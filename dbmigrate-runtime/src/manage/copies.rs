//! Copies on request.

use std::io;
use std::path::{Path, PathBuf};

use crate::copy::{self, CopyReader};
use crate::db::Db;
use crate::driver::Backend;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::kept::{self, CopyPlace, Kept};
use crate::migrator::Migrator;
use crate::options::Options;

/// Writes a copy to a file that must not be there.
fn copy_to(db: &mut Db<'_>, history: &History<'_>, options: &Options, path: &Path) -> Result<(), Error> {
    db.refuse_open_transaction()?;
    let shown = path.display();
    let taken =
        || Error::new(ErrorKind::Copy, format_args!("`{shown}` exists")).hint("name a file that does not exist");
    if path.symlink_metadata().is_ok() {
        return Err(taken());
    }
    // An absolute path is no URI and no name that SQLite takes for something else.
    let no_path = |cause| copy::by_file(&format!("`{shown}` is not a path for a copy"), cause);
    let path = std::path::absolute(path).map_err(no_path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        return Err(Error::new(ErrorKind::Copy, format_args!("there is no folder for the copy `{shown}`"))
            .hint(format_args!("`{}` is not a folder: create it, or correct the path", folder.display())));
    }
    let (part, _) = copy::begin(db, options, &CopyPlace::beside(&path), CopyReader::Own)?;
    copy::write(db, history, &part, CopyReader::Own)?;
    match part.publish([path]) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Err(taken()),
        result => result.map(drop).map_err(|cause| copy::by_file(&format!("could not name the copy `{shown}`"), cause)),
    }
}

impl CopyPlace {
    /// As [`CopyPlace::list`], with an error that says where.
    pub(crate) fn kept(&self) -> Result<Vec<Kept>, Error> {
        self.list()
            .map_err(|cause| copy::by_file(&format!("could not read the folder `{}`", self.dir.display()), cause))
    }
}

impl<B: Backend> Migrator<'_, B> {
    /// Makes a copy of the database now, according to [`Migrator::backup`], and returns its path. Without such rules,
    /// three copies are kept, beside the database.
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] if the copy cannot be made or is not valid; then nothing of it remains.
    pub fn back_up(&self, connection: &mut B::Connection) -> Result<PathBuf, Error> {
        self.on(connection, |db| {
            db.refuse_open_transaction()?;
            let path = copy::keep(db, &History::new(self.set()?), &self.options, CopyReader::Own)?;
            kept::rotate(&path, self.options.copies().keep, true);
            Ok(path)
        })
    }

    /// Returns the existing copies of the database, newest first: those made by [`Migrator::back_up`] and by runs with
    /// [`Migrator::backup`].
    ///
    /// # Errors
    ///
    /// [`Error::is_copy`] if the folder cannot be read.
    pub fn backups(&self, connection: &mut B::Connection) -> Result<Vec<Kept>, Error> {
        self.on(connection, |db| copy::place(db, &self.options.copies())?.kept())
    }

    /// Writes a consistent copy of the database to a new file, and checks it.
    ///
    /// # Errors
    ///
    /// If the path exists, or an error of the database.
    pub fn copy_to(&self, connection: &mut B::Connection, path: &Path) -> Result<(), Error> {
        let history = History::new(self.set()?);
        self.on(connection, |db| copy_to(db, &history, &self.options, path))
    }
}
