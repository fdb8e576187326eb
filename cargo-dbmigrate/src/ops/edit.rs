//! Changes to files that are worked out first, then written one after the other. What exists is replaced atomically;
//! what is new is there as a whole or not at all, unless the machine stops meanwhile.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// One file as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Where.
    pub(crate) path: PathBuf,
    /// The whole new text.
    pub(crate) text: String,
    /// What people are told, such as `dependencies dbmigrate-runtime and rusqlite`.
    pub(crate) what: String,
    /// Whether the file is new: then it must not exist.
    pub(crate) new: bool,
}

/// Writes all of them; a file that is new must not be there yet.
pub(crate) fn write(edits: &[Edit]) -> Result<(), CliError> {
    edits.iter().try_for_each(|edit| {
        let written = if edit.new { create(&edit.path, &edit.text) } else { replace(&edit.path, &edit.text) };
        written.map_err(|error| CliError::failure(format!("could not write `{}`: {error}", edit.path.display())))
    })
}

/// Creates a file and the folders above it, and refuses to touch one that exists.
pub(crate) fn create(path: &Path, text: &str) -> std::io::Result<()> {
    create_bytes(path, text.as_bytes())
}

/// As [`create`], of any bytes.
pub(crate) fn create_bytes(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Gives a file another name, but never that of another file, where the file system knows links.
pub(crate) fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).inspect_err(|_| {
            let _ = fs::remove_file(to);
        }),
        // Where case makes no difference, the file is there under its new name already.
        Err(_) if is_same(from, to) => fs::rename(from, to),
        Err(_) if to.symlink_metadata().is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Whether two names that differ in case alone lead to one file.
fn is_same(from: &Path, to: &Path) -> bool {
    from.as_os_str().eq_ignore_ascii_case(to.as_os_str())
        && from.canonicalize().ok().zip(to.canonicalize().ok()).is_some_and(|(from, to)| from == to)
}

/// Writes a whole file, new or not, so that nobody ever reads half of it. What is there keeps its line ends.
pub(crate) fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() { replace(path, text) } else { put_beside(path, text.as_bytes(), None) }
}

/// Replaces a file. Its line ends stay what they were.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link is kept: what it leads to is replaced.
    let path = path.canonicalize()?;
    let mut text = text.replace("\r\n", "\n");
    if fs::read_to_string(&path)?.contains("\r\n") {
        text = text.replace('\n', "\r\n");
    }
    put_beside(&path, text.as_bytes(), Some(fs::metadata(&path)?.permissions()))
}

/// Replaces a file by exactly these bytes.
pub(crate) fn replace_bytes(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    put_beside(&path, bytes, Some(fs::metadata(&path)?.permissions()))
}

/// Writes a file beside, and gives it the name.
fn put_beside(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = create_bytes(&beside, bytes)
        .and_then(|()| permissions.map_or(Ok(()), |permissions| fs::set_permissions(&beside, permissions)))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_put_as_a_whole_and_keeps_its_line_ends() {
        let folder = std::env::temp_dir().join(format!("dbmigrate-put-{:?}", std::thread::current().id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.lock");
        for (before, text, expect) in [
            (None, "a\nb\n", "a\nb\n"),
            (Some("x\n"), "a\nb\n", "a\nb\n"),
            (Some("x\r\n"), "a\nb\n", "a\r\nb\r\n"),
            (Some(""), "a\n", "a\n"),
        ] {
            let _ = fs::remove_file(&path);
            before.map(|before| fs::write(&path, before)).transpose().unwrap();
            put(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expect, "{before:?}");
        }
        // A folder can't be replaced, and nothing is left beside it.
        fs::create_dir(folder.join("b.lock")).unwrap();
        put(&folder.join("b.lock"), "a\n").unwrap_err();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_new_name_is_never_that_of_another_file() {
        let folder = std::env::temp_dir().join(format!("dbmigrate-rename-{:?}", std::thread::current().id()));
        fs::create_dir_all(&folder).unwrap();
        let [from, to, other] = ["a.sql", "b.sql", "A.sql"].map(|name| folder.join(name));
        fs::write(&from, "a").unwrap();
        fs::write(&to, "b").unwrap();
        assert_eq!(rename(&from, &to).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(["a", "b"], [&from, &to].map(|path| fs::read_to_string(path).unwrap())[..]);
        // Whether case makes a difference here or not.
        rename(&from, &other).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "a");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
