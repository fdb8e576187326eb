//! Lists the folder of migrations: which files are there, and what has no place in it. The two folders inside that
//! have a meaning are listed by [`side`](super::side).

use super::side;
use crate::config::{Config, TABLE};
use crate::diagnostic::Diagnostic;
use crate::file_name::{self, FileName};
use crate::files::{Entry, Files, Kind, list_sorted, printable};
use crate::help::Help;
use crate::lock::{self, Sealed};
use crate::nearest::nearest;
use crate::sequence::{claims, of_number, rename};
use crate::squash;

/// What else can be done with a folder that holds migrations.
const MOVE_OUT: &str = ", or move the folder out of ";

/// How deep folders inside the folder are searched for migrations that lie too deep.
pub(super) const STRAY_DEPTH: usize = 4;

/// The folder as it is listed.
pub(super) struct Folder<'a> {
    config: &'a Config,
    /// What has a name of its own, sorted.
    pub(super) files: Vec<(String, FileName)>,
    /// Those of them that are no files, sorted as well.
    pub(super) unreadable: Vec<String>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Folder<'a> {
    /// Finds the files by name, in the order of their names, whatever order the file system has.
    pub(super) fn list<F: Files + ?Sized>(root: &F, config: &'a Config) -> Self {
        let mut folder = Self { config, files: Vec::new(), unreadable: Vec::new(), diagnostics: Vec::new() };
        folder.read(root);
        folder
    }

    fn read<F: Files + ?Sized>(&mut self, root: &F) {
        let dir = &self.config.dir;
        let entries = match list_sorted(root, dir) {
            Ok(entries) => entries,
            Err(_) if matches!(root.kind(dir), None | Some(Kind::Broken)) => {
                let message = format!("the folder `{dir}` does not exist");
                return self.error(
                    "no-directory",
                    dir,
                    message,
                    "create the first migration: `cargo dbmigrate create NAME`".into(),
                );
            }
            Err(_) if root.kind(dir) == Some(Kind::File) => {
                let message = format!("`{dir}` is a file, not a folder of migrations");
                return self.error(
                    "no-directory",
                    dir,
                    message,
                    format!("move it away, or set `dir` in `{TABLE}`").into(),
                );
            }
            Err(error) => {
                let message = format!("could not read the folder `{dir}`: {error}");
                return self.error("unreadable-folder", dir, message, "make it readable for this process".into());
            }
        };
        for (name, entry) in printable(entries, dir, &mut self.diagnostics) {
            self.entry(root, name, &entry);
        }
    }

    fn entry<F: Files + ?Sized>(&mut self, root: &F, name: String, entry: &Entry) {
        let what = file_name::parse(&name, self.config);
        match entry.kind {
            Kind::Folder => self.folder(root, name, what, entry),
            Kind::Other if what != FileName::Ignored => {
                self.not_a_file(name, what, "is not a regular file");
            }
            // A broken link is left to the reader, which says what is wrong with it.
            _ => self.files.push((name, what)),
        }
    }

    fn folder<F: Files + ?Sized>(&mut self, root: &F, name: String, what: FileName, entry: &Entry) {
        let dir = &self.config.dir;
        let path = format!("{dir}/{name}");
        if name.starts_with('.') {
            return;
        }
        if side::FOLDERS.contains(&&*name) || name == squash::FOLDER {
            return;
        }
        if let Some(inside) = find_migration(root, &path, if entry.is_link { 0 } else { STRAY_DEPTH }, is_source) {
            let message = format!("`{path}` contains `{inside}`, but all migrations are directly in `{dir}`");
            let tail = name.trim_start_matches(|letter: char| letter.is_ascii_digit() || "-_".contains(letter));
            let slug = file_name::slug(tail).unwrap_or_else(|| "name".to_owned());
            let stem = format!("{dir}/{}_{slug}", self.config.digits(self.config.start));
            let help = match inside.as_str() {
                "up.sql" | "down.sql" => Help::from("rename `up.sql` to a file such as ")
                    .file(&format!("{stem}.sql"))
                    .words(", and `down.sql` to one such as ")
                    .file(&format!("{stem}.down.sql")),
                _ if self.may_stand_here(root, &inside) => {
                    rename(&format!("{path}/{inside}"), &format!("{dir}/{inside}")).words(MOVE_OUT).file(dir)
                }
                _ => Help::from("give it a name such as ").file(&format!("{stem}.sql")).words(MOVE_OUT).file(dir),
            };
            let help = nearest(&name, side::FOLDERS).map_or(help, |right| rename(&path, &format!("{dir}/{right}")));
            self.error("stray-folder", &path, message, help);
        } else if what.is_migration() {
            self.not_a_file(name, what, "is a folder, not a file");
        }
    }

    /// Whether a file of this name could lie in the folder of the migrations, where none of its name is yet.
    fn may_stand_here<F: Files + ?Sized>(&self, root: &F, name: &str) -> bool {
        file_name::parse(name, self.config).is_migration()
            && root.kind(&format!("{}/{name}", self.config.dir)).is_none()
    }

    /// Its number is taken, but there is nothing to read.
    fn not_a_file(&mut self, name: String, what: FileName, why: &str) {
        let path = format!("{}/{name}", self.config.dir);
        self.error("not-a-file", &path, format!("`{name}` {why}"), "replace it with a file, or remove it".into());
        self.unreadable.push(name.clone());
        self.files.push((name, what));
    }

    fn error(&mut self, code: &'static str, path: &str, message: String, help: Help) {
        self.diagnostics.push(Diagnostic::error(code, message).in_file(path).help(help));
    }
}

/// The first file in a folder that may be a migration by its name, searched to a depth; links inside are not followed.
pub(super) fn find_migration<F: Files + ?Sized>(
    root: &F,
    folder: &str,
    depth: usize,
    may_be: fn(&str) -> bool,
) -> Option<String> {
    list_sorted(root, folder).ok()?.into_iter().find_map(|entry| {
        let name = entry.name.unwrap_or_else(|shown| shown);
        if entry.kind == Kind::Folder && !entry.is_link {
            let deeper =
                (depth > 0).then(|| find_migration(root, &format!("{folder}/{name}"), depth - 1, may_be)).flatten()?;
            return Some(format!("{name}/{deeper}"));
        }
        may_be(&name).then_some(name)
    })
}

/// Whether a file is SQL or Rust.
pub(super) fn is_source(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".sql") || lower.ends_with(".rs")
}

/// The rules of the sequence, where a sealed migration that is not there is no gap: that is said once, and better.
pub(super) fn without_gaps(config: &Config, files: &[(String, FileName)], sealed: Option<&lock::Read>) -> Config {
    let mut config = config.clone();
    let Some(sealed) = sealed else { return config };
    // Where its down script is left there is no gap either, and that has no number of its own to give up.
    let claims = claims(files);
    for Sealed { number, .. } in &sealed.lock.migrations {
        if of_number(&claims, *number).is_empty() {
            config.reserved.insert(*number, "sealed".to_owned());
        }
    }
    config
}
