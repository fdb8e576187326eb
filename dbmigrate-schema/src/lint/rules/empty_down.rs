//! `empty-down`: a down script that does nothing.

use dbmigrate_core::{Body, Down};

use crate::lint::finding::{Draft, Findings};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "empty-down",
    group: Group::History,
    level: Level::Warn,
    what: "a down script contains no statement",
    why: "It counts as none, and `down` stops before anything changes. Running it would leave everything in place, and \
          only remove the migration from the history.",
    instead: "Write the statements, or delete the file. If there is nothing to undo, a statement that does nothing says \
              so: `SELECT 1;`. If the migration deliberately has no down script, say why in it:\n\n    -- dbmigrate: \
              irreversible the old prices are gone",
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
            .note("it counts as none: `down` and `redo` stop there")
            .help("write the statements, or remove it")
            .help("if it can't be undone, write `-- dbmigrate: irreversible REASON` in the up script"),
    );
}
