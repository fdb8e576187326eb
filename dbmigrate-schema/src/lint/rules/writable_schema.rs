//! `writable-schema`: the schema's own table is edited by hand.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::operation::OperationKind;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::name;
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    name: "writable-schema",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "`sqlite_schema` is edited by hand",
    why: "SQLite checks nothing of what is written there: neither whether it can be read again, nor whether existing \
          rows agree with it. After a mistake, the database may no longer open.",
    instead: "Rebuild the table, as SQLite's documentation of `ALTER TABLE` describes; `cargo dbmigrate generate` \
              writes that for you.",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "PRAGMA writable_schema = ON;
              UPDATE sqlite_schema SET sql = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'
              WHERE name = 'users';
              PRAGMA writable_schema = RESET;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO new_users (id, name) SELECT id, name FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE seen (name TEXT);",
        now: "INSERT INTO seen SELECT name FROM sqlite_schema; PRAGMA writable_schema = OFF;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let edits: Vec<_> = places(migration, edits);
    let switches = || places(migration, switches);
    for at in if edits.is_empty() { switches() } else { edits } {
        findings.push(
            migration
                .at(at, "the schema is edited by hand in `sqlite_schema`")
                .note("SQLite checks neither the text nor whether the rows match it")
                .help("rebuild the table instead: `cargo dbmigrate generate NAME` writes it from `schema.sql`")
                .help("or say why: `-- dbmigrate: allow writable-schema REASON` on the line above"),
        );
    }
}

fn places(migration: &Migration<'_>, is_so: impl Fn(&Statement<'_>) -> bool) -> Vec<usize> {
    let statements = migration.statements.iter().enumerate();
    statements.filter(|(_, statement)| is_so(statement)).map(|(at, _)| at).collect()
}

fn edits(statement: &Statement<'_>) -> bool {
    let Some(Stmt::Insert { tbl_name, .. } | Stmt::Update { tbl_name, .. } | Stmt::Delete { tbl_name, .. }) =
        statement.tree
    else {
        return false;
    };
    let table = name(&tbl_name.name);
    statement.own_operations().any(|kind| *kind == OperationKind::WriteSchema)
        && ["sqlite_schema", "sqlite_master"].iter().any(|own| table == Name::new(*own))
}

fn switches(statement: &Statement<'_>) -> bool {
    statement.own_operations().any(|kind| match kind {
        OperationKind::Pragma(name, Some(value)) => {
            let on = ["on", "yes", "true", "1"].iter().any(|on| value.eq_ignore_ascii_case(on));
            *name == Name::new("writable_schema") && on
        }
        _ => false,
    })
}
