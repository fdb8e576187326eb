//! `add-not-null-without-default`: a column that needs a value comes, and the rows that are there have none for it.
//!
//! A rebuild whose copy leaves such a column out is the same mistake. A statement that an assertion about the table
//! guards is left alone, since the table may be asserted to be empty; so are the others that add columns.

use crate::compare::Change;
use crate::lint::added::{added, generate, rows};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::{Filled, asserts, filled};
use crate::model::Column;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "add-not-null-without-default",
    group: Group::Data,
    level: Level::Deny,
    what: "a `NOT NULL` column without a default is added to a table that may hold rows",
    why: "Existing rows have no value for it. SQLite accepts the statement as long as the table is empty, and \
          rejects it as soon as there is a row: it works in every test, and fails on the users' machines.",
    instead: "Give existing rows a value:\n\n    ALTER TABLE users ADD COLUMN team TEXT NOT NULL DEFAULT '';\n\nOr, \
              if each row gets a value of its own, from SQLite 3.53 on:\n\n    ALTER TABLE users ADD COLUMN team \
              TEXT;\n    UPDATE users SET team = lower(name);\n    ALTER TABLE users ALTER COLUMN team SET NOT \
              NULL;\n\nBefore 3.53, this needs a rebuild: `cargo dbmigrate generate --fill users.team='lower(name)'` \
              writes it.",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL DEFAULT NULL;" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL; UPDATE users SET team = name WHERE id > 0;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, team TEXT NOT NULL);
                  INSERT INTO n (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  ALTER TABLE users ADD COLUMN team TEXT NOT NULL;",
        },
    ],
    passes: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT NOT NULL DEFAULT '';" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN team TEXT;
                  UPDATE users SET team = lower(name);
                  ALTER TABLE users ALTER COLUMN team SET NOT NULL;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, team TEXT NOT NULL);
                  INSERT INTO n SELECT id, name, lower(coalesce(name, '')) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example { before: "", now: "CREATE TABLE t (id); ALTER TABLE t ADD COLUMN team TEXT NOT NULL;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team TEXT DEFAULT '' NOT NULL;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN loud TEXT NOT NULL AS (upper(name) || '!');" },
        Example {
            before: BEFORE,
            now: "CREATE TEMP TABLE t (id); ALTER TABLE temp.t ADD COLUMN team TEXT NOT NULL; DROP TABLE temp.t;",
        },
        Example {
            before: BEFORE,
            now: "DELETE FROM users;
                  ALTER TABLE users ADD COLUMN team TEXT NOT NULL;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT NOT EXISTS (SELECT 1 FROM users)\n
                  ALTER TABLE users ADD COLUMN team TEXT NOT NULL;",
        },
    ],
    check: Check::Migration(check),
};

fn needs_value(column: &Column) -> bool {
    let default = column.default.as_ref().filter(|default| !default.is_null());
    column.not_null.is_some() && default.is_none() && column.generated.is_none()
}

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for added in added(migration).filter(|added| needs_value(added.column)) {
        let (table, column) = (&added.table.name, &added.column.name);
        let message = format!("column `{column}` of `{table}` is `NOT NULL` and has no default");
        let finding = migration
            .at(added.statement, message)
            .note("SQLite accepts this on an empty table, and rejects it if there is a row")
            .notes(rows(migration, table));
        let mut nullable = added.column.clone();
        nullable.not_null = None;
        nullable.default = None;
        let (in_sql, table) = (column.to_sql(), table.to_sql());
        findings
            .push(finding.help("add a value for existing rows: `DEFAULT …`").help(if migration.min_sqlite() >= (3, 53) {
            format!(
                "or fill it in first: `{} UPDATE {table} SET {in_sql} = …; ALTER TABLE {table} ALTER COLUMN {in_sql} \
                 SET NOT NULL;`",
                added.with(&nullable)
            )
        } else {
            format!("or rebuild the table: `{}`", generate(&added.table.name, column, "…"))
        }));
    }
    for change in migration.changed_tables() {
        let Some(rebuild) = &change.rebuild else { continue };
        let (Some(after), was) = (change.after.table(), change.before.object.name()) else { continue };
        let new = change.changes.iter().filter_map(|change| match change {
            Change::ColumnAdded(column) => Some(column),
            _ => None,
        });
        let is_rowid = |column: &Column| after.rowid_alias().is_some_and(|alias| alias.name == column.name);
        for column in new.filter(|column| needs_value(column) && !is_rowid(column)) {
            // One that was added in place was judged above.
            let made_with_it = migration.blame(change, |table| table.column(&column.name).is_some()) == rebuild.create;
            let left_out = made_with_it && filled(migration, change, &column.name) == Filled::Default;
            if !left_out || asserts(migration, was, &[]) {
                continue;
            }
            let column = &column.name;
            let at = rebuild.copies.first().copied().unwrap_or(rebuild.create);
            let message =
                format!("column `{column}` of `{}` is `NOT NULL`, and existing rows get no value for it", after.name);
            let finding = migration.at(at, message).note("this works on an empty table, and fails if there is a row");
            findings.push(
                finding
                    .notes(rows(migration, was))
                    .help(format!("copy `{}` too, or give it a default", column.to_sql())),
            );
        }
    }
}
