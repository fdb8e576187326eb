//! `add-reference-with-default`: a reference comes that every row would have to the same parent.
//!
//! Where the migration runs with foreign keys off SQLite takes it; the runner then looks for rows that refer to
//! nothing, which is for `reference-on-existing-rows` to say.

use crate::lint::added::{added, rows};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::model::Rule;

const BEFORE: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE TABLE users (id INTEGER PRIMARY KEY);";

pub(super) const RULE: Lint = Lint {
    name: "add-reference-with-default",
    group: Group::Data,
    level: Level::Deny,
    what: "a column with a foreign key and a default is added to a table that may hold rows",
    why: "With foreign keys enforced, SQLite accepts this only on an empty table, and rejects it as soon as there is \
          a row: it would have to look up the parent of each row.",
    instead: "Add the column without a default, and fill it where the parent exists:\n\n    ALTER TABLE users ADD \
              COLUMN team INTEGER REFERENCES teams;\n    UPDATE users SET team = 1 WHERE EXISTS (SELECT 1 FROM teams \
              WHERE id = 1);",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team INTEGER REFERENCES teams (id) DEFAULT 1;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN team INT NOT NULL DEFAULT 1 REFERENCES teams;" },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "ALTER TABLE users ADD COLUMN team INTEGER REFERENCES teams;
              UPDATE users SET team = 1 WHERE EXISTS (SELECT 1 FROM teams WHERE id = 1);",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN team INTEGER DEFAULT NULL REFERENCES teams (id);",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: foreign-keys off\n
                  ALTER TABLE users ADD COLUMN team INTEGER REFERENCES teams (id) DEFAULT 1;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE t (id); ALTER TABLE t ADD COLUMN team INTEGER REFERENCES teams (id) DEFAULT 1;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for added in added(migration) {
        let refers = added.constraints().any(|constraint| matches!(constraint.rule, Rule::ForeignKey(_)));
        if !refers || added.column.default.as_ref().is_none_or(|default| default.is_null()) {
            continue;
        }
        if !migration.has_foreign_keys() {
            continue;
        }
        let (table, column) = (&added.table.name, &added.column.name);
        let message = format!("column `{column}` of `{table}` refers to another table and has a default");
        let finding = migration
            .at(added.statement, message)
            .note("SQLite accepts this on an empty table, and rejects it if there is a row")
            .notes(rows(migration, table));
        let mut plain = added.column.clone();
        (plain.default, plain.not_null) = (None, None);
        findings.push(finding.help(format!(
            "fill it in instead: `{} UPDATE {} SET {} = … WHERE …;`",
            added.with(&plain),
            table.to_sql(),
            column.to_sql()
        )));
    }
}
