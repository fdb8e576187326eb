//! `drop-column`: a column that may hold values goes.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "drop-column",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a column is dropped, with all its values",
    why: "The values are gone from every installed database, and no way back brings them back. A program of the version \
          before that still runs fails at its next query.",
    instead: "Stop reading and writing the column in one release, and drop it in the next:\n\n    -- dbmigrate: allow \
              drop-column not read since 2.0\n    ALTER TABLE users DROP COLUMN nick;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "ALTER TABLE users DROP COLUMN nick;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY);
                  INSERT INTO new_users SELECT id FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
        now: "UPDATE users SET nick = NULL WHERE nick = '';",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO new_users (id, name) SELECT id, nick FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, double AS (id * 2));",
            now: "ALTER TABLE users DROP COLUMN double;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (table, was) = (change.after.object.name(), change.before.object.name());
        let gone = change.changes.iter().filter_map(|change| match change {
            Change::ColumnRemoved(column) if column.generated.is_none() => Some(&column.name),
            _ => None,
        });
        for column in gone {
            let message = format!("column `{column}` of `{table}` is dropped, with all its values");
            let mut finding = migration.at(change.statement(), message);
            let (column, was) = (column.to_sql(), was.to_sql());
            if let Some(rows) = migration.ask(&format!("SELECT count({was}.{column}) FROM {was}")) {
                finding = finding.note(format!("{rows} rows have a value in it now"));
            }
            findings.push(
                finding
                    .help("stop using it in one release, and drop it in the next")
                    .help("then say so: `-- dbmigrate: allow drop-column REASON` on the line above"),
            );
        }
    }
}
