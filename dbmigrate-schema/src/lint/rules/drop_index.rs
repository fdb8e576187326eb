//! `drop-index`: an index goes that queries may rely on.
//!
//! One whose columns another index or a key begins with is not missed, nor one of a column or a table that goes. What
//! goes along with a rebuild is for `rebuild-loses-object`, a unique one that a foreign key relies on for
//! `drop-unique-of-reference`.

use sqlite3_parser::ast::Stmt;

use super::drop_trigger::name_after;
use crate::lint::finding::Findings;
use crate::lint::keys::{index_parts, indexes_after, table_keys};
use crate::lint::migration::Migration;
use crate::lint::references::{parent_columns, references};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::names;
use crate::model::{ForeignKey, Index, Indexed, Kind, Name, Table};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, team INTEGER);
                      CREATE INDEX users_email ON users (email);";

pub(super) const RULE: Rule = Rule {
    name: "drop-index",
    group: Group::Destructive,
    level: Level::Warn,
    what: "an index is dropped, and no other replaces it",
    why: "Queries that used the index now scan the whole table. Nothing fails, and a small database shows no \
          difference. If the index was unique, duplicates are possible from now on.",
    instead: "Create the index that replaces it in the same file, or say why it is no longer needed:\n\n    -- \
              dbmigrate: allow drop-index no query uses it since 2.0\n    DROP INDEX users_email;",
    fails: &[
        Example { before: BEFORE, now: "DROP INDEX users_email;" },
        Example {
            before: BEFORE,
            now: "DROP INDEX users_email; CREATE INDEX users_email_few ON users (email) WHERE team = 1;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE UNIQUE INDEX i ON users (email);",
            now: "DROP INDEX i; CREATE INDEX j ON users (email);",
        },
    ],
    passes: &[Example {
        before: BEFORE,
        now: "DROP INDEX users_email; CREATE INDEX users_both ON users (email, team);",
    }],
    quiet: &[
        Example { before: BEFORE, now: "DROP INDEX users_email; ALTER TABLE users DROP COLUMN email;" },
        Example { before: BEFORE, now: "DROP INDEX users_email; DROP TABLE users;" },
        Example {
            before: BEFORE,
            now: "DROP INDEX users_email;
                  DROP TABLE users;
                  CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT NOT NULL);",
        },
        Example { before: BEFORE, now: "DROP INDEX IF EXISTS other;" },
        Example {
            before: "CREATE TABLE t (a, b, c); CREATE INDEX i ON t (a, b);",
            now: "DROP INDEX i; CREATE INDEX j ON t (a, c, b);",
        },
        Example { before: BEFORE, now: "DROP INDEX users_email; CREATE UNIQUE INDEX users_email ON users (email);" },
        Example { before: "CREATE TABLE t (a TEXT UNIQUE); CREATE INDEX t_a ON t (a);", now: "DROP INDEX t_a;" },
        Example {
            before: BEFORE,
            now: "DROP INDEX users_email;
                  ALTER TABLE users RENAME COLUMN email TO mail;
                  CREATE INDEX users_mail ON users (mail);",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, gone) in migration.dropped_by(|tree| matches!(tree, Stmt::DropIndex { .. })) {
        let Some(index) = gone.index() else { continue };
        let Some(name) = name_after(migration, &index.table) else { continue };
        let Some(table) = migration.after.get(Kind::Table, &name).and_then(|known| known.table()) else { continue };
        let Some(columns) = columns_after(migration, index, table) else { continue };
        let relies = |(_, key): (&Table, &ForeignKey)| {
            let wanted = parent_columns(table, key);
            wanted.len() == columns.len() && wanted.iter().all(|name| columns.contains(name))
        };
        let is_key = index.unique && index.filter.is_none() && references(migration, &name).any(relies);
        if is_key || is_covered(migration, index, table, &columns, index.unique) {
            continue;
        }
        let found_otherwise = index.unique && is_covered(migration, index, table, &columns, false);
        let message = if found_otherwise {
            format!("unique index `{}` of `{name}` is dropped, and nothing else enforces it", index.name)
        } else {
            format!("index `{}` of `{name}` is dropped, and no other replaces it", index.name)
        };
        let mut finding = migration.at(at, message);
        if index.unique {
            finding = finding.note("rows may be equal from now on");
        }
        let begins = |first: &Name| {
            let others = indexes_after(migration, &name).filter(|other| other.filter.is_none());
            let keys = others.filter_map(|other| index_parts(table, other)).chain(table_keys(table));
            keys.into_iter().any(|key| key.first().is_some_and(|(own, _)| own == first))
        };
        let first = columns.first().filter(|first| !begins(first));
        let refers = table.foreign_keys().find(|key| first.is_some_and(|first| key.columns.contains(first)));
        if let Some(key) = refers {
            finding = finding
                .note(format!("`{name}` is now scanned completely whenever a row of `{}` is deleted", key.parent));
        }
        findings
            .push(finding.help("say why it may be dropped: `-- dbmigrate: allow drop-index REASON` on the line above"));
    }
}

/// What an index sorted by, by the names of after: columns that are there. None where one is gone, and nothing for what
/// is no column.
fn columns_after(migration: &Migration<'_>, index: &Index, table: &Table) -> Option<Vec<Name>> {
    let mut changes = migration.lineage.changes.iter();
    let change = changes.find(|change| *change.before.object.name() == index.table);
    let after = |name: &Name| {
        let mut renamed = change.iter().flat_map(|change| &change.renamed);
        let name = renamed.find(|(was, _)| was == name).map_or(name, |(_, now)| now);
        table.column(name).map(|column| column.name.clone())
    };
    let before = change.and_then(|change| change.before.table()).unwrap_or(table);
    let mut columns = Vec::new();
    for column in &index.columns {
        match &column.by {
            Indexed::Column(name) => columns.push(after(name)?),
            Indexed::Expression(text) => {
                let mentioned = names(text);
                let gone = |name: &&Name| mentioned.contains(*name) && after(name).is_none();
                if before.columns.iter().map(|column| &column.name).any(|name| gone(&name)) {
                    return None;
                }
            }
        }
    }
    Some(columns)
}

/// Whether something else finds what the index did, and if need be refuses what it did.
fn is_covered(migration: &Migration<'_>, index: &Index, table: &Table, columns: &[Name], refuses: bool) -> bool {
    if columns.len() < index.columns.len() {
        let same = |other: &Index| other.columns == index.columns && other.filter == index.filter;
        return indexes_after(migration, &table.name).any(|other| same(other) && (other.unique || !refuses));
    }
    let begins = |key: &[Name], unique: bool| {
        // The order of those behind the first matters less than any of them.
        let first = key.first() == columns.first() && columns.iter().all(|column| key.contains(column));
        first && (!refuses || (unique && key.len() == columns.len()))
    };
    let others = indexes_after(migration, &table.name)
        .filter(|other| other.filter.is_none() || other.filter == index.filter)
        .filter_map(|other| Some((index_parts(table, other)?, other.unique)));
    let keys = table_keys(table).into_iter().map(|key| (key, true));
    keys.chain(others).any(|(key, unique)| {
        let key: Vec<_> = key.into_iter().map(|(name, _)| name).collect();
        begins(&key, unique)
    })
}
