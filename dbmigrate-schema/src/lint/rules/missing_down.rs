//! `missing-down`: nobody has written a down script, and nobody has said that there is none.
//!
//! It speaks where `reversible` of the manifest is on, and not of the first migration of a set: what was before that is
//! an empty database, and `reset` leads there. A migration in Rust is not looked at: its file says itself whether it
//! has `down`.

use dbmigrate_core::{Body, Down, Help};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "missing-down",
    group: Group::History,
    level: Level::Warn,
    what: "a migration has no down script, and does not say that there is none",
    why: "`down` and `redo` stop at it. This comes to light when a release has to be rolled back.",
    instead: "Write the down script, in `NNN_name.down.sql` or below a line `-- dbmigrate: down`. If there is none, \
              say why:\n\n    -- dbmigrate: irreversible the old prices are gone\n\nIf this package never rolls \
              back, write `reversible = false` into its manifest.",
    fails: &[Example { before: "", now: "CREATE TABLE t (a);" }],
    passes: &[Example { before: "", now: "CREATE TABLE t (a);\n-- dbmigrate: down\nDROP TABLE t;" }],
    quiet: &[
        Example {
            before: "CREATE TABLE t (a);",
            now: "-- dbmigrate: irreversible nobody knows the old values\nUPDATE t SET a = 1;",
        },
        Example { before: "", now: "-- What was here is done elsewhere." },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let source = migration.source;
    let Body::Sql { up, down: Down::Missing } = &source.body else { return };
    if migration.at == 0 || !migration.is_reversible() || up.steps.is_empty() {
        return;
    }
    let stem = source.file.strip_suffix(".sql").unwrap_or(&source.file);
    let stem = stem.strip_suffix(".up").unwrap_or(stem);
    findings.push(
        migration
            .whole(format!("`{}` has no down script", source.name()))
            .help(
                Help::from("write it into ")
                    .file(&format!("{stem}.down.sql"))
                    .words(", or below a line `-- dbmigrate: down`"),
            )
            .help("if it can't be undone: `-- dbmigrate: irreversible REASON` at the top"),
    );
}
