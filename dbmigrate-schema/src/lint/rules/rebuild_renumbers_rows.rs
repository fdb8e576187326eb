//! `rebuild-renumbers-rows`: a table without an `INTEGER PRIMARY KEY` is recreated, and something counts on its rowids.
//!
//! Without such a key `VACUUM` may renumber rows as well, so it is only said where a full-text index or a trigger holds
//! on to the rowids; that the program keeps them elsewhere can't be seen.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::Known;
use crate::lint::tree::{Move, Source, moves};
use crate::model::{Name, Object, Table};
use crate::plan::{is_rowid_name, names_in};

pub(super) const RULE: Rule = Rule {
    name: "rebuild-renumbers-rows",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a table is rebuilt with other rowids, and something relies on them",
    why: "A copy numbers the rows from 1. A full-text index then finds the wrong rows, without an error.",
    instead: "Copy the rowid as well:\n\n    INSERT INTO new_notes (rowid, text) SELECT rowid, text FROM notes;",
    fails: &[Example {
        before: "CREATE TABLE notes (text TEXT);
                 CREATE VIRTUAL TABLE search USING fts5(text, content='notes');",
        now: "CREATE TABLE new_notes (text TEXT NOT NULL);
              INSERT INTO new_notes (text) SELECT text FROM notes;
              DROP TABLE notes;
              ALTER TABLE new_notes RENAME TO notes;",
    }],
    passes: &[Example {
        before: "CREATE TABLE notes (text TEXT);
                 CREATE VIRTUAL TABLE search USING fts5(text, content='notes');",
        now: "CREATE TABLE new_notes (text TEXT NOT NULL);
              INSERT INTO new_notes (rowid, text) SELECT rowid, text FROM notes;
              DROP TABLE notes;
              ALTER TABLE new_notes RENAME TO notes;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
                     CREATE VIRTUAL TABLE search USING fts5(text, content='notes', content_rowid='id');",
            now: "CREATE TABLE new_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
                  INSERT INTO new_notes (id, text) SELECT id, text FROM notes;
                  DROP TABLE notes;
                  ALTER TABLE new_notes RENAME TO notes;",
        },
        Example {
            before: "CREATE TABLE notes (text TEXT); CREATE VIRTUAL TABLE search USING fts5(text);",
            now: "CREATE TABLE new_notes (text TEXT NOT NULL);
                  INSERT INTO new_notes (text) SELECT text FROM notes;
                  DROP TABLE notes;
                  ALTER TABLE new_notes RENAME TO notes;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (Some(rebuild), Some(before), Some(after)) = (&change.rebuild, change.before.table(), change.after.table())
        else {
            continue;
        };
        let Some(&copy) = rebuild.copies.first() else { continue };
        let keeps = rebuild.copies.iter().all(|copy| copies_rowid(migration, *copy));
        if keeps || !is_numbered(before) || !is_numbered(after) {
            continue;
        }
        let name = &after.name;
        let users = migration.after.naming(name).chain(migration.after.virtual_tables());
        let Some(user) = users.filter(|known| counts_on(known, name)).min_by_key(|it| it.object.name()) else {
            continue;
        };
        let (kind, user) = (user.object.kind(), user.object.name());
        findings.push(
            migration
                .at(copy, format!("the rows of `{name}` get other rowids, and the {kind} `{user}` relies on them"))
                .help("copy them too: put `rowid` first in both lists of columns")
                .help("a table whose rowids matter needs an `INTEGER PRIMARY KEY`: `VACUUM` may renumber rowids, too"),
        );
    }
}

fn is_numbered(table: &Table) -> bool {
    !table.without_rowid && table.rowid_alias().is_none()
}

fn copies_rowid(migration: &Migration<'_>, statement: usize) -> bool {
    let Some(Move::Copied { columns, .. }) = migration.statements[statement].tree.and_then(moves) else { return false };
    columns.iter().any(|(target, source)| {
        target.as_ref().is_some_and(is_rowid_name) && matches!(source, Source::Column(name) if is_rowid_name(name))
    })
}

/// Whether an object holds on to the rowids of a table.
fn counts_on(known: &Known, table: &Name) -> bool {
    match &known.object {
        Object::VirtualTable(it) => {
            it.option("content").as_ref() == Some(table)
                && it.option("content_rowid").is_none_or(|name| is_rowid_name(&name))
        }
        Object::Trigger(_) => {
            let names = names_in(&known.object);
            names.contains(table) && names.iter().any(is_rowid_name)
        }
        _ => false,
    }
}
