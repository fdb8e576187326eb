//! `requires`: a migration that has to be applied before another one.
//!
//! A name is right if it is the full name of an earlier migration of the set, or `set/name` for one of another set,
//! whose files are elsewhere. Whether the migration is applied is for the runner to check.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::file_name::{Stem, slug};
use crate::migration::{Body, SourceMigration};
use crate::nearest::nearest;
use crate::problems::Problems;
use crate::source::Span;

/// A migration that another one requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its full name. For a migration of another set, the name of that set and a `/` precede it; for one of the set
    /// without a name, only `/`.
    pub name: String,
    /// The directive.
    pub span: Span,
}

impl Requirement {
    /// The set and the name, for a migration of another set; the name of the set without a name is empty.
    #[must_use]
    pub fn elsewhere(&self) -> Option<(&str, &str)> {
        self.name.split_once('/')
    }
}

/// The code of what requires what is not there.
pub(crate) const UNKNOWN: &str = "unknown-requirement";

/// To look for what a wrong name means is to go through the whole set, and past a number nobody reads it.
const SEARCHES: usize = 100;

/// Checks what all migrations require. `stems` are those of the sequence, by number, also where a file can't be read.
pub(crate) fn check(migrations: &[SourceMigration], stems: &[Stem], diagnostics: &mut Vec<Diagnostic>) {
    let mut names = Names { stems, searches: 0 };
    for migration in migrations {
        let mut problems = Problems::new(migration.source(), diagnostics);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for Requirement { name, span } in &migration.requires {
            if seen.insert(name.clone(), span.start).is_some() {
                let fault = Diagnostic::error("repeated-directive", format!("`{name}` is required twice"));
                problems.push(*span, fault.help("remove one of them"));
            } else if let Err(fault) = names.require(migration, name) {
                problems.push(*span, *fault);
            }
        }
    }
}

struct Names<'a> {
    stems: &'a [Stem],
    searches: usize,
}

impl<'a> Names<'a> {
    fn require(&mut self, migration: &SourceMigration, name: &str) -> Result<(), Box<Diagnostic>> {
        let own = migration.name();
        let folder = migration.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let file = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
        let base = file.split('.').next().unwrap_or(file);
        let introducer = match migration.body {
            Body::Sql { .. } => "--",
            Body::Rust(_) => "//",
        };
        let write = |right: &Stem| format!("write `{introducer} dbmigrate: requires {right}`");
        if file.contains('/') {
            return other_set(name, introducer);
        }
        let later = |message: String| Diagnostic::error("later-requirement", message);
        let unknown = |message: String| Diagnostic::error(UNKNOWN, message);
        Err(Box::new(match self.meant(base) {
            Some(meant) if meant.number == migration.number => {
                later(format!("`{own}` requires itself")).help("remove this line")
            }
            Some(meant) if meant.number > migration.number => {
                later(format!("`{own}` requires `{meant}`, which comes after it"))
                    .help(format!("give `{own}` a number above that of `{meant}`, or remove this line"))
            }
            Some(meant) if meant.to_string() == name => return Ok(()),
            Some(meant) => unknown(format!("`{name}` is not the full name of a migration")).help(write(meant)),
            None => unknown(format!("there is no migration `{name}`")).help(match self.near(base, migration.number) {
                Some(near) => write(near),
                None => "`cargo dbmigrate list` shows the migrations".to_owned(),
            }),
        }))
    }

    /// The migration with this full name, this number alone, or this name without its number.
    fn meant(&mut self, name: &str) -> Option<&'a Stem> {
        let (digits, rest) = split_digits(name);
        if digits.is_empty() {
            return self.search()?.iter().find(|stem| stem.slug == name);
        }
        let number = digits.parse().ok()?;
        let at = self.stems.binary_search_by_key(&number, |stem| stem.number).ok()?;
        self.stems.get(at).filter(|stem| rest.is_empty() || rest.strip_prefix('_') == Some(&stem.slug))
    }

    /// The earlier migration whose name is closest.
    fn near(&mut self, name: &str, number: u64) -> Option<&'a Stem> {
        let earlier = self.search()?.iter().filter(|stem| stem.number < number);
        let has_number = name.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let word = |stem: &Stem| if has_number { stem.to_string() } else { stem.slug.clone() };
        let words: Vec<String> = earlier.clone().map(word).collect();
        let near = nearest(name, words.iter().map(String::as_str))?;
        earlier.zip(&words).find(|(_, word)| *word == near).map(|(stem, _)| stem)
    }

    /// All migrations, until that was asked too often.
    fn search(&mut self) -> Option<&'a [Stem]> {
        self.searches += 1;
        (self.searches <= SEARCHES).then_some(self.stems)
    }
}

/// Whether a name has the form of one in another set. What has not is a fault that is reported already.
pub(crate) fn names_other_set(name: &str) -> bool {
    other_set(name, "--").is_ok()
}

/// The digits that a name begins with, and what follows.
fn split_digits(name: &str) -> (&str, &str) {
    name.split_at(name.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(name.len()))
}

/// Checks the form of `set/name`.
fn other_set(name: &str, introducer: &str) -> Result<(), Box<Diagnostic>> {
    let (set, migration) = name.split_once('/').unwrap_or_default();
    let stem = migration.split('.').next().unwrap_or(migration);
    let is_set = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    let (digits, rest) = split_digits(stem);
    let full = rest.strip_prefix('_').is_some_and(|rest| !digits.is_empty() && slug(rest).as_deref() == Some(rest));
    // The set without a name is one, too.
    let understood = set.bytes().all(is_set) && full;
    if understood && stem == migration {
        return Ok(());
    }
    let right = if understood { format!("{set}/{stem}") } else { "billing/004_invoices".to_owned() };
    let message = format!("`{name}` does not name a migration of another set");
    let fault = Diagnostic::error("other-set", message)
        .help(format!("write the set and the full name, as in `{introducer} dbmigrate: requires {right}`"));
    Err(Box::new(if understood {
        fault
    } else {
        fault.note("the name of a set consists of `a` to `z`, digits, `_` and `-`")
    }))
}

#[cfg(test)]
mod tests {
    use crate::load::tests::Package;

    const RUST: &str = "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> { Ok(()) }\n";

    /// The problems of a set whose third migration says `-- dbmigrate: requires` each of `names`: the message and the
    /// first help.
    #[track_caller]
    fn check(names: &[&str], expect: &[(&str, &str)]) {
        let third: String = names.iter().map(|name| format!("-- dbmigrate: requires {name}\n")).collect();
        let package = Package::new(
            "",
            &[
                ("migrations/001_users.sql", "SELECT 1;"),
                ("migrations/002_add_indexes.sql", "SELECT 1;"),
                ("migrations/003_fill.sql", &third),
                ("migrations/004_users.sql", "SELECT 1;"),
            ],
        );
        let diagnostics = package.load().diagnostics;
        let found: Vec<_> = diagnostics.iter().map(|it| (it.message.clone(), it.help[0].to_string())).collect();
        let expect: Vec<_> = expect.iter().map(|(message, help)| ((*message).to_owned(), (*help).to_owned())).collect();
        assert_eq!(found, expect);
        assert!(diagnostics.iter().all(|it| it.location.is_some()));
    }

    #[test]
    fn an_earlier_migration_may_be_required() {
        check(&[], &[]);
        check(&["001_users", "002_add_indexes"], &[]);
    }

    #[test]
    fn any_other_name_is_an_error_with_the_full_name_to_write() {
        let write = "write `-- dbmigrate: requires 002_add_indexes`";
        for name in [
            "2",
            "002",
            "0002_add_indexes",
            "2_add_indexes",
            "add_indexes",
            "002_add_indexes.sql",
            "migrations/002_add_indexes.sql",
            "migrations/002_add_indexes",
        ] {
            check(&[name], &[(&format!("`{name}` is not the full name of a migration"), write)]);
        }
        for name in ["002_add_index", "add_indexs", "007_add_indexes"] {
            check(&[name], &[(&format!("there is no migration `{name}`"), write)]);
        }
        for name in ["009", "009_users_all", "nothing_like_it", "002_other", "99999999999999999999_a", "_", "ü"] {
            let list = "`cargo dbmigrate list` shows the migrations";
            check(&[name], &[(&format!("there is no migration `{name}`"), list)]);
        }
    }

    #[test]
    fn a_migration_of_another_set_is_not_looked_for() {
        check(&["billing/004_invoices", "a-1_b/20240101000000_x", "other/002_add_indexes"], &[]);
        check(&["billing/004_a", "billing/004_a"], &[("`billing/004_a` is required twice", "remove one of them")]);
        for (name, right) in [
            ("billing/004_invoices.sql", "billing/004_invoices"),
            ("Billing/004_invoices", "billing/004_invoices"),
            ("billing/invoices", "billing/004_invoices"),
            ("billing/4", "billing/004_invoices"),
            ("billing/004_Invoices", "billing/004_invoices"),
            ("billing/", "billing/004_invoices"),
            ("/invoices", "billing/004_invoices"),
            ("a/b/004_invoices", "billing/004_invoices"),
            ("migrations/billing/004_invoices", "billing/004_invoices"),
            ("größe/004_invoices", "billing/004_invoices"),
        ] {
            let message = format!("`{name}` does not name a migration of another set");
            let help = format!("write the set and the full name, as in `-- dbmigrate: requires {right}`");
            check(&[name], &[(&message, &help)]);
        }
    }

    #[test]
    fn itself_a_later_one_and_a_second_mention_are_errors() {
        check(&["003_fill"], &[("`003_fill` requires itself", "remove this line")]);
        for name in ["003", "fill"] {
            check(&[name], &[("`003_fill` requires itself", "remove this line")]);
        }
        check(&["004_user"], &[("there is no migration `004_user`", "write `-- dbmigrate: requires 001_users`")]);
        check(
            &["004", "002_add_indexes", "002_add_indexes"],
            &[
                (
                    "`003_fill` requires `004_users`, which comes after it",
                    "give `003_fill` a number above that of `004_users`, or remove this line",
                ),
                ("`002_add_indexes` is required twice", "remove one of them"),
            ],
        );
    }

    #[test]
    fn rust_requires_as_sql_does_and_a_file_that_can_not_be_read_is_there() {
        let rust = format!("// dbmigrate: requires 001_users\n// dbmigrate: requires 2\n{RUST}");
        let package = Package::new(
            "",
            &[
                ("migrations/001_users.sql", "SELECT 1;\0"),
                ("migrations/002_fill.sql", "-- dbmigrate: requires 001_users\n"),
                ("migrations/003_more.rs", &rust),
            ],
        );
        let loaded = package.load();
        let found: Vec<_> = loaded.diagnostics.iter().map(|it| (it.code, it.help_texts().concat())).collect();
        let [("nul-byte", _), ("unknown-requirement", help)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(help, "write `// dbmigrate: requires 002_fill`");
        let names = loaded.set.migrations.iter().flat_map(|it| &it.requires).map(|it| it.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["001_users", "001_users", "2"]);
    }

    #[test]
    fn a_file_of_nothing_but_wrong_names_is_read_in_time() {
        let names: Vec<String> = (0..30_000).map(|at| format!("nothing_{at}")).collect();
        let text: String = names.iter().map(|name| format!("-- dbmigrate: requires {name}\n")).collect();
        let package = Package::new("", &[("migrations/001_a.sql", &text)]);
        assert_eq!(package.load().diagnostics.len(), 101);
    }
}
