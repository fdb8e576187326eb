//! `broken-full-text`: a full-text index whose content table has lost what it reads.
//!
//! Asked by reading the index, where the migration drops or renames the table, or columns of it. Whether the rows are
//! still those that were indexed can't be seen.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::compare::Change;
use crate::execute::message;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Name, Object, VirtualTable};

pub(super) const RULE: Rule = Rule {
    name: "broken-full-text",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a full-text index reads a table or column that no longer exists",
    why: "An index with `content=` stores no text of its own. It reads the text from that table, by the names of its \
          columns. SQLite does not adjust it after a rename, and does not reject a drop: the next search fails.",
    instead: "Create the index again, and fill it:\n\n    DROP TABLE search;\n    CREATE VIRTUAL TABLE search USING \
              fts5(body, content='notes', content_rowid='id');\n    INSERT INTO search (search) VALUES ('rebuild');",
    fails: &[
        Example {
            before: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
                     CREATE VIRTUAL TABLE search USING fts5(text, content='notes', content_rowid='id');",
            now: "ALTER TABLE notes RENAME COLUMN text TO body;",
        },
        Example {
            before: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
                     CREATE VIRTUAL TABLE search USING fts5(text, content=notes, content_rowid=id);",
            now: "ALTER TABLE notes RENAME TO pages;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
                 CREATE VIRTUAL TABLE search USING fts5(text, content='notes', content_rowid='id');",
        now: "ALTER TABLE notes ADD COLUMN title TEXT;
              DROP TABLE search;
              CREATE VIRTUAL TABLE search USING fts5(text, title, content='notes', content_rowid='id');
              INSERT INTO search (search) VALUES ('rebuild');",
    }],
    quiet: &[Example {
        before: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, old TEXT);
                 CREATE VIRTUAL TABLE search USING fts5(text, content='notes', content_rowid='id');
                 CREATE VIRTUAL TABLE own USING fts5(text); CREATE VIRTUAL TABLE bare USING fts5(text, content='');",
        now: "ALTER TABLE notes DROP COLUMN old;
              CREATE TABLE new_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
              INSERT INTO new_notes (id, text) SELECT id, text FROM notes;
              DROP TABLE notes;
              ALTER TABLE new_notes RENAME TO notes;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let lineage = migration.lineage;
    let loses = |change: &Change| matches!(change, Change::ColumnRemoved(_));
    let changed = lineage.changes.iter().filter(|change| {
        let name = change.before.object.name();
        !change.keeps_name(name) || !change.renamed.is_empty() || change.changes.iter().any(loses)
    });
    let changed = changed.map(|change| (change.before.object.name(), change.statement()));
    let dropped = lineage.dropped.iter().map(|gone| (gone.table.object.name(), gone.statement));
    let lost: Vec<(&Name, usize)> = changed.chain(dropped).collect();
    if lost.is_empty() {
        return;
    }
    let names: HashSet<&Name> = lost.iter().map(|(name, _)| *name).collect();
    let mut indexes: Vec<_> = migration.after.virtual_tables().filter_map(|known| index(&known.object)).collect();
    indexes.sort_by_key(|(index, _)| &index.name);
    for (index, content) in indexes.into_iter().filter(|(_, content)| names.contains(content)) {
        let Some(why) = fault(migration.connection, index) else { continue };
        let at = lost.iter().find(|(name, _)| **name == content).map_or(0, |(_, at)| *at);
        let (name, object) = (&index.name, index.clone());
        findings.push(
            migration
                .at(at, format!("the full-text index `{name}` can't read its content in `{content}`: {why}"))
                .help(format!(
                    "make it anew: `DROP TABLE {sql}`, then `CREATE VIRTUAL TABLE {sql} …` with the names of now, then \
                     `INSERT INTO {sql} ({sql}) VALUES ('rebuild')`",
                    sql = name.to_sql()
                ))
                .moot_if(move |end| {
                    let mut now = end.state.virtual_tables().filter_map(|known| self::index(&known.object));
                    !now.any(|(index, _)| *index == object)
                }),
        );
    }
}

/// A full-text index, and the table that its texts stand in.
fn index(object: &Object) -> Option<(&VirtualTable, Name)> {
    let Object::VirtualTable(table) = object else { return None };
    if !["fts5", "fts4"].iter().any(|module| table.module == Name::new(*module)) {
        return None;
    }
    let content = table.option("content")?;
    (!content.as_str().is_empty()).then_some((table, content))
}

/// What SQLite says when it reads the index.
fn fault(connection: &Connection, index: &VirtualTable) -> Option<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM main.{}", index.name.to_sql())).ok()?;
    let mut rows = statement.raw_query();
    rows.next().err().map(|error| message(&error))
}
