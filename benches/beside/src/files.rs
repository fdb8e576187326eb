//! Files that change only when their text does, so that cargo builds only what has changed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Makes the folder hold these files and nothing else. Tells whether it did not before.
///
/// # Errors
///
/// Whatever the file system says.
pub fn write_folder<'a>(folder: &Path, files: impl Iterator<Item = (PathBuf, &'a str)>) -> io::Result<bool> {
    let mut wanted = BTreeSet::new();
    let mut changed = false;
    for (path, text) in files {
        let path = folder.join(path);
        changed |= write(&path, text)?;
        wanted.insert(path);
    }
    for path in below(folder)? {
        if !wanted.contains(&path) {
            fs::remove_file(&path)?;
            changed = true;
            // Whose folder has no other file.
            if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
                let _ = fs::remove_dir(parent);
            }
        }
    }
    Ok(changed)
}

/// Writes a text where another one or none stands, with the folders above it. Tells whether it did.
///
/// # Errors
///
/// Whatever the file system says.
pub fn write(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)?;
    Ok(true)
}

/// All files below a folder.
///
/// # Errors
///
/// Whatever the file system says.
pub fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// A folder that is not there, or is gone now.
///
/// # Errors
///
/// Whatever the file system says.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A database is gone, with what SQLite lays beside it.
///
/// # Errors
///
/// Whatever the file system says.
pub fn remove_database(path: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(Path::new(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
