//! Whether the system lets this process write what the work on a database writes, asked without writing anything.

use std::path::Path;

use super::room;
use crate::fleet::Fault;

/// Refuses a database whose file or folder can't be written: SQLite makes its log and its journal beside it.
pub(super) fn refuse(database: &Path) -> Result<(), Fault> {
    if let Some(why) = unwritable(database) {
        return Err(Fault::new(format!("the file can't be written: {why}")).help("let this process write it"));
    }
    let real = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let folder = room::folder(&real);
    unwritable(&folder).map_or(Ok(()), |why| {
        Err(Fault::new(format!("the folder `{}` can't be written: {why}", folder.display()))
            .help("SQLite writes beside the file as well: let this process write there"))
    })
}

/// Refuses a folder for copies in which none can be made.
pub(super) fn refuse_folder(copies: &Path) -> Result<(), Fault> {
    let folder = room::existing(copies);
    unwritable(folder).map_or(Ok(()), |why| {
        Err(Fault::new(format!("no copy can be written to `{}`: {why}", folder.display()))
            .help("let this process write there, or name another folder: `--backup-dir DIR`"))
    })
}

/// What the system has against it. What it does not know is left to the work.
#[cfg(unix)]
fn unwritable(path: &Path) -> Option<rustix::io::Errno> {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    access(path, Access::WRITE_OK).err().filter(|why| matches!(*why, Errno::ACCESS | Errno::PERM | Errno::ROFS))
}

#[cfg(not(unix))]
fn unwritable(_: &Path) -> Option<std::convert::Infallible> {
    None
}
