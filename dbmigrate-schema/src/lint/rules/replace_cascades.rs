//! `replace-cascades`: a `REPLACE` deletes rows to which others refer, and these go with them.
//!
//! What a trigger does is not looked at. With foreign keys off nothing cascades, and rows that refer to nothing fail the
//! migration.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::keys::{index_parts, indexes_after, table_keys};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree;
use crate::model::{Action, Kind, Name};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                      CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users ON DELETE CASCADE);";

pub(super) const RULE: Rule = Rule {
    name: "replace-cascades",
    group: Group::Destructive,
    level: Level::Deny,
    what: "a `REPLACE` deletes or changes rows of other tables",
    why: "`REPLACE` deletes the conflicting row and inserts a new one. Even if the key is the same, rows that refer \
          to the old row with `ON DELETE CASCADE` are deleted, those with `SET NULL` or `SET DEFAULT` lose the \
          reference, and columns that are not written get their default.",
    instead: "Update the existing row, or leave it alone:\n\n    INSERT INTO users (id, email) VALUES (1, 'root') ON \
              CONFLICT (id) DO UPDATE SET email = excluded.email;\n\n    INSERT OR IGNORE INTO users (id, email) \
              VALUES (1, 'root');",
    fails: &[
        Example { before: BEFORE, now: "INSERT OR REPLACE INTO users VALUES (1, 'root');" },
        Example { before: BEFORE, now: "REPLACE INTO users SELECT id, lower(email) FROM users;" },
        Example { before: BEFORE, now: "UPDATE OR REPLACE users SET id = 1 WHERE email = 'root';" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES users ON DELETE SET NULL);",
            now: "REPLACE INTO users VALUES (1, NULL);",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "INSERT INTO users VALUES (1, 'root') ON CONFLICT (id) DO UPDATE SET email = excluded.email;",
        },
        Example { before: BEFORE, now: "INSERT OR IGNORE INTO users VALUES (1, 'root');" },
    ],
    quiet: &[
        Example { before: BEFORE, now: "REPLACE INTO posts VALUES (1, NULL);" },
        Example { before: BEFORE, now: "UPDATE OR REPLACE users SET email = lower(email) WHERE email > '';" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                     CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users);",
            now: "REPLACE INTO users VALUES (1);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users ON DELETE CASCADE);
                  REPLACE INTO users VALUES (1);",
        },
        Example { before: BEFORE, now: "-- dbmigrate: foreign-keys off\nREPLACE INTO users VALUES (1, 'root');" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if !migration.has_foreign_keys() {
        return;
    }
    for (at, statement) in migration.statements.iter().enumerate() {
        let Some((stmt, table)) = statement.tree.and_then(|tree| Some((tree, tree::replaced(tree)?))) else { continue };
        if !migration.may_hold_rows(at, &table) || !may_be_in_the_way(migration, &table, stmt) {
            continue;
        }
        let children = migration.after.referring(&table).filter_map(|known| known.table());
        let mut taken: Vec<(&Name, &'static str)> = Vec::new();
        for child in children.filter(|child| migration.may_hold_rows(at, &child.name)) {
            let hit = child.foreign_keys().filter(|key| key.parent == table).find_map(|key| happens(key.on_delete));
            taken.extend(hit.map(|what| (&child.name, what)));
        }
        taken.sort();
        if taken.is_empty() {
            continue;
        }
        let lists = taken.iter().map(|(child, what)| format!("rows of `{child}` that refer to one {what}"));
        findings.push(
            migration
                .at(at, format!("`REPLACE` deletes rows of `{table}`, to which others refer"))
                .notes(lists)
                .help("change the row that is there: `INSERT INTO … ON CONFLICT (…) DO UPDATE SET …`")
                .help("or say that it is intended: `-- dbmigrate: allow replace-cascades REASON` on the line above"),
        );
    }
}

/// Whether a row can be in the way of another: an `UPDATE` that leaves all keys as they are finds none.
fn may_be_in_the_way(migration: &Migration<'_>, table: &Name, stmt: &Stmt<'_>) -> bool {
    let Stmt::Update { sets, .. } = stmt else { return true };
    let Some(known) = migration.after.get(Kind::Table, table).and_then(|known| known.table()) else { return true };
    let indexes = indexes_after(migration, table).filter(|index| index.unique);
    // One that sorts by an expression may be about any column.
    let Some(indexes) = indexes.map(|index| index_parts(known, index)).collect::<Option<Vec<_>>>() else { return true };
    let keys: Vec<Name> = table_keys(known).into_iter().chain(indexes).flatten().map(|(name, _)| name).collect();
    sets.iter()
        .flat_map(|set| set.col_names.iter())
        .map(tree::name)
        .any(|column| keys.contains(&column) || known.column(&column).is_none())
}

/// What happens to rows that refer to one that is deleted; none where SQLite refuses that.
fn happens(on_delete: Action) -> Option<&'static str> {
    match on_delete {
        Action::Cascade => Some("are deleted with it"),
        Action::SetNull => Some("lose their reference"),
        Action::SetDefault => Some("get the default of their column"),
        Action::NoAction | Action::Restrict => None,
    }
}
