//! `drop-table`: a table that may hold rows goes.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "drop-table",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a table is dropped, with all its rows",
    why: "The rows are gone from every installed database, and no way back brings them back. A program of the version \
          before that still runs fails at its next query.",
    instead: "Stop using the table in one release, keep it under another name for the time of another, and drop it \
              then:\n\n    ALTER TABLE users RENAME TO _old_users;\n\nOr say that it is meant, on the line above:\n\n    \
              -- dbmigrate: allow drop-table nobody has used it since 2.0",
    fails: &[Example { before: "CREATE TABLE users (id INTEGER PRIMARY KEY);", now: "DROP TABLE users;" }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "ALTER TABLE users RENAME TO _old_users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
                  INSERT INTO new_users SELECT id, coalesce(name, '') FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example { before: "", now: "CREATE TABLE scratch (a); DROP TABLE scratch;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for gone in &migration.lineage.dropped {
        if migration.is_new(&gone.table) {
            continue;
        }
        let name = gone.table.object.name();
        let mut finding = migration.at(gone.statement, format!("table `{name}` is dropped, with all its rows"));
        if let Some(rows) = migration.ask(&format!("SELECT count(*) FROM {}", name.to_sql())) {
            finding = finding.note(format!("there are {rows} rows in it now"));
        }
        let kept = crate::model::Name::new(format!("_old_{name}")).to_sql();
        findings.push(
            finding
                .help(format!("keep it for one more release: `ALTER TABLE {} RENAME TO {kept};`", name.to_sql()))
                .help("or say why it may go: `-- dbmigrate: allow drop-table REASON` on the line above"),
        );
    }
}
