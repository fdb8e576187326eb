//! `add-column-with-expression-default`: a column comes with a default that every row would have to compute.

use rusqlite::Connection;

use crate::lint::added::{added, generate, rows};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Default;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "add-column-with-expression-default",
    group: Group::Data,
    level: Level::Deny,
    what: "a column whose default is an expression is added to a table that may hold rows",
    why: "SQLite adds a column without rewriting the rows, so the default has to be a constant. If it is \
          `CURRENT_TIMESTAMP` or an expression, SQLite accepts the statement only on an empty table, and rejects it \
          as soon as there is a row.",
    instead: "Add the column without that default, and then fill it:\n\n    ALTER TABLE users ADD COLUMN created \
              TEXT;\n    UPDATE users SET created = CURRENT_TIMESTAMP;\n\nIf new rows need the default, the table \
              has to be rebuilt. Declare it in `schema.sql`, and `cargo dbmigrate generate --fill \
              users.created=CURRENT_TIMESTAMP` writes the rebuild.",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN created TEXT DEFAULT CURRENT_TIMESTAMP;" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN created TEXT NOT NULL DEFAULT (datetime('now'));",
        },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN token TEXT DEFAULT (hex(randomblob(8)));" },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ADD COLUMN created TEXT; UPDATE users SET created = CURRENT_TIMESTAMP;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
                  INSERT INTO n (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT (1);" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT ('x');" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT -1.5;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT (-1);" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT FALSE;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT x'00';" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT word;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN a DEFAULT (NULL);" },
        Example {
            before: "",
            now: "CREATE TABLE t (id); ALTER TABLE t ADD COLUMN created TEXT DEFAULT CURRENT_TIMESTAMP;",
        },
    ],
    check: Check::Migration(check),
};

/// Whether SQLite takes a default for the rows that are there.
fn suits_rows(default: &Default) -> bool {
    let Ok(connection) = Connection::open_in_memory() else { return true };
    let filled = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";
    // A default that does not stand by itself is nothing to judge.
    let alone = connection.execute_batch(&format!("CREATE TABLE d (a DEFAULT {})", default.text)).is_ok();
    let sql = format!("{filled} ALTER TABLE t ADD COLUMN d DEFAULT {}", default.text);
    !alone || connection.execute_batch(&sql).is_ok()
}

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for added in added(migration) {
        let Some(default) = added.column.default.as_ref().filter(|it| !it.constant && !suits_rows(it)) else {
            continue;
        };
        let (table, column) = (&added.table.name, &added.column.name);
        let message = format!("column `{column}` of `{table}` is added with a default that is not a constant");
        let finding = migration
            .at(added.statement, message)
            .note("SQLite accepts this on an empty table, and rejects it if there is a row")
            .notes(rows(migration, table));
        let mut plain = added.column.clone();
        (plain.default, plain.not_null) = (None, None);
        let (in_sql, table, value) = (column.to_sql(), table.to_sql(), &default.text);
        findings.push(
            finding
                .help(format!("fill it in instead: `{} UPDATE {table} SET {in_sql} = {value};`", added.with(&plain)))
                .help(format!(
                    "or keep the default and rebuild the table: `{}`",
                    generate(&added.table.name, column, value)
                )),
        );
    }
}
