//! `migrations.lock`: which migrations are sealed, and with which content.
//!
//! A sealed migration must no longer change. The file is in the folder of the migrations. It has one line for each of
//! them, in order, so that two branches that seal the same number conflict when they are merged. If the whole set is
//! sealed, the file also has the fingerprint of the schema that the set makes. The runtime computes it; here it is an
//! opaque word.

use std::fmt::Write;

use crate::checksum;
use crate::diagnostic::Diagnostic;
use crate::migration::{Body, Down, SourceMigration};
use crate::source::SourceText;

mod check;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use check::{check, check_replaced};
pub(crate) use read::{Read, read};

/// The name of the file in the folder of the migrations.
pub const FILE: &str = "migrations.lock";

/// The version of its format that every version of dbmigrate reads.
const VERSION: u64 = 1;

/// The newest version, which has a snapshot in it: one that knows of none is told so instead of an unknown key.
const NEWEST: u64 = 2;

/// What stands at its top.
const HEAD: &str = "\
# The sealed migrations of this package: editing, renaming or deleting one of them fails the build.
# `cargo dbmigrate lock` writes this file. Two branches that seal the same number conflict here, on purpose.
";

/// What is sealed; nothing where there is no file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// The sealed migrations, by number.
    pub migrations: Vec<Sealed>,
    /// The schema that a whole set led to when it was sealed.
    pub schema: Option<SealedSchema>,
    /// What `snapshot.sql` was sealed as.
    pub snapshot: Option<SealedSnapshot>,
    /// Of replaced migrations whose files were pruned: the last version of the package that has them.
    pub pruned: Option<String>,
}

/// A migration as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub number: u64,
    /// Its full name.
    pub name: String,
    /// Its checksum, as the history records it.
    pub checksum: String,
    /// The chained checksum of it and all before it.
    pub chain: String,
    /// The checksum of the texts of its files, comments and down script included. A difference in it alone is worth a
    /// warning and no more: `cargo fmt` makes one.
    pub source: String,
}

/// A schema, and what leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSchema {
    /// The chained checksum of the migrations and repeatables.
    pub chain: String,
    /// The runtime's fingerprint of the schema.
    pub fingerprint: String,
}

/// The snapshot as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSnapshot {
    /// The number of the last migration that it stands for.
    pub number: u64,
    /// The chained checksum of that one and all before it.
    pub chain: String,
    /// The checksum of the file's text.
    pub checksum: String,
    /// What shapes the outcome besides: [`crate::snapshot::source`].
    pub source: String,
}

impl Lock {
    /// Reads a text of the file, which seals the set of this name.
    #[must_use]
    #[inline]
    pub fn parse(source: SourceText, set: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        read::parse(source, set, None, diagnostics).map(|read| read.lock)
    }

    /// Seals the first migrations of a set, which have to be all up to and including the last of them.
    #[must_use]
    #[inline]
    pub fn seal(migrations: &[SourceMigration]) -> Self {
        let seal = |migration: &SourceMigration| Sealed {
            number: migration.number,
            name: migration.name(),
            checksum: migration.checksum.clone(),
            chain: migration.chain.clone(),
            source: source(migration),
        };
        Self { migrations: migrations.iter().map(seal).collect(), ..Self::default() }
    }

    /// The sealed migration with this number.
    #[must_use]
    pub fn find(&self, number: u64) -> Option<&Sealed> {
        let at = self.migrations.binary_search_by_key(&number, |sealed| sealed.number).ok()?;
        self.migrations.get(at)
    }

    /// The greatest number that is sealed.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.migrations.last().map(|sealed| sealed.number)
    }

    /// The fingerprint of the schema that exactly this chain leads to.
    #[must_use]
    pub fn fingerprint(&self, chain: &str) -> Option<&str> {
        self.schema.as_ref().filter(|schema| schema.chain == chain).map(|schema| schema.fingerprint.as_str())
    }

    /// Whether a migration is sealed, under this number and name.
    #[must_use]
    pub fn seals(&self, migration: &SourceMigration) -> bool {
        self.find(migration.number).is_some_and(|sealed| sealed.name == migration.name())
    }

    /// Warns of sealed migrations of which the comments, the down script or the Rust were edited.
    #[must_use]
    #[inline]
    pub fn notes(&self, migrations: &[SourceMigration]) -> Vec<Diagnostic> {
        migrations.iter().filter_map(|migration| self.note(migration)).collect()
    }

    #[inline]
    fn note(&self, migration: &SourceMigration) -> Option<Diagnostic> {
        let sealed = self.find(migration.number)?;
        let same = sealed.name == migration.name() && sealed.checksum == migration.checksum;
        if !same || sealed.source == source(migration) {
            return None;
        }
        let name = &sealed.name;
        let what = match migration.body {
            Body::Sql { .. } => format!("comments or the down script of `{name}` were edited since it was sealed"),
            Body::Rust(_) => format!("the Rust of `{name}` was edited since it was sealed"),
        };
        let warning = Diagnostic::warning("sealed-source", what).in_file(&migration.file);
        let warning = match migration.body {
            Body::Sql { .. } => warning,
            Body::Rust(_) => {
                warning.note("the checksum covers only its `version`; raise that if the code does something else")
            }
        };
        Some(warning.help(format!("if this is intended, seal it as it is: `cargo dbmigrate lock --accept {name}`")))
    }

    /// The text of the file.
    #[must_use]
    #[inline]
    pub fn to_text(&self) -> String {
        let version = if self.snapshot.is_some() { NEWEST } else { VERSION };
        let mut text = format!("{HEAD}version = {version}\nmigrations = [\n");
        for Sealed { number, name, checksum, chain, source } in &self.migrations {
            let _ = writeln!(
                text,
                "  {{ number = {number}, name = \"{name}\", checksum = \"{checksum}\", chain = \"{chain}\", \
                 source = \"{source}\" }},"
            );
        }
        text.push_str("]\n");
        if let Some(SealedSchema { chain, fingerprint }) = &self.schema {
            let _ = writeln!(text, "schema = {{ chain = \"{chain}\", fingerprint = \"{fingerprint}\" }}");
        }
        if let Some(SealedSnapshot { number, chain, checksum, source }) = &self.snapshot {
            let _ = writeln!(
                text,
                "snapshot = {{ number = {number}, chain = \"{chain}\", checksum = \"{checksum}\", \
                 source = \"{source}\" }}"
            );
        }
        if let Some(version) = &self.pruned {
            let _ = writeln!(text, "pruned = \"{version}\"");
        }
        text
    }
}

/// The checksum of the texts of a migration's files.
#[inline]
fn source(migration: &SourceMigration) -> String {
    let up = migration.source();
    let down = match &migration.body {
        Body::Sql { down: Down::Script(down), .. } if down.source.path() != up.path() => Some(&*down.source),
        _ => None,
    };
    checksum::of_texts([Some(up), down].into_iter().flatten().map(|source| source.text()))
}
