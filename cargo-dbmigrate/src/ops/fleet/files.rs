//! Which files a fleet is: what patterns and lists name, each file once. No database is opened here.
//!
//! A pattern is understood by the `glob` crate, name by name. The walk is our own: the crate's leaves out what it can't
//! read and names that are not UTF-8, and a tenant that is forgotten is what this tool is against.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use dbmigrate_runtime::cli::belongs_to_another;
use glob::Pattern;

use crate::error::CliError;

/// What was named on the command line.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    /// The patterns.
    pub(crate) patterns: &'a [String],
    /// The file that holds a list; `-` for stdin.
    pub(crate) list: Option<&'a Path>,
    /// Whether a zero byte ends each name in the list, and not the line.
    pub(crate) null: bool,
}

/// The files of a fleet.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files, in the order in which they were named; those of one pattern by name.
    pub(crate) files: Vec<PathBuf>,
    /// How many files a pattern met that belong to a database and are none.
    pub(crate) beside: usize,
    /// How many were named again, perhaps under another name.
    pub(crate) twice: usize,
}

/// Finds them. What can't be read is an error, and so is a pattern or a list that names nothing.
pub(crate) fn find(named: &Named<'_>) -> Result<Found, CliError> {
    let mut found = Found::default();
    let mut known = HashMap::new();
    for pattern in named.patterns {
        let matches = matches(pattern)?;
        let (beside, files): (Vec<_>, Vec<_>) = matches.into_iter().partition(|path| belongs_to_another(path));
        found.beside += beside.len();
        if files.is_empty() {
            let error = CliError::failure(format!("`{pattern}` names no database"));
            return Err(match beside.first() {
                Some(beside) => error.help(format!("`{}` is none: it belongs to one", beside.display())),
                None => error.help("quote the pattern, so that it is not the shell that reads it; `**/` is any folder"),
            });
        }
        files.into_iter().for_each(|file| found.add(file, &mut known));
    }
    if let Some(list) = named.list {
        let listed = listed(list, named.null)?;
        if listed.is_empty() {
            return Err(CliError::failure(format!("{} names no database", shown(list))));
        }
        listed.into_iter().for_each(|file| found.add(file, &mut known));
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, file: PathBuf, known: &mut HashMap<Identity, usize>) {
        match known.entry(Identity::of(&file)) {
            Entry::Vacant(vacant) => {
                vacant.insert(self.files.len());
                self.files.push(file);
            }
            Entry::Occupied(first) => {
                self.twice += 1;
                // People know it by its own name, and not by that of a link to it.
                let first = &mut self.files[*first.get()];
                if first.is_symlink() && !file.is_symlink() {
                    *first = file;
                }
            }
        }
    }
}

/// What tells whether two names are one file.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// Its place on its device, whatever it is called.
    #[cfg(unix)]
    Inode(u64, u64),
    /// The name that is left when links are followed.
    Path(PathBuf),
}

impl Identity {
    fn of(path: &Path) -> Self {
        #[cfg(unix)]
        if let Ok(metadata) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt as _;
            return Self::Inode(metadata.dev(), metadata.ino());
        }
        // A file that is not there is told so later.
        Self::Path(fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned()))
    }
}

/// The files that a pattern names, by name. Folders and what else is no file is none of them.
fn matches(pattern: &str) -> Result<BTreeSet<PathBuf>, CliError> {
    let wrong = |why: &dyn std::fmt::Display| CliError::usage(format!("`{pattern}` is no pattern: {why}"));
    // The whole as the crate reads it, so that its errors are said of it.
    Pattern::new(pattern).map_err(|error| wrong(&error))?;
    let mut parts = Vec::new();
    let mut start = PathBuf::new();
    for component in Path::new(pattern).components() {
        match component {
            Component::Normal(name) => {
                let name = name.to_string_lossy();
                parts.push(match &*name {
                    "**" => Part::AnyFolders,
                    name if has_wildcard(name) => Part::Like(Pattern::new(name).map_err(|error| wrong(&error))?),
                    name => Part::Named(name.into()),
                });
            }
            Component::CurDir => {}
            other if parts.is_empty() => start.push(other),
            other => parts.push(Part::Named(other.as_os_str().into())),
        }
    }
    let mut found = BTreeSet::new();
    walk(&start, &parts, &mut found)?;
    Ok(found)
}

/// One name of a pattern.
enum Part {
    Named(OsString),
    Like(Pattern),
    /// `**`: this folder, and all below it.
    AnyFolders,
}

fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// Adds the files below `at` that the rest of a pattern names.
fn walk(at: &Path, parts: &[Part], found: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    match first {
        Part::Named(name) => step(at.join(name), rest, found),
        Part::Like(pattern) => {
            for name in names(at)? {
                if pattern.matches(&name.to_string_lossy()) {
                    step(at.join(name), rest, found)?;
                }
            }
            Ok(())
        }
        Part::AnyFolders => {
            walk(at, rest, found)?;
            for name in names(at)? {
                let path = at.join(name);
                // A link to a folder may lead back to where it stands.
                if is(&path.symlink_metadata(), Metadata::is_dir) {
                    walk(&path, parts, found)?;
                } else if rest.is_empty() {
                    // At the end of a pattern it stands for the files as well.
                    step(path, rest, found)?;
                }
            }
            Ok(())
        }
    }
}

/// Goes on with a path: into it, or to its end.
fn step(path: PathBuf, rest: &[Part], found: &mut BTreeSet<PathBuf>) -> Result<(), CliError> {
    let metadata = fs::metadata(&path);
    if !rest.is_empty() {
        return if is(&metadata, Metadata::is_dir) { walk(&path, rest, found) } else { Ok(()) };
    }
    match metadata {
        Ok(metadata) if !metadata.is_file() => {}
        // A link that leads nowhere is a database that is missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {}
        _ => drop(found.insert(path)),
    }
    Ok(())
}

fn is(metadata: &io::Result<Metadata>, what: fn(&Metadata) -> bool) -> bool {
    metadata.as_ref().is_ok_and(what)
}

/// The names in a folder; in one that is not there none.
fn names(folder: &Path) -> Result<Vec<OsString>, CliError> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(here).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let names = entries.map(|entries| entries.iter().map(fs::DirEntry::file_name).collect());
    match names {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(|error| {
            CliError::failure(format!("could not look into the folder `{}`: {error}", here.display()))
                .help("its databases would be forgotten: let this process read it, or name what is outside of it")
        }),
    }
}

/// The paths of a list, in its order.
fn listed(list: &Path, null: bool) -> Result<Vec<PathBuf>, CliError> {
    let mut bytes = Vec::new();
    let read = match list.as_os_str() == "-" {
        true => io::stdin().lock().read_to_end(&mut bytes).map(drop),
        false => fs::read(list).map(|read| bytes = read),
    };
    read.map_err(|error| CliError::failure(format!("could not read {}: {error}", shown(list))))?;
    if !null && bytes.contains(&0) {
        return Err(CliError::usage(format!("{} has zero bytes in it", shown(list)))
            .help("`--null` reads a list in which they end each name"));
    }
    let names = bytes.split(|byte| *byte == if null { 0 } else { b'\n' });
    let names = names.map(|name| if null { name } else { name.strip_suffix(b"\r").unwrap_or(name) });
    names.filter(|name| !name.is_empty()).map(|name| path(name, list)).collect()
}

fn shown(list: &Path) -> String {
    if list.as_os_str() == "-" { "the list on stdin".to_owned() } else { format!("the list `{}`", list.display()) }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // Elsewhere not every name is one.
fn path(name: &[u8], _: &Path) -> Result<PathBuf, CliError> {
    use std::os::unix::ffi::OsStrExt as _;
    Ok(std::ffi::OsStr::from_bytes(name).into())
}

#[cfg(not(unix))]
fn path(name: &[u8], list: &Path) -> Result<PathBuf, CliError> {
    let text = std::str::from_utf8(name);
    text.map(PathBuf::from)
        .map_err(|_| CliError::failure(format!("`{}` in {} is not UTF-8", String::from_utf8_lossy(name), shown(list))))
}

#[cfg(test)]
mod tests;
