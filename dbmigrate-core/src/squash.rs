//! A squash: one migration that replaces all from the first one to its own number.
//!
//! The replaced migrations are kept in a folder beside it, with a lock that seals each of them. A database that has
//! some of them needs the others; one that has all of them is identified by their names and checksums. The first of
//! them may itself be a squash with such a folder. Whether the squash does the same as its originals cannot be read
//! from the files; `dbmigrate-schema` proves it.

use crate::diagnostic::{Diagnostic, Location};
use crate::help::{Help, git_restores};
use crate::lock::{Lock, Sealed};
use crate::migration::{Body, SourceMigration};
use crate::source::Span;

/// The folder, inside that of the migrations.
pub const FOLDER: &str = "replaced";

/// Why a migration whose file was pruned has no down script, in the words of `down`.
pub const PRUNED: &str = "it was pruned from the program";

/// What to do about files that git does not have, as nobody has committed the squash yet.
pub(crate) const UNDO: &str = "or, if it was never committed, undo it: `cargo dbmigrate squash --undo`";

/// How deep squashes of squashes are read.
pub(crate) const MAX_DEPTH: usize = 16;

/// What a file says it replaces, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The first number.
    pub first: String,
    /// The last number, which is its own.
    pub last: String,
    /// The directive.
    pub span: Span,
}

/// What a squash replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The folder, relative to the package, with `/`.
    pub dir: String,
    /// The lock of all of them. It has at least one entry.
    pub lock: Lock,
    /// Their files; empty if these were pruned.
    pub migrations: Vec<SourceMigration>,
    /// What the first of them replaces, if it is a squash.
    pub replaced: Option<Box<Replaced>>,
}

impl Replaced {
    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<&Sealed> {
        self.lock.migrations.first()
    }

    /// The last of them, whose number is that of the squash.
    #[must_use]
    pub fn last(&self) -> Option<&Sealed> {
        self.lock.migrations.last()
    }

    /// This level, that of the first migration in it, and so on.
    pub fn levels(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |level| level.replaced.as_deref())
    }

    /// Whether one of them has this full name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.levels().any(|level| level.lock.migrations.iter().any(|sealed| sealed.name == name))
    }

    /// The number of the very first migration.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.levels().last().and_then(Self::first).map(|sealed| sealed.number)
    }
}

/// Whether the squash is where it belongs and says what lies beside it. `dir` is the folder of the migrations.
pub(crate) fn check(
    migrations: &[SourceMigration],
    replaced: Option<&Replaced>,
    dir: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let at = |migration: &SourceMigration, span| Location::new(migration.source(), span);
    for migration in migrations.iter().skip(1) {
        if let Some(Replaces { span, .. }) = &migration.replaces {
            let message = format!("`{}` is not the first migration, so that it can't replace others", migration.name());
            let fault = Diagnostic::error("misplaced-squash", message).at(at(migration, *span));
            diagnostics.push(fault.help("`cargo dbmigrate squash` writes such a file"));
        }
    }
    let first = migrations.first();
    match (first.and_then(|first| Some((first, first.replaces.as_ref()?))), replaced) {
        (None, None) => {}
        (Some((first, Replaces { first: from, last, span })), None) => {
            let message = format!("`{}` replaces {from} to {last}, which are not in `{dir}/{FOLDER}`", first.name());
            let fault = Diagnostic::error("replaced-missing", message).at(at(first, *span));
            diagnostics.push(restore(fault, &format!("{dir}/{FOLDER}")).help(UNDO));
        }
        (None, Some(replaced)) => {
            let message = format!("`{}` contains replaced migrations, and no migration replaces them", replaced.dir);
            let last = replaced.last().map_or("", |last| last.name.as_str());
            let file = first.map_or(dir, |first| first.file.as_str());
            let fault = Diagnostic::error("squash-missing", message).in_file(file);
            let fault = fault.note(format!("the last of them is `{last}`: the squash has its number"));
            let fault = fault.help(git_restores("restore the squash", dir));
            diagnostics.push(fault.help(UNDO));
        }
        (Some((first, says)), Some(replaced)) => stands_for(first, says, replaced, diagnostics),
    }
}

fn stands_for(squash: &SourceMigration, says: &Replaces, replaced: &Replaced, diagnostics: &mut Vec<Diagnostic>) {
    let Replaces { first, last, span } = says;
    let name = squash.name();
    let place = Location::new(squash.source(), *span);
    let (Some(start), Some(end)) = (replaced.start(), replaced.last()) else { return };
    let is = |text: &str, number: u64| text.parse() == Ok(number);
    if !is(first, start) || !is(last, end.number) || squash.number != end.number {
        let message =
            format!("`{name}` says that it replaces {first} to {last}, and `{}` contains others", replaced.dir);
        let fault = Diagnostic::error("replaced-range", message).at(place);
        let fault =
            fault.note(format!("it contains {start} to {}, and the squash has the last of these numbers", end.number));
        diagnostics.push(restore(fault, &squash.file));
    } else if replaced.has(&name) {
        let message = format!("`{name}` has the name of a migration that it replaces");
        let fault = Diagnostic::error("replaced-name", message).at(place);
        diagnostics.push(fault.note("a history could not tell them apart").help("give it another name"));
    }
}

/// What has no place among migrations that are replaced.
pub(crate) fn check_replaced(replaced: &Replaced, diagnostics: &mut Vec<Diagnostic>) {
    for migration in &replaced.migrations {
        let name = migration.name();
        if !replaced.lock.seals(migration) && replaced.lock.find(migration.number).is_none() {
            let message = format!("`{name}` is not one of the migrations that were replaced");
            let fault = Diagnostic::error("replaced-new", message).in_file(&migration.file);
            diagnostics.push(fault.help(Help::from("move it out of ").file(&replaced.dir)));
        }
        let has_code = match &migration.body {
            Body::Rust(_) => true,
            Body::Sql { up, .. } => up.steps.iter().any(|step| matches!(step, crate::script::Step::Call { .. })),
        };
        if has_code {
            let message = format!("`{name}` is replaced, and contains Rust, which no squash can replace");
            diagnostics.push(Diagnostic::error("replaced-code", message).in_file(&migration.file));
        }
    }
    if replaced.lock.pruned.is_some() {
        for migration in &replaced.migrations {
            let message = format!("`{}` was pruned, and its file exists again", migration.name());
            let fault = Diagnostic::error("replaced-pruned", message).in_file(&migration.file);
            let lock = format!("{}/{}", replaced.dir, crate::lock::FILE);
            let help = Help::from("delete it, or remove the line `pruned` from ").file(&lock);
            diagnostics.push(fault.help(help));
        }
    }
}

fn restore(fault: Diagnostic, path: &str) -> Diagnostic {
    fault.help(git_restores("restore it", path))
}

#[cfg(test)]
mod tests {
    use crate::file_name::{FileName, parse};
    use crate::load::tests::{Package, check};
    use crate::lock::Lock;
    use crate::{Config, Replaced};

    const SQUASH: &str = "-- dbmigrate: replaces 001..002\nCREATE TABLE a(b, c);\n";
    const NEXT: (&str, &str) = ("migrations/003_next.sql", "-- dbmigrate: requires 001_a\nSELECT 3;\n");

    /// The first two migrations, and the lock that seals them.
    fn originals() -> ([(&'static str, &'static str); 2], Lock) {
        let originals = [("001_a.sql", "CREATE TABLE a(b);\n"), ("002_b.sql", "ALTER TABLE a ADD COLUMN c;\n")];
        let files: Vec<_> = originals.iter().map(|(name, text)| (format!("migrations/{name}"), *text)).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        (originals, Lock::seal(&Package::new("", &files).load().set.migrations))
    }

    /// A package with a squash of them.
    fn squashed(lock: &Lock, more: &[(&str, &str)]) -> Package {
        let package = Package::new("", more);
        let (originals, _) = originals();
        for (name, text) in originals {
            package.write(&format!("migrations/replaced/{name}"), text);
        }
        package.write("migrations/replaced/migrations.lock", &lock.to_text());
        package
    }

    #[test]
    fn a_squash_is_the_first_of_a_set_and_knows_what_it_replaces() {
        let package = squashed(&originals().1, &[("migrations/002_squashed.sql", SQUASH), NEXT]);
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        let names: Vec<String> = loaded.set.migrations.iter().map(crate::SourceMigration::name).collect();
        assert_eq!(names, ["002_squashed", "003_next"]);
        assert!(loaded.set.migrations[1].requires.is_empty(), "who has the squash has what it replaces");
        let replaced = loaded.set.replaced.unwrap();
        assert_eq!((replaced.migrations.len(), replaced.lock.migrations.len()), (2, 2));
        assert_eq!(replaced.migrations[1].file, "migrations/replaced/002_b.sql");
        assert!(replaced.has("001_a") && !replaced.has("002_squashed"));
    }

    #[test]
    fn the_squash_of_a_squash_has_what_that_one_replaces() {
        let (_, lock) = originals();
        let package = squashed(&lock, &[("migrations/002_squashed.sql", SQUASH), NEXT]);
        let inner = Lock::seal(&package.load().set.migrations).to_text();
        let package = Package::new(
            "",
            &[
                ("migrations/003_all.sql", "-- dbmigrate: replaces 001..003\nSELECT 1;\n"),
                ("migrations/replaced/002_squashed.sql", SQUASH),
                ("migrations/replaced/003_next.sql", NEXT.1),
                ("migrations/replaced/migrations.lock", &inner),
                ("migrations/replaced/replaced/001_a.sql", "CREATE TABLE a(b);\n"),
                ("migrations/replaced/replaced/002_b.sql", "ALTER TABLE a ADD COLUMN c;\n"),
                ("migrations/replaced/replaced/migrations.lock", &lock.to_text()),
            ],
        );
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        let replaced = loaded.set.replaced.unwrap();
        assert_eq!(replaced.levels().map(|level| level.migrations.len()).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(replaced.start(), Some(1));
        assert!(["001_a", "002_squashed", "003_next"].iter().all(|name| replaced.has(name)));
    }

    #[test]
    fn what_was_pruned_is_known_by_its_lock() {
        let (_, mut lock) = originals();
        lock.pruned = Some("1.4.0".to_owned());
        let text = lock.to_text();
        let files = [("migrations/002_squashed.sql", SQUASH), NEXT, ("migrations/replaced/migrations.lock", &text)];
        let loaded = Package::new("", &files).load();
        assert_eq!(loaded.diagnostics, []);
        let Some(Replaced { lock, migrations, .. }) = loaded.set.replaced else { panic!("nothing is replaced") };
        assert_eq!((lock.pruned.as_deref(), lock.migrations.len(), migrations.len()), (Some("1.4.0"), 2, 0));
        check(
            &squashed(&Lock { pruned: Some("1".to_owned()), ..lock.clone() }, &files[..2]),
            &[
                &["replaced-pruned migrations/replaced/001_a.sql", "its file exists again"],
                &["replaced-pruned migrations/replaced/002_b.sql", "remove the line `pruned` from"],
            ],
        );
        let text = Lock { pruned: None, ..lock }.to_text();
        let files = [files[0], files[1], ("migrations/replaced/migrations.lock", text.as_str())];
        check(
            &Package::new("", &files),
            &[
                &["sealed-deleted migrations/replaced/migrations.lock", "`001_a` is sealed", "git checkout"],
                &["sealed-deleted", "`002_b` is sealed"],
            ],
        );
    }

    #[test]
    fn what_is_replaced_can_not_change() {
        let (_, lock) = originals();
        let squash = ("migrations/002_squashed.sql", SQUASH);
        let edited = squashed(&lock, &[squash]);
        edited.write("migrations/replaced/001_a.sql", "CREATE TABLE b(b);\n");
        check(&edited, &[&["sealed-edited migrations/replaced/001_a.sql", "restore it"]]);
        assert!(!edited.load().diagnostics[0].help_texts().concat().contains("--accept"));
        let more = squashed(&lock, &[squash]);
        more.write("migrations/replaced/003_more.sql", "SELECT 1;\n");
        check(&more, &[&["replaced-new migrations/replaced/003_more.sql", "not one of the migrations that were"]]);
        let unknown = squashed(&lock, &[squash]);
        unknown.write("migrations/replaced/migrations.lock", "version = 1\nmigrations = []\n");
        check(&unknown, &[&["replaced-lock migrations/replaced", "does not say which"]]);
    }

    #[test]
    fn an_empty_folder_replaces_nothing() {
        let package = Package::new("", &[("migrations/001_a.sql", "SELECT 1;"), ("migrations/replaced/", "")]);
        check(&package, &[]);
    }

    #[test]
    fn a_squash_says_what_lies_beside_it() {
        let (_, lock) = originals();
        let squash = |text| squashed(&lock, &[("migrations/002_squashed.sql", text)]);
        check(&squash("-- dbmigrate: replaces 001..003\nSELECT 1;"), &[&["replaced-range", "it contains 1 to 2"]]);
        check(&squash("SELECT 1;"), &[&["squash-missing", "`migrations/replaced` contains replaced migrations"]]);
        check(&squashed(&lock, &[]), &[&["squash-missing migrations", "no migration replaces them"]]);
        let named = squashed(&lock, &[("migrations/002_b.sql", SQUASH)]);
        check(&named, &[&["replaced-name migrations/002_b.sql:1:1", "give it another name"]]);
        check(
            &squashed(&lock, &[("migrations/002_squashed.sql", SQUASH), ("migrations/003_x.sql", SQUASH)]),
            &[&["misplaced-squash migrations/003_x.sql:1:1", "is not the first migration"]],
        );
        let alone = Package::new("start = 2", &[("migrations/002_squashed.sql", SQUASH)]);
        check(&alone, &[&["replaced-missing migrations/002_squashed.sql:1:1", "git checkout -- migrations/replaced"]]);
        let early =
            squashed(&lock, &[("migrations/002_squashed.sql", SQUASH), ("migrations/001_late.sql", "SELECT 1;")]);
        let problems = early.load().diagnostics;
        assert!(
            problems.iter().any(|it| it.code == "wrong-start" && it.help[0].to_string().contains("renumber")),
            "{problems:?}"
        );
    }

    #[test]
    fn what_comes_after_a_squash_stays_sealed() {
        let (originals, lock) = originals();
        let package = Package::new("", &[("migrations/003_next.sql", NEXT.1)]);
        originals.iter().for_each(|(name, text)| package.write(&format!("migrations/{name}"), text));
        let whole = Lock::seal(&package.load().set.migrations);
        // Its line is as it was, and follows from the lock beside the originals.
        let rest = Lock { migrations: whole.migrations[2..].to_vec(), ..Lock::default() }.to_text();
        let squash = ("migrations/002_squashed.sql", SQUASH);
        let after =
            |next| squashed(&lock, &[squash, ("migrations/003_next.sql", next), ("migrations/migrations.lock", &rest)]);
        check(&after(NEXT.1), &[]);
        let set = after(NEXT.1).load().set;
        assert!(set.lock.seals(&set.migrations[1]) && !set.lock.seals(&set.migrations[0]));
        check(&after("SELECT 4;"), &[&["sealed-edited migrations/003_next.sql"]]);
        let forged = rest.replace(&whole.migrations[2].chain, &whole.migrations[1].chain);
        let package = squashed(&lock, &[squash, NEXT, ("migrations/migrations.lock", &forged)]);
        check(&package, &[&["lock-chain migrations/migrations.lock"]]);
    }

    #[test]
    fn nothing_else_takes_the_name_of_the_folder() {
        assert_eq!(parse("replaced", &Config::default()), FileName::Ignored);
    }
}
