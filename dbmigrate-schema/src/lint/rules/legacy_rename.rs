//! `legacy-rename`: a table gets another name in a mode in which foreign keys keep the old one.
//!
//! A rebuild in that mode is what SQLite's own documentation shows: nothing refers to the name that it gives up. A
//! trigger or a view that was left behind is found as such.

use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::references::{is_there, references};
use crate::lint::rule::{Check, Example, Group, Level, Rule};

const BEFORE: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
                      CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);";

pub(super) const RULE: Rule = Rule {
    name: "legacy-rename",
    group: Group::Compatibility,
    level: Level::Warn,
    what: "a table is renamed, and foreign keys keep the old name",
    why: "With `PRAGMA legacy_alter_table` on and foreign keys off, `RENAME TO` renames only the table itself. Every \
          later write to a table that refers to it fails: `no such table`.",
    instead: "Leave the pragma out: `ALTER TABLE teams RENAME TO groups` then also changes the foreign keys that \
              refer to it.",
    fails: &[Example {
        before: BEFORE,
        now: "-- dbmigrate: foreign-keys off
              PRAGMA legacy_alter_table = ON;
              ALTER TABLE teams RENAME TO groups;",
    }],
    passes: &[Example {
        before: BEFORE,
        now: "ALTER TABLE teams RENAME TO groups; CREATE VIEW teams AS SELECT id FROM groups;",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "-- dbmigrate: foreign-keys off
                  PRAGMA legacy_alter_table = ON;
                  CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO n (id) SELECT id FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: foreign-keys off
                  PRAGMA legacy_alter_table = ON;
                  ALTER TABLE teams RENAME TO old;
                  CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO teams (id) SELECT id FROM old;
                  DROP TABLE old;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.lineage.changes.iter().filter(|change| change.rebuild.is_none()) {
        let was = change.before.object.name();
        if was == change.after.object.name() || is_there(migration, was) {
            continue;
        }
        let is_rename = |at: &&usize| {
            let tree = migration.statements[**at].tree;
            matches!(tree, Some(Stmt::AlterTable(_, AlterTableBody::RenameTo(_))))
        };
        let at = change.statements.iter().find(is_rename).copied().unwrap_or_else(|| change.statement());
        for (child, _) in references(migration, was) {
            let message = format!("`{was}` is renamed, and the foreign key of `{}` keeps the old name", child.name);
            findings.push(
                migration
                    .at(at, message)
                    .note(format!(
                        "with foreign keys enforced, every later write to `{}` fails: `no such table`",
                        child.name
                    ))
                    .help("leave `PRAGMA legacy_alter_table` out: the foreign key is renamed, too"),
            );
        }
    }
}
