//! `create-table-as`: a table that stays is made of a query.

use sqlite3_parser::ast::{CreateTableBody, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::in_main;
use crate::model::Kind;

pub(super) const RULE: Rule = Rule {
    name: "create-table-as",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a permanent table is created with `CREATE TABLE … AS SELECT`",
    why: "The new table has the column names and little more: no primary key, no `NOT NULL`, no default, no check \
          and no foreign key. Of each type only `INT`, `TEXT`, `NUM`, `REAL` or nothing is left.",
    instead: "Declare the table, and copy the rows:\n\n    CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT \
              NULL);\n    INSERT INTO names (id, name) SELECT id, name FROM users;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE names AS SELECT id, name FROM users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE new_users AS SELECT id, name FROM users WHERE name IS NOT NULL;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO names (id, name) SELECT id, name FROM users;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "CREATE TABLE kept AS SELECT id, name FROM users;
              CREATE TEMP TABLE more AS SELECT id FROM users;
              DROP TABLE users;
              CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO users SELECT id, name FROM kept;
              DROP TABLE kept;
              DROP TABLE more;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, statement) in migration.statements.iter().enumerate() {
        let Some(Stmt::CreateTable { temporary: false, tbl_name, body: CreateTableBody::AsSelect(_), .. }) =
            statement.tree
        else {
            continue;
        };
        let Some(name) = in_main(tbl_name).filter(|name| statement.is_creating(name)) else { continue };
        let Some(last) = migration.name_at_end(at, &name) else { continue };
        let mut finding =
            migration.at(at, format!("`{last}` has no key and no constraint, because it is created from a query"));
        if let Some(known) = migration.after.get(Kind::Table, &last) {
            let text = known.object.text().split_whitespace().collect::<Vec<_>>().join(" ");
            finding = finding.note(format!("SQLite stores it as `{text}`"));
        }
        let name = name.to_sql();
        findings.push(finding.help(format!(
            "say what it is, then copy the rows: `CREATE TABLE {name} (…); INSERT INTO {name} (…) SELECT …;`"
        )));
    }
}
