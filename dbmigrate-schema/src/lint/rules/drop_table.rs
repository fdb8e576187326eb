//! `drop-table`: a table that may hold rows goes.
//!
//! A virtual table counts where its module is known to keep rows in the database; a full-text index of another table
//! does not, and about other modules nobody can tell. A table whose rows were copied into another one first is for
//! `rename-table`.

use sqlite3_parser::ast::Stmt;

use crate::lint::act::Deed;
use crate::lint::added::rows;
use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::names;
use crate::model::{Kind, Name, Object};

pub(super) const RULE: Rule = Rule {
    name: "drop-table",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a table is dropped, with all its rows",
    why: "The rows are gone from every installed database, and no way back brings them back. A program of the version \
          before that still runs fails at its next query.",
    instead: "Stop using the table in one release, keep it under another name for the time of another, and drop it \
              then:\n\n    ALTER TABLE users RENAME TO _old_users;\n\nOr say that it is meant, on the line above:\n\n    \
              -- dbmigrate: allow drop-table nobody has used it since 2.0",
    fails: &[
        Example { before: "CREATE TABLE users (id INTEGER PRIMARY KEY);", now: "DROP TABLE users;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        },
        Example { before: "CREATE VIRTUAL TABLE notes USING fts5 (body);", now: "DROP TABLE notes;" },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "ALTER TABLE users RENAME TO _old_users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
                  INSERT INTO new_users SELECT id, coalesce(name, '') FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT DEFAULT '');
                  WITH old AS (SELECT * FROM users) INSERT INTO n SELECT * FROM old;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example { before: "", now: "CREATE TABLE scratch (a); DROP TABLE scratch;" },
        Example {
            before: "CREATE TABLE notes (body); CREATE VIRTUAL TABLE found USING fts5 (body, content = notes);",
            now: "DROP TABLE found; CREATE VIRTUAL TABLE found USING fts5 (body, content = 'notes');",
        },
        Example { before: "CREATE TABLE users (id);", now: "DROP TABLE IF EXISTS guests;" },
        Example {
            before: "CREATE TABLE a (x, y); CREATE TABLE b (x, z);",
            now: "CREATE TABLE c (kind, x, y); INSERT INTO c SELECT 'a', x, y FROM a; INSERT INTO c SELECT 'b', x, z FROM b;
                  DROP TABLE a; DROP TABLE b;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for gone in migration.lineage.dropped.iter().filter(|gone| !migration.is_new(&gone.table)) {
        report(migration, findings, gone.table.object.name(), gone.statement);
    }
    for (at, changed) in migration.net() {
        let Some(before) = migration.before(Kind::VirtualTable, &changed.key.1) else { continue };
        let is_gone = changed.key.0 == Kind::VirtualTable && changed.after.is_none() && !migration.is_new(before);
        if is_gone && !is_index(&before.object) {
            report(migration, findings, &changed.key.1, at);
        }
    }
}

/// Whether a virtual table keeps no rows of its own: a full-text index of what is somewhere else.
fn is_index(object: &Object) -> bool {
    let Object::VirtualTable(table) = object else { return false };
    let content = Name::new("content");
    let kept_elsewhere = || table.arguments.iter().any(|argument| names(argument).contains(&content));
    !["fts5", "fts4", "rtree"].iter().any(|module| table.module == Name::new(*module)) || kept_elsewhere()
}

fn report(migration: &Migration<'_>, findings: &mut Findings<'_>, name: &Name, at: usize) {
    let reads = |statement: &Statement<'_>| {
        let writes =
            matches!(statement.tree, Some(Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::CreateTable { .. }));
        writes && statement.deeds().any(|deed| matches!(deed, Deed::Read(table, _) if table == name))
    };
    let read = migration.statements.iter().take(at).any(reads);
    let kept = Name::new(format!("_old_{name}")).to_sql();
    findings.push(
        migration
            .at(at, format!("table `{name}` is dropped, with all its rows"))
            .notes(read.then(|| "this migration reads them before: what it makes of them stays".to_owned()))
            .notes(rows(migration, name))
            .help(format!("keep it for one more release: `ALTER TABLE {} RENAME TO {kept};`", name.to_sql()))
            .help("or say why it may go: `-- dbmigrate: allow drop-table REASON` on the line above"),
    );
}
