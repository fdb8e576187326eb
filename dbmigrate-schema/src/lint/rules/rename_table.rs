//! `rename-table`: a table that programs of the version before use has another name.
//!
//! A view of the old name keeps them going, so the rule is silent then. It is also about `_old_…`, by which
//! `drop-table` recommends to keep a table for one more release: whoever does that has stopped using it. A table whose
//! rows were copied into another one before it went is as good as renamed.

use dbmigrate_core::repeatable::ObjectKind;
use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::references::is_there;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Kind, Name};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "rename-table",
    group: Group::Compatibility,
    level: Level::Deny,
    what: "a table is renamed",
    why: "A program of the previous version that is still running, or to which somebody returns, fails at its next \
          query.",
    instead: "Keep a view with the old name for one release, with `INSTEAD OF` triggers if the table was written \
              to:\n\n    ALTER TABLE users RENAME TO people;\n    CREATE VIEW users AS SELECT id, name FROM \
              people;\n\nIf two versions of the program never use the database at the same time, turn the group off: \
              `lints = { compatibility = \"allow\" }`.",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users RENAME TO people;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO people SELECT * FROM users;
                  DROP TABLE users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE guests (name TEXT);
                     CREATE TABLE people (name TEXT);",
            now: "INSERT INTO people SELECT name FROM guests; DROP TABLE guests;",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "ALTER TABLE users RENAME TO people;
              CREATE VIEW users AS SELECT id, name FROM people;",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "ALTER TABLE users RENAME TO o;
                  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO users SELECT * FROM o;
                  DROP TABLE o;",
        },
        Example { before: BEFORE, now: "ALTER TABLE users RENAME TO _old_users;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE new_users (id INTEGER PRIMARY KEY);",
            now: "DROP TABLE users; ALTER TABLE new_users RENAME TO users;",
        },
        Example { before: "", now: "CREATE TABLE a (b); ALTER TABLE a RENAME TO c;" },
        Example { before: BEFORE, now: "ALTER TABLE users RENAME TO a; ALTER TABLE a RENAME TO users;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (was, is) = (change.before.object.name(), change.after.object.name());
        let retired = *is == Name::new(format!("_old_{was}"));
        // One that takes the place of a table which goes: that one is what programs know.
        let takes_over = migration.before(Kind::Table, is).is_some();
        if was == is
            || retired
            || takes_over
            || is_there(migration, was)
            || migration.has_repeatable(ObjectKind::View, was)
        {
            continue;
        }
        let is_rename = |at: &&usize| {
            let tree = migration.statements[**at].tree;
            matches!(tree, Some(Stmt::AlterTable(_, AlterTableBody::RenameTo(_))))
        };
        let at = change.statements.iter().rev().find(is_rename).copied().unwrap_or_else(|| change.statement());
        let columns = change.after.table().map_or(&[][..], |table| &table.columns);
        let columns = columns.iter().map(|column| match change.name_before(&column.name) {
            Some(before) if *before != column.name => format!("{} AS {}", column.name.to_sql(), before.to_sql()),
            _ => column.name.to_sql(),
        });
        findings.push(
            migration
                .at(at, format!("table `{was}` is renamed to `{is}`"))
                .note("a program of the previous version fails at its next query")
                .help(format!(
                    "leave a view for one release: `CREATE VIEW {} AS SELECT {} FROM {};`",
                    was.to_sql(),
                    columns.collect::<Vec<_>>().join(", "),
                    is.to_sql()
                ))
                .help("or say that none is running: `-- dbmigrate: allow rename-table REASON` on the line above"),
        );
    }
    for merged in migration.lineage.merged.iter().filter(|merged| !migration.is_new(&merged.table)) {
        let was = merged.table.object.name();
        if is_there(migration, was) || migration.has_repeatable(ObjectKind::View, was) {
            continue;
        }
        findings.push(
            migration
                .at(merged.statement, format!("table `{was}` is dropped, and its rows are in `{}`", merged.into))
                .note("a program of the previous version fails at its next query")
                .help(format!("leave a view for one release: `CREATE VIEW {} AS SELECT …;`", was.to_sql()))
                .help("or say that none is running: `-- dbmigrate: allow rename-table REASON` on the line above"),
        );
    }
}
