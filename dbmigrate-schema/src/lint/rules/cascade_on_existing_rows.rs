//! `cascade-on-existing-rows`: rows that there are begin to go with others.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Action, ForeignKey, Kind, Name, Rule as Demand};

pub(super) const RULE: Rule = Rule {
    name: "cascade-on-existing-rows",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "`ON DELETE CASCADE` is added to a table that may hold rows",
    why: "From now on, deleting a parent row also deletes child rows that were kept so far. A program of the \
          previous version that is still running does not expect this.",
    instead: "If this is intended, say so. Otherwise let the delete fail, or keep the row:\n\n    author INTEGER \
              REFERENCES users (id) ON DELETE SET NULL",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                 CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
        now: "CREATE TABLE new_posts (
                id INTEGER PRIMARY KEY,
                author INTEGER REFERENCES users (id) ON DELETE CASCADE
              );
              INSERT INTO new_posts (id, author) SELECT id, author FROM posts;
              DROP TABLE posts;
              ALTER TABLE new_posts RENAME TO posts;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                 CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
        now: "CREATE TABLE new_posts (
                id INTEGER PRIMARY KEY,
                author INTEGER REFERENCES users (id) ON DELETE SET NULL
              );
              INSERT INTO new_posts (id, author) SELECT id, author FROM posts;
              DROP TABLE posts;
              ALTER TABLE new_posts RENAME TO posts;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                     CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users ON DELETE CASCADE);",
            now: "CREATE TABLE new_posts (
                    id INTEGER PRIMARY KEY,
                    author INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
                  );
                  INSERT INTO new_posts (id, author) SELECT id, author FROM posts;
                  DROP TABLE posts;
                  ALTER TABLE new_posts RENAME TO posts;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);
                     CREATE TABLE posts (id INTEGER PRIMARY KEY, author INT REFERENCES users (id) ON DELETE CASCADE);",
            now: "ALTER TABLE users RENAME TO people;
                  ALTER TABLE people RENAME COLUMN id TO person;
                  ALTER TABLE posts RENAME COLUMN author TO writer;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE posts (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE posts ADD COLUMN author INTEGER REFERENCES users ON DELETE CASCADE;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let (Some(before), table) = (change.before.table(), change.after.object.name()) else { continue };
        for constraint in &change.changes {
            let Change::ConstraintAdded(constraint) = constraint else { continue };
            let Demand::ForeignKey(key) = &constraint.rule else { continue };
            let old: Option<Vec<_>> = key.columns.iter().map(|column| change.name_before(column)).collect();
            let Some(old) = old.filter(|_| key.on_delete == Action::Cascade) else { continue };
            let is_it = |own: &ForeignKey| {
                own.on_delete == Action::Cascade
                    && own.parent == key.parent
                    && own.columns.iter().eq(old.iter().copied())
            };
            let has_parent = migration.after.get(Kind::Table, &key.parent).is_some();
            if before.foreign_keys().any(is_it) || !has_parent {
                continue;
            }
            let parent = &key.parent;
            let message = format!("from now on, a delete from `{parent}` also deletes rows of `{table}`");
            let mut finding = migration.at(change.statement(), message);
            let was = before.name.to_sql();
            let filled: Vec<_> =
                old.iter().map(|column| format!("{was}.{} IS NOT NULL", Name::to_sql(column))).collect();
            if let Some(rows) = migration.ask(&format!("SELECT count(*) FROM {was} WHERE {}", filled.join(" AND "))) {
                finding = finding.note(format!("rows that refer to `{parent}` now: {rows}"));
            }
            findings.push(finding.help("to keep them: `ON DELETE RESTRICT`, or `ON DELETE SET NULL`").help(
                "or say why they may be deleted: `-- dbmigrate: allow cascade-on-existing-rows REASON` on the line \
                 above",
            ));
        }
    }
}
