//! `rebuild-forgets-sequence`: an `AUTOINCREMENT` table is recreated without the highest id that it ever gave.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::{Move, Source, in_main, moves};
use crate::model::{Kind, Name, Table};

pub(super) const RULE: Rule = Rule {
    name: "rebuild-forgets-sequence",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "an `AUTOINCREMENT` table is rebuilt, and forgets the ids of deleted rows",
    why: "`AUTOINCREMENT` promises that no id is reused. The highest id is stored in `sqlite_sequence` and is \
          deleted with the old table; the new table knows only the rows that were copied.",
    instead: "Copy it before the old table is dropped:\n\n    DELETE FROM sqlite_sequence WHERE name = \
              'new_users';\n    INSERT INTO sqlite_sequence (name, seq) SELECT 'new_users', seq FROM sqlite_sequence \
              WHERE name = 'users';\n    DROP TABLE users;",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
              INSERT INTO new_users SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
              INSERT INTO new_users (id, name) SELECT id, name FROM users;
              DELETE FROM sqlite_sequence WHERE name = 'new_users';
              INSERT INTO sqlite_sequence (name, seq)
              SELECT 'new_users', seq FROM sqlite_sequence WHERE name = 'users';
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO new_users (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
                  INSERT INTO new_users (name) SELECT name FROM users ORDER BY name;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
            now: "ALTER TABLE users RENAME TO people; ALTER TABLE people ADD COLUMN nick TEXT;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if migration.statements.iter().any(writes_sequence) {
        return;
    }
    for change in migration.changed_tables() {
        let Some(rebuild) = &change.rebuild else { continue };
        let counts = |table: Option<&Table>| table.and_then(Table::primary_key).is_some_and(|key| key.autoincrement);
        let name = change.before.object.name();
        if !counts(change.before.table()) || !counts(change.after.table()) || !change.keeps_name(name) {
            continue;
        }
        if !rebuild.copies.iter().any(|copy| copies_ids(migration, *copy, change.after.table())) {
            continue;
        }
        let message = format!("`{name}` is rebuilt and forgets the highest id that it ever assigned");
        let mut finding = migration.at(rebuild.drop, message).label("its row in `sqlite_sequence` is also deleted");
        let key = change.before.table().and_then(Table::rowid_alias).map(|column| column.name.to_sql());
        let above = key.and_then(|key| {
            let (text, table) = (literal(name), name.to_sql());
            migration.ask(&format!(
                "SELECT seq - coalesce((SELECT max({table}.{key}) FROM {table}), 0) FROM sqlite_sequence \
                 WHERE name = {text}"
            ))
        });
        if let Some(above) = above.filter(|above| *above > 0) {
            finding = finding.note(format!("the highest id is {above} above that of the newest row now"));
        }
        let (old, new) = (moved(migration, rebuild.drop, false), moved(migration, rebuild.create, true));
        if let (Some(old), Some(new)) = (old, new) {
            finding = finding.help(format!(
                "hand it over before this statement:\nDELETE FROM sqlite_sequence WHERE name = {new};\nINSERT INTO \
                 sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old};",
                new = literal(&new),
                old = literal(&old),
            ));
        }
        findings.push(finding);
    }
}

/// Whether a copy hands over the ids, and does not give new ones.
fn copies_ids(migration: &Migration<'_>, copy: usize, after: Option<&Table>) -> bool {
    let Some(Move::Copied { columns, .. }) = migration.statements[copy].tree.and_then(moves) else { return false };
    let Some(id) = after.and_then(Table::rowid_alias) else { return false };
    columns.iter().enumerate().any(|(at, (target, source))| match target {
        Some(target) => *target == id.name,
        None => *source == Source::All || after.and_then(|table| table.columns.get(at)) == Some(id),
    })
}

fn literal(name: &Name) -> String {
    format!("'{}'", name.as_str().replace('\'', "''"))
}

/// The table that a statement makes, or drops.
fn moved(migration: &Migration<'_>, statement: usize, made: bool) -> Option<Name> {
    let mut changes = migration.statements[statement].changes.iter();
    let changed = changes.find(|it| it.key.0 == Kind::Table && it.after.is_some() == made)?;
    Some(changed.key.1.clone())
}

fn writes_sequence(statement: &Statement<'_>) -> bool {
    let Some(Stmt::Insert { tbl_name, .. } | Stmt::Update { tbl_name, .. }) = statement.tree else { return false };
    in_main(tbl_name) == Some(Name::new("sqlite_sequence"))
}
