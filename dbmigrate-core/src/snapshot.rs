//! `snapshot.sql`: what the migrations up to a number make of an empty database. A new database may start from it.
//!
//! It is a cache, and never the source. Deleting it costs time and nothing else. One that was edited is refused; one
//! that was taken of other migrations is ignored.

use std::sync::Arc;

use crate::checksum;
use crate::config::{Config, ForeignKeys};
use crate::diagnostic::Diagnostic;
use crate::files::{Files, Kind};
use crate::load::MigrationSet;
use crate::lock::{self, SealedSnapshot};
use crate::migration::SourceMigration;
use crate::script::{self, Halves, Script, Step};
use crate::source::SourceText;

#[cfg(test)]
mod tests;

/// The name of the file in the folder of the migrations.
pub const FILE: &str = "snapshot.sql";

/// The code of what is said where a folder has that name.
pub const FOLDER: &str = "snapshot-folder";

/// What helps against all of it.
const AGAIN: &str = "write it again: `cargo dbmigrate snapshot`";
const AWAY: &str = "or do without, which only costs time: `cargo dbmigrate snapshot --remove`";

/// What a fresh database may start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the last migration that it stands for.
    pub number: u64,
    /// What makes the schema and the rows.
    pub script: Script,
}

impl Snapshot {
    /// The chained checksum of the migrations of its set that it stands for.
    #[must_use]
    pub fn chain<'s>(&self, set: &'s MigrationSet) -> &'s str {
        let last = set.migrations.iter().find(|migration| migration.number == self.number);
        last.map_or("", |last| &last.chain)
    }
}

/// The checksum by which a text of the file is sealed.
#[must_use]
pub fn checksum(source: &SourceText) -> String {
    checksum::of_text(source.text())
}

/// The checksum of what shapes the outcome of these migrations besides their tokens: whether foreign keys are enforced,
/// and the texts themselves, which SQLite keeps in the schema with their comments.
#[must_use]
pub fn source(config: &Config, migrations: &[SourceMigration]) -> String {
    let foreign_keys = match config.foreign_keys {
        ForeignKeys::On => "on",
        ForeignKeys::Off => "off",
        ForeignKeys::Connection => "connection",
    };
    let texts = migrations.iter().map(|migration| migration.text_checksum.as_str());
    checksum::of_texts([foreign_keys].into_iter().chain(texts))
}

/// Reads a text of the file; none where it is more than statements that can share a transaction.
#[must_use]
pub fn parse(source: &Arc<SourceText>, diagnostics: &mut Vec<Diagnostic>) -> Option<Script> {
    let mut found = Vec::new();
    let Halves { up, down, requires, irreversible, replaces } = script::parse(source, &mut found);
    let is_plain = up.transaction
        && up.asserts.is_empty()
        && !up.tolerate_existing
        && up.steps.iter().all(|step| matches!(step, Step::Sql(_)))
        && down.is_none()
        && requires.is_empty()
        && irreversible.is_none()
        && replaces.is_none();
    if !is_plain && !found.iter().any(Diagnostic::is_error) {
        let message = format!("`{}` contains more than a snapshot", source.path());
        found.push(Diagnostic::error("snapshot-text", message).in_file(source.path()));
    }
    let is_sound = !found.iter().any(Diagnostic::is_error);
    diagnostics.extend(found.into_iter().map(|problem| problem.help(AGAIN)));
    is_sound.then_some(up)
}

/// Reads the file in the folder of a set; none where it is not there, or is of no use. `lock` is none where nobody can
/// tell what is sealed.
pub(crate) fn read<F: Files + ?Sized>(
    root: &F,
    config: &Config,
    migrations: &[SourceMigration],
    lock: Option<&lock::Lock>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Snapshot> {
    let path = format!("{}/{FILE}", config.dir);
    if root.kind(&path)? == Kind::Folder {
        let message = format!("`{path}` is a folder, and that is the name of the snapshot");
        diagnostics
            .push(Diagnostic::error(FOLDER, message).in_file(&path).help("give it another name, or move it away"));
        return None;
    }
    let source = match root.text(&path) {
        Ok(source) => Arc::new(source),
        Err(problem) => {
            diagnostics.push(problem.help(AGAIN).help(AWAY));
            return None;
        }
    };
    let fault = |code, message: String| Diagnostic::error(code, message).in_file(&path).help(AGAIN).help(AWAY);
    let Some(SealedSnapshot { number, chain, checksum: sealed, source: shape }) = lock?.snapshot.as_ref() else {
        let message = format!("`{path}` is not sealed in `{}/{}`", config.dir, lock::FILE);
        diagnostics.push(fault("snapshot-unsealed", message));
        return None;
    };
    if checksum(&source) != *sealed {
        diagnostics.push(fault("snapshot-edited", format!("`{path}` was edited since it was sealed")));
        return None;
    }
    let at = migrations.binary_search_by_key(number, |migration| migration.number).ok();
    let covered = at.and_then(|at| migrations.get(..=at)).unwrap_or_default();
    let is_same = covered.last().is_some_and(|last| last.chain == *chain);
    if !is_same || self::source(config, covered) != *shape {
        // Where a file can't be read, that is what is wrong.
        if !diagnostics.iter().any(Diagnostic::is_error) {
            let message = if is_same {
                format!(
                    "`{path}` is of other texts of the migrations, or of another `foreign-keys` setting: it is not used"
                )
            } else {
                format!("`{path}` is not of the current migrations: it is not used")
            };
            diagnostics.push(Diagnostic::warning("snapshot-stale", message).in_file(&path).help(AGAIN).help(AWAY));
        }
        return None;
    }
    Some(Snapshot { number: *number, script: parse(&source, diagnostics)? })
}
