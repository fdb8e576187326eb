//! A set of migrations, and the questions that everybody asks it.

use std::collections::BTreeMap;

use crate::adoption::Adoption;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::lock::Lock;
use crate::migration::{Body, Down, SourceMigration};
use crate::nearest::nearest;
use crate::repeatable::Repeatable;
use crate::script::{Script, Step};
use crate::snapshot::Snapshot;
use crate::squash::Replaced;

/// The migrations of a package, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationSet {
    /// The configuration that they were read with.
    pub config: Config,
    /// The migrations by number. Where the files have errors, those without.
    pub migrations: Vec<SourceMigration>,
    /// `replay.base`: what is there before the first migration, where that is not nothing. Only replays run it.
    pub base: Option<Script>,
    /// `hooks/before_all.sql`: runs before the first migration of a run.
    pub before_all: Option<Script>,
    /// `hooks/after_all.sql`: runs after the last one.
    pub after_all: Option<Script>,
    /// The views and triggers of `repeatable`, by name; their chain goes on from that of the migrations.
    pub repeatables: Vec<Repeatable>,
    /// `migrations.lock`: which of the migrations are sealed.
    pub lock: Lock,
    /// What the first migration stands for, where that is a squash.
    pub replaced: Option<Replaced>,
    /// `snapshot.sql`: what a fresh database may start from, where that is sealed and of these migrations.
    pub snapshot: Option<Snapshot>,
    /// `adopted.toml`: the history of another tool that databases may still have.
    pub adoption: Option<Adoption>,
}

impl MigrationSet {
    /// A set of nothing.
    #[must_use]
    pub fn empty(config: Config) -> Self {
        Self {
            config,
            migrations: Vec::new(),
            base: None,
            before_all: None,
            after_all: None,
            repeatables: Vec::new(),
            lock: Lock::default(),
            replaced: None,
            snapshot: None,
            adoption: None,
        }
    }

    /// The chained checksum of all migrations and repeatables; empty for a set of nothing.
    #[must_use]
    pub fn chain(&self) -> &str {
        let last = self.migrations.last().map(|migration| migration.chain.as_str());
        self.repeatables.last().map(|repeatable| repeatable.chain.as_str()).or(last).unwrap_or_default()
    }

    /// How many of the migrations are sealed; those are the first.
    #[must_use]
    pub fn sealed(&self) -> usize {
        self.migrations.iter().take_while(|migration| self.lock.seals(migration)).count()
    }

    /// The hooks that there are, in the order in which they run.
    #[inline]
    pub fn hooks(&self) -> impl Iterator<Item = &Script> {
        self.before_all.iter().chain(&self.after_all)
    }

    /// The names of the `call` steps in all migrations, sorted, each once.
    #[must_use]
    pub fn call_steps(&self) -> Vec<&str> {
        let scripts = self.migrations.iter().flat_map(|migration| match &migration.body {
            Body::Sql { up, down: Down::Script(down) } => [Some(up), Some(down)],
            Body::Sql { up, .. } => [Some(up), None],
            Body::Rust(_) => [None, None],
        });
        let names = scripts.flatten().flat_map(|script| &script.steps).filter_map(|step| match step {
            Step::Call { name, .. } => Some(name.as_str()),
            Step::Sql(_) => None,
        });
        let names: Vec<&str> = names.collect();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            places.insert((*name).to_owned(), at);
        }
        places.into_values().map(|at| names[at]).collect()
    }

    /// Whether a migration runs code of the program: a Rust file or a `call` step.
    #[must_use]
    #[inline]
    pub fn has_code(&self) -> bool {
        self.migrations.iter().any(|migration| matches!(migration.body, Body::Rust(_))) || !self.call_steps().is_empty()
    }

    /// The migration that `target` means: a number (`3`, `003`), a full name or file name, a slug, or the version in a
    /// header.
    ///
    /// # Errors
    ///
    /// A diagnostic that lists the candidates where several are meant, or the nearest where none is.
    #[inline]
    pub fn find(&self, target: &str) -> Result<&SourceMigration, Box<Diagnostic>> {
        let number = target.parse::<u64>().ok().filter(|_| target.bytes().all(|byte| byte.is_ascii_digit()));
        let means = |migration: &&SourceMigration| {
            number == Some(migration.number)
                || target == migration.slug
                || target == migration.file
                || migration.file.rsplit('/').next() == Some(target)
                || migration.metadata.version.as_deref() == Some(target)
                || target == migration.name()
        };
        let found: Vec<_> = self.migrations.iter().filter(means).collect();
        match found.as_slice() {
            [migration] => Ok(migration),
            [] => {
                let message = format!("there is no migration `{}`", target.escape_debug());
                let names: Vec<String> = self.migrations.iter().map(SourceMigration::name).collect();
                let words = names.iter().map(String::as_str).chain(self.migrations.iter().map(|it| it.slug.as_str()));
                let help = match nearest(target, words) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`cargo dbmigrate list` shows the migrations".to_owned(),
                };
                Err(Box::new(Diagnostic::error("unknown-migration", message).help(help)))
            }
            several => {
                let names: Vec<String> = several.iter().map(|migration| format!("`{}`", migration.name())).collect();
                let message = format!("`{}` matches several migrations: {}", target.escape_debug(), names.join(", "));
                Err(Box::new(
                    Diagnostic::error("ambiguous-migration", message).help("write the full name of one of them"),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::load::tests::Package;

    #[test]
    fn call_steps_are_named_once_over_both_directions() {
        let package = Package::new(
            "",
            &[
                (
                    "migrations/001_a.sql",
                    "-- dbmigrate: call fill\nSELECT 1;\n-- dbmigrate: down\n-- dbmigrate: call empty\n",
                ),
                ("migrations/002_b.sql", "SELECT 1;\n-- dbmigrate: call fill\n-- dbmigrate: call count\n"),
            ],
        );
        let loaded = package.load();
        assert_eq!(loaded.diagnostics, []);
        assert_eq!(loaded.set.call_steps(), ["count", "empty", "fill"]);
        assert!(loaded.set.has_code());
    }

    #[test]
    fn code_is_rust_or_a_call() {
        let sql = Package::new("", &[("migrations/001_a.sql", "SELECT 1;")]);
        assert!(!sql.load().set.has_code());
        let rust =
            Package::new("", &[("migrations/001_a.rs", "pub fn up(db: &rusqlite::Connection) -> Result<(), E> {}")]);
        assert!(rust.load().set.has_code());
    }

    #[test]
    fn a_migration_is_found_by_all_of_its_names() {
        let package = Package::new(
            "",
            &[
                ("migrations/001_users.sql", "-- Version: 1.0.0\nSELECT 1;"),
                ("migrations/002_posts.sql", "-- Version: 1.1.0\nSELECT 1;"),
                ("migrations/003_users.sql", "-- Version: 2\nSELECT 1;"),
            ],
        );
        let set = package.load().set;
        for (target, expect) in [
            ("1", 1),
            ("001", 1),
            ("0001", 1),
            ("3", 3),
            ("002_posts", 2),
            ("002_posts.sql", 2),
            ("migrations/002_posts.sql", 2),
            ("posts", 2),
            ("1.1.0", 2),
            ("001_users", 1),
        ] {
            assert_eq!(set.find(target).map(|found| found.number), Ok(expect), "{target}");
        }
        for (target, expect) in [
            ("users", "`users` matches several migrations: `001_users`, `003_users`"),
            ("2", "`2` matches several migrations: `002_posts`, `003_users`"),
            ("post", "did you mean `posts`?"),
            ("002_psots", "did you mean `002_posts`?"),
            ("9", "`cargo dbmigrate list` shows the migrations"),
            ("+1", "there is no migration `+1`"),
            ("", "there is no migration ``"),
            ("99999999999999999999999", "there is no migration"),
        ] {
            let error = set.find(target).unwrap_err();
            assert!(error.to_string().contains(expect), "{target}: {error}");
        }
    }
}
