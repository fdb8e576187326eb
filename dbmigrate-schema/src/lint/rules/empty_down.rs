//! `empty-down`: a way back that does nothing.

use dbmigrate_core::{Body, Down};

use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "empty-down",
    group: Group::History,
    level: Level::Warn,
    what: "a down script contains no statement",
    why: "Rolling it back leaves everything in place, and only removes the migration from the history. The next `up` \
          fails, or does the same work again.",
    instead: "Write the statements, or delete the file: without it, `down` stops before anything changes. If the \
              migration deliberately has no down script, say why in it:\n\n    -- dbmigrate: irreversible the old \
              prices are gone",
    fails: &[Example { before: "", now: "CREATE TABLE t (a);\n-- dbmigrate: down\n-- Still to be written." }],
    passes: &[Example { before: "", now: "CREATE TABLE t (a);\n-- dbmigrate: down\nDROP TABLE t;" }],
    quiet: &[
        Example { before: "", now: "-- Nothing here.\n-- dbmigrate: down\n-- And nothing to undo." },
        Example { before: "", now: "-- dbmigrate: irreversible it is needed\nCREATE TABLE t (a);" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let Body::Sql { up, down: Down::Script(down) } = &migration.source.body else { return };
    if up.steps.is_empty() || !down.steps.is_empty() {
        return;
    }
    findings.push(
        Draft::whole(down, format!("the down script of `{}` contains no statement", migration.source.name()))
            .note("rolling it back would change nothing, and only remove it from the history")
            .help("write the statements, or delete it: without one, `down` stops with an error")
            .help("if it can't be undone, write `-- dbmigrate: irreversible REASON` in the up script"),
    );
}
