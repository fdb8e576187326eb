//! `drop-view`: a view goes that programs may read.
//!
//! One that comes back, as a view, a table or a repeatable of its name, has not gone.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Kind;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                      CREATE VIEW names AS SELECT name FROM users;";

pub(super) const RULE: Rule = Rule {
    name: "drop-view",
    group: Group::Destructive,
    level: Level::Warn,
    what: "a view is dropped and not created again",
    why: "A program of the previous version that is still running fails when it reads the view. The view's `INSTEAD \
          OF` triggers are dropped with it.",
    instead: "Stop using the view in one release, and drop it in the next:\n\n    -- dbmigrate: allow drop-view not read \
              since 2.0\n    DROP VIEW names;",
    fails: &[Example { before: BEFORE, now: "DROP VIEW names;" }],
    passes: &[Example { before: BEFORE, now: "DROP VIEW names; CREATE VIEW names AS SELECT name, id FROM users;" }],
    quiet: &[
        Example { before: BEFORE, now: "DROP VIEW names; CREATE TABLE names (name TEXT);" },
        Example { before: BEFORE, now: "DROP VIEW IF EXISTS others;" },
        Example { before: "SELECT 1;", now: "CREATE VIEW v AS SELECT 1; DROP VIEW v;" },
        Example { before: BEFORE, now: "CREATE TEMP VIEW names AS SELECT 1; DROP VIEW temp.names;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, gone) in migration.dropped_by(|tree| matches!(tree, Stmt::DropView { .. })) {
        let name = gone.object.name();
        let same = |kind: &Kind| migration.after.get(*kind, name).is_some();
        if gone.object.kind() != Kind::View || [Kind::Table, Kind::VirtualTable].iter().any(same) {
            continue;
        }
        findings.push(
            migration
                .at(at, format!("view `{name}` is dropped and not recreated"))
                .help("stop reading it in one release, and drop it in the next")
                .help("then say so: `-- dbmigrate: allow drop-view REASON` on the line above"),
        );
    }
}
