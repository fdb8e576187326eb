//! `empty-migration`: a way up that does nothing.
//!
//! `check` does not say it of the only migration of a set, which `init` makes: nothing has begun. `lock` does, as sealing is
//! no beginning. What asserts something does that.

use dbmigrate_core::{Body, SourceMigration};

use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "empty-migration",
    group: Group::History,
    level: Level::Warn,
    what: "a migration contains no statement",
    why: "It is applied and recorded like any other. Anything written into it later is an edit of a migration that \
          databases already have, and runs on none of them.",
    instead: "Write the statements before the file is applied anywhere, or delete it. If it is deliberately empty, \
              say why:\n\n    -- dbmigrate: allow empty-migration the number is used by a branch that was given up",
    fails: &[
        Example { before: "CREATE TABLE t (a);", now: "-- Migration: Add b" },
        Example { before: "CREATE TABLE t (a);", now: "" },
        Example { before: "CREATE TABLE t (a);", now: "-- Still to be written.\n-- dbmigrate: down\nDROP TABLE t;" },
    ],
    passes: &[Example { before: "CREATE TABLE t (a);", now: "-- Migration: Add b\nALTER TABLE t ADD COLUMN b;" }],
    quiet: &[Example { before: "CREATE TABLE t (a);", now: "-- dbmigrate: assert SELECT count(*) = 0 FROM t" }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let has_begun = migration.set.migrations.len() > 1;
    if let Some(empty) = empty(migration.source).filter(|_| has_begun) {
        findings.push(empty);
    }
}

/// What there is to say of a migration. That it has run is not needed.
pub(in crate::lint) fn empty(migration: &SourceMigration) -> Option<Draft> {
    let Body::Sql { up, .. } = &migration.body else { return None };
    // A squash may stand for migrations that come to nothing.
    let is_empty = up.steps.is_empty() && up.asserts.is_empty() && migration.replaces.is_none();
    is_empty.then(|| {
        Draft::whole(up, format!("`{}` contains no statement", migration.name()))
            .note("it is recorded as applied: what is added later does not run on databases that have it")
            .help("write the statements, or remove the file")
            .help("if it is empty on purpose: `-- dbmigrate: allow empty-migration REASON` at the top")
    })
}
