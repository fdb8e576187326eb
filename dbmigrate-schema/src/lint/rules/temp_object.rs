//! `temp-object`: a `TEMP` object that is still there when the migration ends.
//!
//! In a script without a transaction core refuses them.

use rusqlite::OptionalExtension;

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::operation::OperationKind;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "temp-object",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a `TEMP` table, view or trigger is left behind",
    why: "It exists only for the connection that ran the migration: whether the program sees it depends on whether \
          it has just migrated. It hides a table of the same name, and a `TEMP` trigger interferes with later \
          migrations.",
    instead: "Drop it before the migration ends:\n\n    CREATE TEMP TABLE kept AS SELECT id FROM users;\n    -- \
              …\n    DROP TABLE temp.kept;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "CREATE TEMP TABLE kept AS SELECT id FROM users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "CREATE TEMP VIEW few AS SELECT id FROM users; CREATE TABLE temp.\"Two Words\" (id);",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "CREATE TEMP TABLE kept AS SELECT id FROM users; DROP TABLE temp.kept;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "CREATE TABLE temporary (id INTEGER PRIMARY KEY); CREATE TABLE main.\"temp\" (id);",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, statement) in migration.statements.iter().enumerate() {
        for kind in statement.own_operations() {
            let OperationKind::Temp(name) = kind else { continue };
            let kind = "SELECT type FROM temp.sqlite_schema WHERE name = ?1 COLLATE NOCASE AND sql IS NOT NULL";
            let kind = migration.connection.query_row(kind, [name.as_str()], |row| row.get::<_, String>(0)).optional();
            let Ok(Some(kind)) = kind else { continue };
            findings.push(
                migration
                    .at(at, format!("the temporary {kind} `{name}` is left behind"))
                    .note("only the connection that migrated has it")
                    .help(format!("drop it at the end: `DROP {} temp.{};`", kind.to_uppercase(), name.to_sql())),
            );
        }
    }
}
