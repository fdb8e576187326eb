//! What a migration would do to databases that hold rows, which a replay on an empty database cannot show.
//!
//! A set is replayed once. SQLite's authorizer tells what each statement really does, and the schema is followed from
//! statement to statement. Then every [`Rule`] looks at each migration: at its statements, and at what happened to each
//! table. A rebuild (create, copy, drop, rename) counts as one change. [`Levels`] decides on levels and on what a file
//! allows.

mod added;
mod allowed;
mod conversions;
mod explain;
mod features;
mod finding;
mod follow;
mod history;
mod keys;
mod levels;
mod lineage;
mod links;
mod made;
mod migration;
mod named;
mod numbers;
mod operation;
mod references;
mod rows;
mod rule;
mod rules;
mod script_effects;
mod soundness;
mod state;
pub(crate) mod tree;
mod values;
mod walk;
mod whole;
mod widens;
mod words;

use std::collections::BTreeSet;

use dbmigrate_core::{Body, Diagnostic, MigrationSet, SourceMigration};

pub use explain::{document, list, page};
pub use finding::Finding;
use finding::Findings;
pub(crate) use follow::Follower;
pub use levels::{Explained, Levels, Orders};
pub use named::{NameError, Named};
pub use rows::Rows;
use rule::Check;
pub use rule::{Example, Group, Level, Rule};
pub use rules::RULES;
pub(crate) use script_effects::ScriptEffects;
pub(crate) use state::{Changed, Known, State};

use crate::program::Program;
use crate::replay::{Replay, watched};
use crate::views;

/// What to judge, and how.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// The numbers of the migrations that databases may already have, which are not judged; `None` if unknown.
    pub old: Option<&'a BTreeSet<u64>>,
    /// A database whose rows can be looked at.
    pub rows: Option<Rows<'a>>,
    /// Whether the schema that the set makes is needed as well: [`Replay::schema`].
    pub schema: bool,
}

impl Options<'_> {
    fn is_old(&self, number: u64) -> bool {
        self.old.is_some_and(|old| old.contains(&number))
    }

    /// Whether no database has seen the migration at this place of the set.
    fn is_pending(&self, set: &MigrationSet, at: usize) -> bool {
        let number = set.migrations.get(at).map(|migration| migration.number);
        self.old.is_some_and(|old| number.is_some_and(|number| !old.contains(&number)))
    }
}

/// Replays a set, like [`replay`](crate::replay()), and lints it at the same time.
#[must_use]
pub fn lint(set: &MigrationSet, program: Option<&dyn Program>, options: &Options<'_>) -> (Replay, Vec<Finding>) {
    let mut follower = Follower::new(set, options);
    let (mut replay, elsewhere) = watched(set, program, options.schema, &mut follower);
    let mut findings = follower.finish();
    findings.extend(texts(set, options));
    let elsewhere = elsewhere.into_iter().filter(|(number, _)| !options.is_old(*number));
    let rule = &rules::down_not_inverse::RULE;
    findings.extend(elsewhere.map(|(number, diagnostic)| Finding { rule, number, statement: None, diagnostic }));
    findings.sort_by_key(|finding| (finding.number, finding.statement));
    // The replay reads every view at its end: what a rule says with a place is not said twice.
    let is_said = |diagnostic: &Diagnostic| {
        findings
            .iter()
            .any(|finding| diagnostic.code == views::BROKEN && diagnostic.message == finding.diagnostic.message)
    };
    replay.diagnostics.retain(|diagnostic| !is_said(diagnostic));
    (replay, findings)
}

/// The findings of the rule `empty-migration` about these migrations, which need no replay. The only migration of a set
/// is not left out.
#[must_use]
pub fn empty<'a>(migrations: impl IntoIterator<Item = &'a SourceMigration>) -> Vec<Finding> {
    let rule = &rules::empty_migration::RULE;
    let mut found = Vec::new();
    for migration in migrations {
        if let Some(empty) = rules::empty_migration::empty(migration) {
            Findings { rule, number: migration.number, found: &mut found }.push(empty);
        }
    }
    found.into_iter().map(|(finding, _)| finding).collect()
}

/// What rules say of the texts alone: also of those that a replay does not run.
fn texts(set: &MigrationSet, options: &Options<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for migration in set.migrations.iter().filter(|migration| !options.is_old(migration.number)) {
        let Body::Sql { up: script, .. } = &migration.body else { continue };
        for rule in RULES.iter().copied() {
            if let Check::Text(check) = rule.check {
                check(script, &mut Findings { rule, number: migration.number, found: &mut found });
            }
        }
    }
    found.into_iter().map(|(finding, _)| finding).collect()
}

/// The migrations of a set that were judged: those that ran, are SQL, and are not old.
pub fn linted<'a>(
    set: &'a MigrationSet,
    replay: &Replay,
    options: &'a Options<'_>,
) -> impl Iterator<Item = &'a SourceMigration> {
    let ran = set.migrations.iter().take(replay.ups);
    ran.filter(|migration| matches!(migration.body, Body::Sql { .. }) && !options.is_old(migration.number))
}
