//! `add-stored-column`: a stored computed column comes, which every row would have to be written for.

use crate::lint::added::{added, rows};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "add-stored-column",
    group: Group::Data,
    level: Level::Deny,
    what: "a `STORED` column is added to a table that may hold rows",
    why: "SQLite adds a column without rewriting the rows, so it cannot store values in them. It accepts the \
          statement only on an empty table, and rejects it as soon as there is a row.",
    instead: "A `VIRTUAL` column has the same values, and an index on it stores them:\n\n    ALTER TABLE users ADD COLUMN \
              loud TEXT AS (upper(name)) VIRTUAL;\n    CREATE INDEX users_loud ON users (loud);\n\nOr declare it in \
              `schema.sql` and let `cargo dbmigrate generate` write the rebuild.",
    fails: &[Example {
        before: BEFORE,
        now: "ALTER TABLE users ADD COLUMN loud TEXT GENERATED ALWAYS AS (upper(name)) STORED;",
    }],
    passes: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN loud TEXT AS (upper(name)) VIRTUAL;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, loud TEXT AS (upper(name)) STORED);
                  INSERT INTO n (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN loud TEXT AS (upper(name));" },
        Example { before: "", now: "CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b AS (a) STORED;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for added in added(migration) {
        let Some(generated) = added.column.generated.as_ref().filter(|generated| generated.stored) else { continue };
        let (table, column) = (&added.table.name, &added.column.name);
        let message = format!("column `{column}` of `{table}` is `STORED`, which existing rows can't have");
        let finding = migration
            .at(added.statement, message)
            .note("SQLite accepts this on an empty table, and rejects it if there is a row")
            .notes(rows(migration, table));
        let mut virtually = added.column.clone();
        virtually.generated = Some(crate::model::Generated { stored: false, ..generated.clone() });
        findings.push(
            finding
                .help(format!("compute it when it is read: `{}`", added.with(&virtually)))
                .help("or rebuild the table: `cargo dbmigrate generate` writes that from `schema.sql`"),
        );
    }
}
