//! The source of a package's files: a folder, or anything else that has names and bytes.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::source::SourceText;

/// What a name refers to; for a link, its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with bytes.
    File,
    /// A folder.
    Folder,
    /// Neither of them, such as a socket or a device.
    Other,
    /// A link without a target.
    Broken,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, or what can be shown of it if it is not UTF-8.
    pub name: std::result::Result<String, String>,
    /// What it is.
    pub kind: Kind,
    /// Whether it is a link.
    pub is_link: bool,
}

/// The files of a package. Paths are relative to it, with `/`.
pub trait Files {
    /// What lies at a path; none where nothing does.
    fn kind(&self, path: &str) -> Option<Kind>;

    /// The names in a folder, in any order.
    ///
    /// # Errors
    ///
    /// Where it is no folder, or can't be listed.
    fn list(&self, folder: &str) -> Result<Vec<Entry>>;

    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// Where it is no file, or can't be read.
    fn read(&self, path: &str) -> Result<Vec<u8>>;

    /// The text of a file; `path` is also its name in messages.
    ///
    /// # Errors
    ///
    /// A diagnostic when the file can't be read, or for what [`SourceText::from_bytes`] refuses.
    fn text(&self, path: &str) -> std::result::Result<SourceText, Diagnostic> {
        match self.read(path) {
            Ok(bytes) => SourceText::from_bytes(path, bytes),
            Err(error) => {
                Err(Diagnostic::error("unreadable-file", format!("could not read `{path}`: {error}")).in_file(path))
            }
        }
    }
}

/// A folder of the file system.
impl Files for Path {
    fn kind(&self, path: &str) -> Option<Kind> {
        let path = self.join(path);
        Some(kind_of(&path)).filter(|kind| *kind != Kind::Broken || path.symlink_metadata().is_ok())
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let folder = self.join(folder);
        let entry = |entry: std::fs::DirEntry| {
            let found = entry.file_type();
            Entry {
                // The folder itself says it, unless it is a link.
                kind: match &found {
                    Ok(found) if found.is_file() => Kind::File,
                    Ok(found) if found.is_dir() => Kind::Folder,
                    _ => kind_of(&entry.path()),
                },
                is_link: found.is_ok_and(|kind| kind.is_symlink()),
                name: entry.file_name().into_string().map_err(|name| name.to_string_lossy().into_owned()),
            }
        };
        std::fs::read_dir(folder)?.map(|found| found.map(entry)).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>> {
        std::fs::read(self.join(path))
    }
}

fn kind_of(path: &Path) -> Kind {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => Kind::File,
        Ok(metadata) if metadata.is_dir() => Kind::Folder,
        Ok(_) => Kind::Other,
        Err(_) => Kind::Broken,
    }
}

/// Files in memory, by path. The folders that contain them exist, too.
///
/// ```
/// use dbmigrate_core::files::InMemory;
///
/// let files = [("Cargo.toml", "[package]\nname = \"app\"\n"), ("migrations/001_users.sql", "CREATE TABLE users (id);\n")];
/// let loaded = dbmigrate_core::load::load_from(&InMemory::new(files));
/// assert_eq!(loaded.set.migrations[0].name(), "001_users");
/// ```
#[derive(Debug, Clone, Default)]
pub struct InMemory(BTreeMap<String, Vec<u8>>);

impl InMemory {
    /// Creates it from these files.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Files for InMemory {
    #[inline]
    fn kind(&self, path: &str) -> Option<Kind> {
        let inside = format!("{path}/");
        if self.0.contains_key(path) {
            Some(Kind::File)
        } else {
            self.0.range(inside.clone()..).next().is_some_and(|(it, _)| it.starts_with(&inside)).then_some(Kind::Folder)
        }
    }

    #[inline]
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let inside = format!("{folder}/");
        let mut entries: Vec<Entry> = Vec::new();
        for (path, _) in self.0.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside)) {
            let (name, kind) = match path[inside.len()..].split_once('/') {
                Some((name, _)) => (name, Kind::Folder),
                None => (&path[inside.len()..], Kind::File),
            };
            let entry = Entry { name: Ok(name.to_owned()), kind, is_link: false };
            // A folder's files follow one another.
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        match self.kind(folder) {
            Some(Kind::Folder) => Ok(entries),
            Some(_) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    #[inline]
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

/// The names in a folder, sorted, whatever order the file system has.
pub(crate) fn list_sorted<F: Files + ?Sized>(files: &F, folder: &str) -> Result<Vec<Entry>> {
    let mut entries = files.list(folder)?;
    entries.sort_by(by_name);
    Ok(entries)
}

fn by_name(a: &Entry, b: &Entry) -> Ordering {
    a.name.cmp(&b.name)
}

/// Where a name stands among sorted ones.
pub(crate) fn find<T>(sorted: &[(String, T)], name: &str) -> Option<usize> {
    sorted.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()
}

/// The entries whose names can be shown, in their order.
pub(crate) fn printable(entries: Vec<Entry>, dir: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, Entry)> {
    let mut named = Vec::with_capacity(entries.len());
    for entry in entries {
        let (name, why) = match &entry.name {
            Ok(name) if !name.contains(char::is_control) => {
                named.push((name.clone(), entry));
                continue;
            }
            Ok(name) => (name, "contains a control character"),
            Err(name) => (name, "is not valid UTF-8"),
        };
        let name = name.escape_debug();
        let fault = Diagnostic::error("misnamed-file", format!("the file name `{name}` {why}"));
        diagnostics.push(fault.in_file(format!("{dir}/{name}")).help("rename or move it"));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_memory_have_folders() {
        let files = InMemory::new([("a/b.sql", "x"), ("a/c/d", ""), ("a/c/e", ""), ("ab", "")]);
        let names: Vec<_> = files.list("a").unwrap().into_iter().map(|it| (it.name.unwrap(), it.kind)).collect();
        assert_eq!(names, [("b.sql".to_owned(), Kind::File), ("c".to_owned(), Kind::Folder)]);
        assert_eq!(files.kind("a"), Some(Kind::Folder));
        assert_eq!(files.kind("a/b.sql"), Some(Kind::File));
        assert_eq!(files.kind("b"), None);
        assert_eq!(files.list("ab").unwrap_err().kind(), ErrorKind::NotADirectory);
        assert_eq!(files.list("b").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(files.read("a/b.sql").unwrap(), b"x");
        assert_eq!(files.text("a").unwrap_err().code, "unreadable-file");
    }
}
