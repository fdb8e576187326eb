//! Changes to the files of a package that are made one after the other, and taken back where one fails.

use std::fs;
use std::io;
use std::path::Path;

use dbmigrate_core::Help;

use crate::error::CliError;
use crate::ops::edit;

/// One of them. Paths are relative to the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A folder is made.
    Folder(String),
    /// A folder that holds nothing any more goes.
    NoFolder(String),
    /// A file or a folder gets another name, which nothing has yet.
    Move(String, String),
    /// A new file with these bytes.
    Write(String, Vec<u8>),
    /// A file that has these bytes gets those.
    Replace(String, Vec<u8>, Vec<u8>),
    /// A file that has these bytes goes.
    Delete(String, Vec<u8>),
}

impl Change {
    /// What takes it back.
    fn inverse(self) -> Self {
        match self {
            Self::Folder(path) => Self::NoFolder(path),
            Self::NoFolder(path) => Self::Folder(path),
            Self::Move(from, to) => Self::Move(to, from),
            Self::Write(path, bytes) => Self::Delete(path, bytes),
            Self::Replace(path, from, to) => Self::Replace(path, to, from),
            Self::Delete(path, bytes) => Self::Write(path, bytes),
        }
    }

    fn make(&self, root: &Path) -> io::Result<()> {
        match self {
            Self::Folder(path) => match fs::create_dir(root.join(path)) {
                // One that was stopped at once has left it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_empty(&root.join(path)) => Ok(()),
                made => made,
            },
            Self::NoFolder(path) => fs::remove_dir(root.join(path)),
            Self::Move(from, to) => {
                let (from, to) = (root.join(from), root.join(to));
                if to.symlink_metadata().is_ok() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                // Folders have no links.
                if from.is_dir() { fs::rename(from, to) } else { edit::rename(&from, &to) }
            }
            Self::Write(path, bytes) => edit::create_bytes(&root.join(path), bytes),
            Self::Replace(path, _, bytes) => edit::replace_bytes(&root.join(path), bytes),
            Self::Delete(path, _) => fs::remove_file(root.join(path)),
        }
    }

    fn describe(&self) -> Help {
        match self {
            Self::Folder(path) => Help::from("make the folder ").file(path),
            Self::NoFolder(path) => Help::from("remove the folder ").file(path),
            Self::Move(from, to) => Help::from("move ").file(from).words(" to ").file(to),
            Self::Write(path, _) | Self::Replace(path, ..) => Help::from("write ").file(path),
            Self::Delete(path, _) => Help::from("delete ").file(path),
        }
    }
}

/// All of them, or none.
pub(super) fn apply(root: &Path, changes: &[Change]) -> Result<(), CliError> {
    for (done, change) in changes.iter().enumerate() {
        let Err(error) = change.make(root) else { continue };
        let mut failure = CliError::failure(format!("could not {}: {error}", change.describe()));
        for back in changes[..done].iter().rev().cloned().map(Change::inverse) {
            if let Err(error) = back.make(root) {
                let undo = Help::from("undo by hand what could not be undone: ").then(back.describe());
                failure = failure.help(undo.words(&format!(" ({error})")));
            }
        }
        return Err(failure);
    }
    Ok(())
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_taken_back_where_one_fails() {
        let root = std::env::temp_dir().join(format!("dbmigrate-change-{}", std::process::id()));
        fs::create_dir_all(root.join("d")).unwrap();
        for (path, text) in [("a", "1"), ("b", "2"), ("d/c", "3"), ("taken", "4")] {
            fs::write(root.join(path), text).unwrap();
        }
        let text = |path: &str| fs::read_to_string(root.join(path)).ok();
        let changes = [
            Change::Folder("new".to_owned()),
            Change::Move("a".to_owned(), "new/a".to_owned()),
            Change::Move("d".to_owned(), "new/d".to_owned()),
            Change::Replace("b".to_owned(), b"2".to_vec(), b"5".to_vec()),
            Change::Write("new/w".to_owned(), b"6".to_vec()),
            Change::Delete("new/a".to_owned(), b"1".to_vec()),
        ];
        let fails = [&changes[..], &[Change::Move("b".to_owned(), "taken".to_owned())]].concat();
        let error = apply(&root, &fails).unwrap_err();
        assert!(format!("{error:?}").contains("could not move `b` to `taken`"), "{error:?}");
        assert_eq!(["a", "b", "d/c", "taken"].map(text), ["1", "2", "3", "4"].map(|text| Some(text.to_owned())));
        assert!(!root.join("new").exists());
        apply(&root, &changes).unwrap();
        assert_eq!(["b", "new/w", "new/d/c"].map(text), ["5", "6", "3"].map(|text| Some(text.to_owned())));
        assert_eq!((text("a"), text("new/a")), (None, None));
        fs::remove_dir_all(&root).unwrap();
    }
}
