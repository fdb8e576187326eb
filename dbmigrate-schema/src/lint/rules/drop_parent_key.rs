//! `drop-parent-key`: what a foreign key refers to goes, and the foreign key stays.
//!
//! `ALTER TABLE … RENAME` carries foreign keys along; where it does not, `legacy-rename` speaks. That rows or values go
//! is for `drop-table` and `drop-column` to say.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::references::{is_there, parent_columns, references};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{ForeignKey, Name, Table};

const BEFORE: &str =
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, code TEXT); CREATE UNIQUE INDEX codes ON teams (code);
                      CREATE TABLE users (id INTEGER PRIMARY KEY, team TEXT REFERENCES teams (code));";

pub(super) const RULE: Rule = Rule {
    name: "drop-parent-key",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a table or column is dropped to which a foreign key of another table refers",
    why: "SQLite accepts this. With foreign keys enforced, every later write to the other table fails: `no such \
          table`, or `foreign key mismatch`.",
    instead: "Rebuild the table that refers to it without the foreign key, in the same file. Declare it in \
              `schema.sql`, and `cargo dbmigrate generate` writes the rebuild.",
    fails: &[
        Example { before: BEFORE, now: "DROP TABLE teams;" },
        Example {
            before: "CREATE TABLE teams (id INTEGER PRIMARY KEY, code TEXT);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team TEXT REFERENCES teams (code));",
            now: "ALTER TABLE teams DROP COLUMN code;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: foreign-keys on
                  CREATE TABLE n (id INTEGER PRIMARY KEY, word TEXT UNIQUE);
                  INSERT INTO n SELECT id, code FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE groups (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
                  INSERT INTO groups SELECT * FROM teams;
                  DROP TABLE teams;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE teams (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
                 CREATE TABLE users (id INTEGER PRIMARY KEY, team TEXT REFERENCES teams (code));",
        now: "CREATE TABLE n (id INTEGER PRIMARY KEY, team TEXT);
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE teams RENAME COLUMN code TO word; ALTER TABLE teams RENAME TO groups;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT UNIQUE, name TEXT);
                  INSERT INTO n (id, code) SELECT id, code FROM teams;
                  DROP TABLE teams;
                  ALTER TABLE n RENAME TO teams;",
        },
        Example { before: BEFORE, now: "DROP TABLE users; DROP TABLE teams;" },
        Example { before: BEFORE, now: "DROP TABLE teams; CREATE TABLE teams (code TEXT PRIMARY KEY);" },
        Example { before: "CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t);", now: "DROP TABLE t;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let dropped = migration.lineage.dropped.iter().map(|gone| (gone.table.object.name(), gone.statement));
    let merged = migration.lineage.merged.iter().map(|gone| (gone.table.object.name(), gone.statement));
    let replaced = migration.lineage.changes.iter().filter_map(|change| {
        let (was, rebuild) = (change.before.object.name(), change.rebuild.as_ref()?);
        (was != change.after.object.name()).then_some((was, rebuild.drop))
    });
    for (table, statement) in dropped.chain(merged).chain(replaced).filter(|(table, _)| !is_there(migration, table)) {
        for (child, key) in references(migration, table) {
            let message = format!("table `{table}` is dropped, and {} of `{}` refers to it", shown(key), child.name);
            findings.push(
                migration
                    .at(statement, message)
                    .note(format!(
                        "with foreign keys enforced, every later write to `{}` fails: `no such table`",
                        child.name
                    ))
                    .help(without(child)),
            );
        }
    }
    for change in &migration.lineage.changes {
        let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { continue };
        if after.columns.len() >= before.columns.len() && change.rebuild.is_none() {
            continue;
        }
        for (child, key) in references(migration, &after.name) {
            let missing = |name: &Name| after.column(name).is_none() && before.column(name).is_some();
            for column in parent_columns(after, key).iter().filter(|name| missing(name)) {
                let at = migration.blame(change, |table| table.column(column).is_none());
                let message = format!(
                    "`{column}` of `{}` is dropped, and {} of `{}` refers to it",
                    after.name,
                    shown(key),
                    child.name
                );
                findings.push(
                    migration
                        .at(at, message)
                        .note(format!(
                            "with foreign keys enforced, every later write to `{}` fails: `foreign key mismatch`",
                            child.name
                        ))
                        .help(without(child)),
                );
            }
        }
    }
}

fn shown(key: &ForeignKey) -> String {
    key.columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}

fn without(child: &Table) -> String {
    format!("rebuild `{}` without that foreign key, in this file: `cargo dbmigrate generate` writes it", child.name)
}
