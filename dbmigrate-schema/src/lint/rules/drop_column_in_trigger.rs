//! `drop-column-in-trigger`: a trigger waits for a column that goes, and never runs again.
//!
//! SQLite does not look at the columns of `UPDATE OF`. A trigger that names the column in its body fails instead, and
//! `broken-trigger` finds it.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Event, Name};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT); CREATE TABLE log (what);
                      CREATE TRIGGER named AFTER UPDATE OF nick ON users BEGIN INSERT INTO log VALUES (1); END;";

pub(super) const RULE: Rule = Rule {
    name: "drop-column-in-trigger",
    group: Group::Destructive,
    level: Level::Warn,
    what: "a column is dropped that a trigger names in `UPDATE OF`",
    why: "SQLite does not check these names: the trigger stays, and never fires for that column again, without an \
          error.",
    instead: "Drop the trigger, or create it again, in the same file:\n\n    DROP TRIGGER named;\n    ALTER TABLE \
              users DROP COLUMN nick;",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users DROP COLUMN nick;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO n SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE TRIGGER named AFTER UPDATE OF nick ON users BEGIN INSERT INTO log VALUES (1); END;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "DROP TRIGGER named;
              ALTER TABLE users RENAME COLUMN nick TO alias;
              ALTER TABLE users ADD COLUMN nick TEXT AS (alias);
              CREATE TRIGGER named AFTER UPDATE OF alias ON users BEGIN INSERT INTO log VALUES (1); END;",
    }],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users DROP COLUMN name;" },
        Example { before: BEFORE, now: "ALTER TABLE users RENAME COLUMN nick TO alias;" },
        Example { before: BEFORE, now: "DROP TRIGGER named; ALTER TABLE users DROP COLUMN nick;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in &migration.lineage.changes {
        let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { continue };
        let is_gone = |name: &&Name| before.column(name).is_some() && after.column(name).is_none();
        if !before.columns.iter().any(|column| is_gone(&&column.name)) {
            continue;
        }
        for trigger in migration.after.of_table(&after.name).filter_map(|known| known.trigger()) {
            let Event::Update(columns) = &trigger.event else { continue };
            for column in columns.iter().filter(is_gone) {
                let at = migration.blame(change, |table| table.column(column).is_none());
                let message =
                    format!("`{column}` of `{}` is dropped, and trigger `{}` fires on it", after.name, trigger.name);
                let drop = format!("DROP TRIGGER {};", trigger.name.to_sql());
                findings.push(
                    migration
                        .at(at, message)
                        .note(if columns.len() == 1 {
                            "it never fires again"
                        } else {
                            "it no longer fires for that column"
                        })
                        .help(format!("drop or recreate it in this file: `{drop}`")),
                );
            }
        }
    }
}
