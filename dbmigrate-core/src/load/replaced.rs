//! Reads the folder with what a squash replaces: a folder of migrations as any other, of which all are sealed.

use super::folder::{Folder, without_gaps};
use super::migrations::migrations_of;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::help::git_restores;
use crate::lock::{self, FILE};
use crate::squash::{self, FOLDER, MAX_DEPTH, Replaced};

/// Whether there is such a folder. An empty one is what a squash leaves that was stopped at once; a link to nowhere is
/// there, too.
pub(super) fn is_there<F: Files + ?Sized>(root: &F, dir: &str) -> bool {
    root.kind(dir).is_some() && !root.list(dir).is_ok_and(|entries| entries.is_empty())
}

/// What the first migration of the folder `config.dir` replaces; none where there is no such folder, or its lock, by
/// which all is known, can't be read.
pub(super) fn replaced<F: Files + ?Sized>(
    root: &F,
    config: &Config,
    depth: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Replaced> {
    let dir = format!("{}/{FOLDER}", config.dir);
    if !is_there(root, &dir) {
        return None;
    }
    if depth == MAX_DEPTH {
        let message = format!("`{dir}` is nested too deep: at most {MAX_DEPTH} squashes may replace one another");
        diagnostics.push(Diagnostic::error("replaced-depth", message).in_file(dir));
        return None;
    }
    let config = Config { dir, ..config.clone() };
    let inner = replaced(root, &config, depth + 1, diagnostics);
    let Folder { files, unreadable, diagnostics: found, .. } = Folder::list(root, &config);
    diagnostics.extend(found);
    let dir = &config.dir;
    let read = lock::read(root, &config, None, diagnostics);
    let Some(sealed) = read.filter(|read| !read.lock.migrations.is_empty()) else {
        if !diagnostics.iter().any(|it| it.is_error() && it.file.as_ref().is_some_and(|file| file.starts_with(dir))) {
            let message = format!("`{dir}/{FILE}` does not say which migrations were replaced");
            let fault = Diagnostic::error("replaced-lock", message).in_file(dir);
            let fault = fault.help(git_restores("restore it", dir));
            diagnostics.push(fault.help(squash::UNDO));
        }
        return None;
    };
    let mut rules = without_gaps(&config, &files, Some(&sealed));
    rules.start = sealed.lock.migrations.first().map_or(0, |first| first.number);
    let (migrations, _) = migrations_of(root, &rules, &files, &unreadable, inner.as_ref(), diagnostics);
    if sealed.lock.pruned.is_none() {
        lock::check_replaced(&sealed, &config.dir, &files, &migrations, diagnostics);
    }
    let inner = inner.map(Box::new);
    let replaced = Replaced { dir: config.dir, lock: sealed.lock, migrations, replaced: inner };
    squash::check_replaced(&replaced, diagnostics);
    Some(replaced)
}
