//! `drop-table`: a table that may hold rows goes.
//!
//! A virtual table counts where its module is known to keep rows in the database; a full-text index of another table
//! does not, and about other modules nobody can tell. It may get another name, and another one that was filled from it may
//! take its place. A table whose rows were copied into another one first is for
//! `rename-table`.

use std::collections::HashMap;
use std::rc::Rc;

use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::added::rows;
use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::operation::OperationKind;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::Known;
use crate::lint::tree;
use crate::lint::values::names;
use crate::model::{Kind, Name, Object};

pub(super) const RULE: Rule = Rule {
    name: "drop-table",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a table is dropped, with all its rows",
    why: "The rows are lost in every installed database, and no down script brings them back. A program of the \
          previous version that is still running fails at its next query.",
    instead: "Stop using the table in one release, keep it under another name during the next one, and drop it after \
              that:\n\n    ALTER TABLE users RENAME TO _old_users;\n\nOr say on the line above that it is \
              intended:\n\n    -- dbmigrate: allow drop-table nobody has used it since 2.0",
    fails: &[
        Example { before: "CREATE TABLE users (id INTEGER PRIMARY KEY);", now: "DROP TABLE users;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        },
        Example { before: "CREATE VIRTUAL TABLE notes USING fts5 (body);", now: "DROP TABLE notes;" },
        Example {
            before: "CREATE VIRTUAL TABLE notes USING fts5 (body);",
            now: "DROP TABLE notes; CREATE VIRTUAL TABLE notes USING fts5 (title, body);",
        },
        Example {
            before: "CREATE VIRTUAL TABLE boxes USING rtree_i32 (id, low, high);",
            now: "ALTER TABLE boxes RENAME TO old_boxes; DROP TABLE old_boxes;",
        },
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
        Example {
            before: "CREATE VIRTUAL TABLE notes USING fts5 (body);",
            now: "CREATE VIRTUAL TABLE n USING fts5 (title, body); INSERT INTO n (rowid, body) SELECT rowid, body FROM notes;
                  DROP TABLE notes; ALTER TABLE n RENAME TO notes;",
        },
        Example {
            before: "CREATE VIRTUAL TABLE notes USING fts5 (body);",
            now: "ALTER TABLE notes RENAME TO texts;",
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
    for (at, known) in virtual_tables_gone(migration) {
        if !migration.is_new(known) && !is_index(&known.object) {
            report(migration, findings, known.object.name(), at);
        }
    }
}

/// The virtual tables of before that go: not one that only gets another name, nor one whose name another takes that was
/// filled from it.
fn virtual_tables_gone<'m>(migration: &Migration<'m>) -> Vec<(usize, &'m Rc<Known>)> {
    let statements: &'m [Statement<'m>] = migration.statements;
    let mut gone: Vec<(usize, &Rc<Known>)> = Vec::new();
    // Those that have another name by now: what they were.
    let mut renamed: HashMap<Name, &Rc<Known>> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        let virtuals = statement.changes.iter().filter(|changed| changed.key.0 == Kind::VirtualTable);
        let left = virtuals.filter(|changed| changed.after.is_none());
        for (name, before) in left.filter_map(|changed| Some((&changed.key.1, changed.before.as_ref()?))) {
            let origin = renamed.remove(name).or_else(|| (before.born != Some(migration.at)).then_some(before));
            let Some(origin) = origin else { continue };
            match statement.tree {
                Some(Stmt::AlterTable(_, AlterTableBody::RenameTo(to))) => {
                    renamed.insert(tree::name(to), origin);
                }
                _ => gone.push((at, origin)),
            }
        }
    }
    let is_replaced = |(at, known): &(usize, &Rc<Known>)| {
        let name = known.object.name();
        let is_there = [Kind::Table, Kind::VirtualTable].iter().any(|kind| migration.after.get(*kind, name).is_some());
        is_there && is_read(migration, name, *at, |tree| matches!(tree, Stmt::Insert { .. }))
    };
    gone.retain(|gone| !is_replaced(gone));
    gone
}

/// Whether a virtual table keeps no rows of its own: a full-text index of what is somewhere else.
fn is_index(object: &Object) -> bool {
    let Object::VirtualTable(table) = object else { return false };
    let content = Name::new("content");
    let kept_elsewhere = || table.arguments.iter().any(|argument| names(argument).contains(&content));
    let holds_rows = ["fts5", "fts4", "fts3", "rtree", "rtree_i32", "geopoly"];
    !holds_rows.iter().any(|module| table.module == Name::new(*module)) || kept_elsewhere()
}

/// Whether a statement of this sort reads a table before another.
fn is_read(migration: &Migration<'_>, name: &Name, end: usize, is_it: impl Fn(&Stmt<'_>) -> bool) -> bool {
    migration.statements.iter().take(end).any(|statement| {
        statement.tree.is_some_and(&is_it)
            && statement.own_operations().any(|kind| matches!(kind, OperationKind::Read(table, _) if table == name))
    })
}

fn report(migration: &Migration<'_>, findings: &mut Findings<'_>, name: &Name, at: usize) {
    let read = is_read(migration, name, at, |tree| {
        matches!(tree, Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::CreateTable { .. })
    });
    let kept = Name::new(format!("_old_{name}")).to_sql();
    findings.push(
        migration
            .at(at, format!("table `{name}` is dropped, with all its rows"))
            .notes(read.then(|| "this migration reads them before: what it writes from them stays".to_owned()))
            .notes(rows(migration, name))
            .help(format!("keep it for one more release: `ALTER TABLE {} RENAME TO {kept};`", name.to_sql()))
            .help("or say why it may be dropped: `-- dbmigrate: allow drop-table REASON` on the line above"),
    );
}
