//! What a migration would do to databases that hold rows, where a replay on an empty one proves nothing.
//!
//! A set is replayed once. SQLite's authorizer tells what each statement really does, the schema is followed from
//! statement to statement, and then every [`Rule`] looks at each migration: at its statements, and at what became of
//! each table. A rebuild (create, copy, drop, rename) is the one change that it is. Levels, and what a file allows, are
//! for [`Levels`] to say.

mod act;
mod finding;
mod follow;
mod lineage;
mod migration;
mod rows;
mod rule;
mod rules;
mod state;
mod told;
mod tree;

use std::collections::BTreeSet;

use dbmigrate_core::MigrationSet;

pub use finding::Finding;
pub(crate) use follow::Follower;
pub use rows::Rows;
pub use rule::{Example, Group, Level, Rule};
pub use rules::RULES;
pub(crate) use state::{Changed, Known, State};
pub(crate) use told::Told;

use crate::replay::{Replay, watched};

/// What to judge, and by what.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// The numbers of the migrations that databases may have: these are not judged. None where nobody knows.
    pub old: Option<&'a BTreeSet<u64>>,
    /// A database at hand, to be asked about its rows.
    pub rows: Option<Rows<'a>>,
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

/// Replays a set, as [`replay`](crate::replay()) does, and judges it on the way.
#[must_use]
pub fn lint(set: &MigrationSet, options: &Options<'_>) -> (Replay, Vec<Finding>) {
    let mut follower = Follower::new(set, options);
    let (replay, elsewhere) = watched(set, &mut follower);
    let mut findings = follower.findings;
    for (number, diagnostic) in elsewhere.into_iter().filter(|(number, _)| !options.is_old(*number)) {
        findings.push(Finding { rule: &rules::down_not_inverse::RULE, number, statement: None, diagnostic });
    }
    (replay, findings)
}
