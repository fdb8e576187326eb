//! `empty-migration`: a way up that does nothing.
//!
//! It is not said of the only migration of a set, which `init` makes: nothing has begun. What asserts something does that.

use dbmigrate_core::Body;

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "empty-migration",
    group: Group::History,
    level: Level::Warn,
    what: "a migration holds no statement",
    why: "It is applied and recorded like any other. What is written into it later is an edit of a migration that \
          databases have, and runs on none of them.",
    instead: "Write the statements before the file is applied anywhere, or remove it. If it is empty on purpose, say \
              why:\n\n    -- dbmigrate: allow empty-migration the number is used by a branch that was given up",
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
    let source = migration.source;
    let Body::Sql { up, .. } = &source.body else { return };
    if !up.steps.is_empty() || !up.asserts.is_empty() || migration.set.migrations.len() == 1 {
        return;
    }
    findings.push(
        migration
            .whole(format!("`{}` holds no statement", source.name()))
            .note("it is recorded as applied: what is written into it later runs on no database that has it")
            .help("write the statements, or remove the file")
            .help("if it is empty on purpose: `-- dbmigrate: allow empty-migration REASON` at the top"),
    );
}
