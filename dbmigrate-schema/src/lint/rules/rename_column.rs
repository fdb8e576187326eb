//! `rename-column`: a column that programs of the version before use has another name.
//!
//! Where the table still has a column of the old name, or the table got another name and a view of the old one is
//! there, such programs still read it, and the rule is silent.

use dbmigrate_core::repeatable::ObjectKind;
use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::references::is_there;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "rename-column",
    group: Group::Compatibility,
    level: Level::Deny,
    what: "a column is renamed",
    why: "A program of the previous version that is still running, or to which somebody returns, fails at its next \
          query.",
    instead: "If the column is only read, keep a generated column with the old name for one release:\n\n    ALTER \
              TABLE users RENAME COLUMN name TO full_name;\n    ALTER TABLE users ADD COLUMN name TEXT AS \
              (full_name);\n\nIf it is written, add the new column, synchronize the two by triggers, and drop the \
              old one in the next release. If two versions of the program never use the database at the same time, \
              turn the group off: `lints = { compatibility = \"allow\" }`.",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users RENAME COLUMN name TO full_name;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, full_name TEXT);
                  INSERT INTO n (id, full_name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "ALTER TABLE users RENAME COLUMN name TO full_name;
              ALTER TABLE users ADD COLUMN name TEXT AS (full_name);",
    }],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users RENAME COLUMN name TO Name;" },
        Example { before: "", now: "CREATE TABLE a (b); ALTER TABLE a RENAME COLUMN b TO c;" },
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN b; ALTER TABLE users RENAME COLUMN b TO c;" },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users RENAME TO people;
                  ALTER TABLE people RENAME COLUMN name TO full_name;
                  CREATE VIEW users AS SELECT id, full_name AS name FROM people;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);",
            now: "ALTER TABLE users ADD COLUMN years INTEGER;
                  UPDATE users SET years = CAST(age AS INTEGER) WHERE age IS NOT NULL;
                  ALTER TABLE users DROP COLUMN age;
                  ALTER TABLE users RENAME COLUMN years TO age;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (Some(after), was) = (change.after.table(), change.before.object.name()) else { continue };
        if after.name != *was && (is_there(migration, was) || migration.has_repeatable(ObjectKind::View, was)) {
            continue;
        }
        for column in &after.columns {
            let name = &column.name;
            let Some(before) = change.name_before(name).filter(|before| *before != name) else { continue };
            if after.column(before).is_some() {
                continue;
            }
            let is_rename = |at: &&usize| match migration.statements[**at].tree {
                Some(Stmt::AlterTable(_, AlterTableBody::RenameColumn { new, .. })) => tree::name(new) == *name,
                _ => false,
            };
            let at = change.statements.iter().find(is_rename).copied().unwrap_or_else(|| change.statement());
            let declared = column.declared_type.as_ref().map_or(String::new(), |declared| format!(" {declared}"));
            findings.push(
                migration
                    .at(at, format!("column `{before}` of `{was}` is renamed to `{name}`"))
                    .note("a program of the previous version fails at its next query")
                    .help(format!(
                        "where it is only read, leave the old name for one release: `ALTER TABLE {} ADD COLUMN {}{declared} \
                         AS ({});`",
                        after.name.to_sql(),
                        before.to_sql(),
                        name.to_sql()
                    ))
                    .help("or say that none is running: `-- dbmigrate: allow rename-column REASON` on the line above"),
            );
        }
    }
}
