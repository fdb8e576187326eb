//! Whether the files are what was sealed.

use super::Sealed;
use super::read::Read;
use crate::diagnostic::{Diagnostic, Location};
use crate::file_name::FileName;
use crate::files::find;
use crate::help::{Help, git_restores_all};
use crate::migration::{Body, Down, SourceMigration};
use crate::sequence::{claims, of_number, quoted, rename};
use crate::source::Span;
use crate::squash::{Replaced, UNDO};

/// Whether a sealed migration with this name has a file as a way up. The files are sorted by name.
fn has_file(files: &[(String, FileName)], name: &str) -> bool {
    let mut endings = [".sql", ".up.sql", ".rs"].into_iter();
    endings.any(|ending| {
        let found = find(files, &format!("{name}{ending}")).and_then(|at| files.get(at));
        found.is_some_and(|(_, what)| what.up_script().is_some())
    })
}

/// Every sealed migration that was edited, renamed or deleted, and what stands before one without being sealed.
/// What a file has that is not among the `migrations` is a fault of its own.
pub(crate) fn check(
    read: &Read,
    dir: &str,
    files: &[(String, FileName)],
    migrations: &[SourceMigration],
    replaced: Option<&Replaced>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let renamed = vec![false; migrations.len()];
    let mut checker = Checker { read, dir, migrations, accepts: true, replaced, renamed, diagnostics };
    checker.each(files);
    checker.order(replaced.and_then(Replaced::last).map(|last| last.number));
}

/// As [`check`], of migrations that are replaced: their history is written, and nothing of it can be accepted.
pub(crate) fn check_replaced(
    read: &Read,
    dir: &str,
    files: &[(String, FileName)],
    migrations: &[SourceMigration],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let renamed = vec![false; migrations.len()];
    Checker { read, dir, migrations, accepts: false, replaced: None, renamed, diagnostics }.each(files);
}

struct Checker<'a> {
    read: &'a Read,
    dir: &'a str,
    migrations: &'a [SourceMigration],
    /// Whether a change can be accepted.
    accepts: bool,
    /// What a squash has put aside, or has begun to.
    replaced: Option<&'a Replaced>,
    /// Which of the migrations are sealed ones with another number.
    renamed: Vec<bool>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn each(&mut self, files: &[(String, FileName)]) {
        let claims = claims(files);
        let is_claimed = |number| {
            let mut of_number = of_number(&claims, number).iter().filter_map(|&(_, at)| files.get(at));
            of_number.any(|(_, what)| !matches!(what, FileName::Down { .. }))
        };
        let read = self.read;
        for (sealed, &place) in read.lock.migrations.iter().zip(&read.names) {
            match self.find(sealed.number) {
                Some(migration) if migration.name() == sealed.name => self.compare(migration, sealed),
                // Both are there, with one number.
                Some(_) if has_file(files, &sealed.name) => {}
                Some(migration) => self.other_name(migration, sealed),
                None if !is_claimed(sealed.number) => self.not_there(sealed, place),
                None => {}
            }
        }
    }

    /// Reports what can be accepted, if anything can.
    fn report(&mut self, fault: Diagnostic, name: &str) {
        self.diagnostics.push(if self.accepts { fault.help(accept(name)) } else { fault });
    }

    fn find(&self, number: u64) -> Option<&'a SourceMigration> {
        let at = self.migrations.binary_search_by_key(&number, |migration| migration.number).ok()?;
        self.migrations.get(at)
    }

    fn compare(&mut self, migration: &SourceMigration, sealed: &Sealed) {
        if migration.checksum == sealed.checksum {
            return;
        }
        let (name, file) = (&sealed.name, &migration.file);
        let fault = Diagnostic::error("sealed-edited", format!("`{name}` is sealed, and was edited")).in_file(file);
        let fault = restore("restore it", &quoted(file), fault)
            .help("put the change into a new one: `cargo dbmigrate create NAME`");
        self.report(fault, name);
    }

    /// The number is another's now.
    fn other_name(&mut self, migration: &SourceMigration, sealed: &Sealed) {
        let (now, name, file) = (migration.name(), &sealed.name, &migration.file);
        let fault = if migration.checksum == sealed.checksum {
            self.renamed(migration, name)
        } else {
            let message = format!("`{now}` has the number of `{name}`, which is sealed");
            let fault = Diagnostic::error("sealed-renamed", message).in_file(file);
            restore(&format!("give it another number, and restore `{name}`"), &self.files_of(name), fault)
        };
        self.report(fault, name);
    }

    fn not_there(&mut self, sealed: &Sealed, place: Span) {
        let name = &sealed.name;
        let moved = self.migrations.iter().enumerate().find(|(_, migration)| {
            let same = migration.slug.as_str() == slug(name) || migration.checksum == sealed.checksum;
            same && !self.read.lock.seals(migration)
        });
        let fault = match moved {
            Some((at, migration)) => {
                self.renamed[at] = true;
                self.renamed(migration, name)
            }
            None => {
                let fault = Diagnostic::error("sealed-deleted", format!("`{name}` is sealed, and its file is missing"))
                    .at(Location::new(&self.read.source, place));
                if self.replaced.is_some_and(|replaced| replaced.has(name)) {
                    let help = "an interrupted squash has moved it: `cargo dbmigrate squash --undo` moves it back";
                    self.diagnostics.push(fault.help(help));
                    return;
                }
                let fault = restore("restore it", &self.files_of(name), fault);
                if self.accepts { fault } else { fault.help(UNDO) }
            }
        };
        self.report(fault, name);
    }

    /// All its files get their name back. A down script that kept it has to follow only if the new one is to stay.
    fn renamed(&mut self, migration: &SourceMigration, name: &str) -> Diagnostic {
        let (now, file) = (migration.name(), &migration.file);
        let kept = format!("{}/{name}.down.sql", self.dir);
        let of_down = |it: &&mut Diagnostic| it.code == "down-of-other-name" && it.file.as_ref() == Some(&kept);
        if let Some(help) = self.diagnostics.iter_mut().find(of_down).and_then(|it| it.help.first_mut()) {
            let right = Help::from("its name is right once ").file(file);
            *help = right.words(" has its old name back; to keep the new name, ").then(help.clone());
        }
        let fault = Diagnostic::error("sealed-renamed", format!("`{name}` is sealed, and was renamed to `{now}`"))
            .in_file(file)
            .help(rename(file, &with_stem(file, &now, name)));
        match &migration.body {
            Body::Sql { down: Down::Script(down), .. } if down.source.path() != file => {
                let down = down.source.path();
                fault.help(rename(down, &with_stem(down, &now, name)))
            }
            _ => fault,
        }
    }

    /// What is not sealed comes after all that is, but for a squash: what it replaces has been sealed.
    fn order(&mut self, squash: Option<u64>) {
        let Some(newest) = self.read.lock.migrations.last() else { return };
        for (migration, &renamed) in self.migrations.iter().zip(&self.renamed) {
            if migration.number >= newest.number {
                break;
            }
            let has_place = Some(migration.number) == squash || self.read.lock.find(migration.number).is_some();
            if has_place || renamed {
                continue;
            }
            let (name, newest) = (migration.name(), &newest.name);
            let message = format!("`{name}` is not sealed, and comes before `{newest}`, which is");
            let fault = Diagnostic::error("sealed-order", message)
                .in_file(&migration.file)
                .note("a database that has the sealed ones would apply it late")
                .help("give it a number above all sealed ones: `cargo dbmigrate renumber`");
            self.diagnostics.push(fault);
        }
    }

    /// Nobody knows how its file ended.
    fn files_of(&self, name: &str) -> String {
        format!("'{}/{name}.*'", self.dir.replace("'", r"'\''"))
    }
}

/// Says how to get files back from git, which may have them as they are now.
fn restore(what: &str, files: &str, fault: Diagnostic) -> Diagnostic {
    let committed = Help::from("or, if the change is committed, from an earlier commit: ")
        .git(&format!("log --oneline -- {files}"))
        .words(", then ")
        .git(&format!("checkout COMMIT -- {files}"));
    fault.help(git_restores_all(what, files)).help(committed)
}

fn accept(name: &str) -> String {
    format!("if no database has it yet, accept it as it is now: `cargo dbmigrate lock --accept {name}`")
}

/// The name without its number.
fn slug(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, slug)| slug)
}

/// The path of a file, with another stem.
fn with_stem(file: &str, from: &str, to: &str) -> String {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    format!("{folder}/{to}{}", name.strip_prefix(from).unwrap_or_default())
}
