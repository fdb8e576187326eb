//! Which files a fleet is: what patterns and lists name, each file once. No database is opened here.
//!
//! A pattern is understood by the `glob` crate, name by name. The walk is our own: the crate's leaves out what it can't
//! read and names that are not UTF-8, and a tenant that is forgotten is what this tool is against.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use dbmigrate_core::sequence::quoted;
use dbmigrate_runtime::cli::belongs_to_another;
use glob::Pattern;

use crate::error::CliError;
use crate::fleet::FleetFiles;

/// What was named on the command line.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    /// The patterns.
    pub(crate) patterns: &'a [String],
    /// The file that holds a list; `-` for stdin.
    pub(crate) list: Option<&'a Path>,
    /// Whether a zero byte ends each name in the list, and not the line.
    pub(crate) null: bool,
}

/// Finds them. What can't be read is an error, and so is a pattern or a list that names nothing.
pub(crate) fn find(selection: &Selection<'_>) -> Result<FleetFiles, CliError> {
    let mut found = FleetFiles::default();
    let mut known = HashMap::new();
    for pattern in selection.patterns {
        let matches = matches(pattern)?;
        let (beside, files): (Vec<_>, Vec<_>) = matches.into_iter().partition(|path| belongs_to_another(path));
        found.companions += beside.len();
        if files.is_empty() {
            return Err(none(pattern, beside.first().map(PathBuf::as_path)));
        }
        files.into_iter().for_each(|file| found.add(file, &mut known));
    }
    if let Some(list) = selection.list {
        let listed = listed(list, selection.null)?;
        if listed.is_empty() {
            return Err(CliError::failure(format!("{} names no database", shown(list))));
        }
        listed.into_iter().for_each(|file| found.add(file, &mut known));
    }
    Ok(found)
}

/// Says that a pattern names no database, and why.
fn none(pattern: &str, beside: Option<&Path>) -> CliError {
    let error = CliError::failure(format!("`{pattern}` names no database"));
    let path = Path::new(pattern);
    match beside {
        Some(beside) => error.help(format!("`{}` is not a database: it belongs to one", beside.display())),
        None if pattern.is_empty() => CliError::usage("`--databases` is empty").help("name a pattern or a file"),
        None if has_wildcard(pattern) => {
            error.help("quote the pattern, so that the shell does not expand it; `**/` is any folder")
        }
        None if path.is_dir() => CliError::failure(format!("`{pattern}` is a folder, not a database")).help(format!(
            "name its files: `--databases {}`, with the folders below: `--databases {}`",
            quoted(&path.join("*.db").to_string_lossy()),
            quoted(&path.join("**/*.db").to_string_lossy()),
        )),
        None if path.exists() => error.help("it is not a file"),
        None => CliError::failure(format!("no database at `{pattern}`"))
            .help("correct the path, or create the database: `cargo dbmigrate up --database PATH`"),
    }
}

impl FleetFiles {
    fn add(&mut self, file: PathBuf, known: &mut HashMap<Identity, usize>) {
        match known.entry(Identity::of(&file)) {
            Entry::Vacant(vacant) => {
                vacant.insert(self.files.len());
                self.files.push(file);
            }
            Entry::Occupied(first) => {
                let at = *first.get();
                let first = &mut self.files[at];
                if !is_one_place(first, &file) {
                    self.hard_links.entry(at).or_insert(file);
                    return;
                }
                self.duplicates += 1;
                // People know it by its own name, and not by that of a link to it.
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

/// Whether two names of one file lead to one name in one folder, once links are followed: it is by this name that SQLite
/// finds the log and the journal.
fn is_one_place(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (fs::canonicalize(one), fs::canonicalize(other)) else { return true };
    let folder = |path: &Path| path.parent().map(Identity::of);
    one == other || one.file_name() == other.file_name() && folder(&one) == folder(&other)
}

/// The files that a pattern names, by name. Folders and what else is no file is none of them.
fn matches(pattern: &str) -> Result<BTreeSet<PathBuf>, CliError> {
    let wrong = |why: &dyn std::fmt::Display| CliError::usage(format!("`{pattern}` is not a pattern: {why}"));
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
    let mut met = Walk::default();
    walk(&start, &parts, &mut met)?;
    while let Some((link, parts)) = met.links.pop() {
        walk(&link, parts, &mut met)?;
    }
    Ok(met.found)
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

/// What a walk has met.
#[derive(Default)]
struct Walk<'p> {
    found: BTreeSet<PathBuf>,
    /// The folders that were gone through for that many names of the pattern: each once, as links may lead in circles.
    through: HashSet<(usize, Identity)>,
    /// Links to folders, and what of the pattern is left for them. They come last, so that what lies in a folder of
    /// its own is known by that name.
    links: Vec<(PathBuf, &'p [Part])>,
}

/// Adds the files below `at` that the rest of a pattern names.
fn walk<'p>(at: &Path, parts: &'p [Part], met: &mut Walk<'p>) -> Result<(), CliError> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    match first {
        Part::Named(name) => step(at.join(name), rest, met),
        Part::Like(pattern) => {
            for name in names(at)? {
                if pattern.matches(&name.to_string_lossy()) {
                    step(at.join(name), rest, met)?;
                }
            }
            Ok(())
        }
        Part::AnyFolders => {
            if !met.through.insert((parts.len(), Identity::of(here(at)))) {
                return Ok(());
            }
            walk(at, rest, met)?;
            for name in names(at)? {
                let path = at.join(name);
                if is(&path.symlink_metadata(), Metadata::is_dir) {
                    walk(&path, parts, met)?;
                } else if may_hold(&fs::metadata(&path)) {
                    met.links.push((path, parts));
                } else if rest.is_empty() {
                    // At the end of a pattern it stands for the files as well.
                    step(path, rest, met)?;
                }
            }
            Ok(())
        }
    }
}

/// Goes on with a path: into it, or to its end.
fn step<'p>(path: PathBuf, rest: &'p [Part], met: &mut Walk<'p>) -> Result<(), CliError> {
    let metadata = fs::metadata(&path);
    if !rest.is_empty() {
        return if may_hold(&metadata) { walk(&path, rest, met) } else { Ok(()) };
    }
    match metadata {
        Ok(metadata) if !metadata.is_file() => {}
        // A link that leads nowhere is a database that is missing.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {}
        _ => drop(met.found.insert(path)),
    }
    Ok(())
}

fn is(metadata: &io::Result<Metadata>, what: fn(&Metadata) -> bool) -> bool {
    metadata.as_ref().is_ok_and(what)
}

/// Whether it is a folder, or what may be one and can't be looked at: then the look into it is the error.
fn may_hold(metadata: &io::Result<Metadata>) -> bool {
    match metadata {
        Ok(metadata) => metadata.is_dir(),
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The names in a folder; in one that is not there none.
fn names(folder: &Path) -> Result<Vec<OsString>, CliError> {
    let here = here(folder);
    let entries = fs::read_dir(here).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let names = entries.map(|entries| entries.iter().map(fs::DirEntry::file_name).collect());
    match names {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(|error| {
            CliError::failure(format!("could not read the folder `{}`: {error}", here.display()))
                .help("its databases would be left out: make it readable, or name only others")
        }),
    }
}

/// The paths of a list, in its order.
fn listed(list: &Path, null: bool) -> Result<Vec<PathBuf>, CliError> {
    let mut bytes = Vec::new();
    let read = if list.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(list).map(|read| bytes = read)
    };
    read.map_err(|error| CliError::failure(format!("could not read {}: {error}", shown(list))))?;
    if !null && bytes.contains(&0) {
        return Err(CliError::usage(format!("{} contains zero bytes", shown(list)))
            .help("for a list in which they end each name: `--null`"));
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
