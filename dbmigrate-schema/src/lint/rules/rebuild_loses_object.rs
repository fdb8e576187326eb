//! `rebuild-loses-object`: a table or view is recreated without the indexes and triggers that it had.
//!
//! What a `DROP INDEX` or `DROP TRIGGER` takes away is meant to go. An index is not missed where another, or a key, has
//! the same columns, or where its column is gone; a trigger is not where another waits for the same event. A table that
//! takes over the rows and not the name is a new one, with indexes of its own.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::Known;
use crate::model::{Index, Indexed, Kind, Name, Table};

pub(super) const RULE: Rule = Rule {
    name: "rebuild-loses-object",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a table or view is rebuilt, and one of its indexes or triggers is not",
    why: "`DROP TABLE` and `DROP VIEW` silently drop the indexes and triggers, too. Queries become slow, unique \
          columns are no longer unique, and triggers no longer keep data consistent.",
    instead: "Create them again from the text in `sqlite_schema`, once the new table has its name:\n\n    DROP TABLE \
              users;\n    ALTER TABLE new_users RENAME TO users;\n    CREATE UNIQUE INDEX users_name ON users (name);",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE UNIQUE INDEX users_name ON users (name);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO new_users (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (what TEXT);
                     CREATE TRIGGER logged AFTER INSERT ON users BEGIN INSERT INTO log VALUES ('new'); END;",
            now: "ALTER TABLE users RENAME TO old_users;
                  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO users (id, name) SELECT id, name FROM old_users;
                  DROP TABLE old_users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE VIEW names AS SELECT name FROM users;
                     CREATE TRIGGER added INSTEAD OF INSERT ON names
                     BEGIN INSERT INTO users (name) VALUES (new.name); END;",
            now: "DROP VIEW names; CREATE VIEW names AS SELECT id, name FROM users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                 CREATE UNIQUE INDEX users_name ON users (name);",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO new_users (id, name) SELECT id, name FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;
              CREATE UNIQUE INDEX users_name ON users (name);",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT, age INT);
                     CREATE UNIQUE INDEX users_name ON users (name); CREATE INDEX users_nick ON users (nick);
                     CREATE INDEX users_age ON users (age);",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT UNIQUE, age INT);
                  INSERT INTO new_users (id, name, age) SELECT id, name, age FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;
                  CREATE INDEX by_age ON users (age);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX slow ON users (name);
                     CREATE VIEW names AS SELECT name FROM users;
                     CREATE TRIGGER added INSTEAD OF INSERT ON names BEGIN SELECT 1; END;",
            now: "DROP INDEX slow;
                  DROP VIEW names;
                  CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO new_users (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (statement, changed) in migration.net() {
        let (kind, name) = &changed.key;
        if changed.after.is_some() || !matches!(kind, Kind::Index | Kind::Trigger) || is_meant(migration, statement) {
            continue;
        }
        let Some(lost) = migration.before(*kind, name) else { continue };
        let Some(owner) = lost.object.table().and_then(|owner| anew(migration, owner)) else { continue };
        if is_replaced(migration, lost, &owner) {
            continue;
        }
        let text = lost.object.text();
        let key = changed.key.clone();
        findings.push(
            migration
                .at(statement, format!("{kind} `{name}` is dropped with the old `{owner}`, and not recreated"))
                .help(format!("recreate it after `{owner}`:\n{text};"))
                .help(format!("or drop it first, if that is intended: `DROP {} {};`", keyword(*kind), name.to_sql()))
                .moot_if(move |end| end.state.get(key.0, &key.1).is_some()),
        );
    }
}

fn keyword(kind: Kind) -> &'static str {
    if kind == Kind::Index { "INDEX" } else { "TRIGGER" }
}

fn is_meant(migration: &Migration<'_>, statement: usize) -> bool {
    matches!(migration.statements[statement].tree, None | Some(Stmt::DropIndex { .. } | Stmt::DropTrigger { .. }))
}

/// The name of the table or view that was dropped and made anew; none where it was not.
fn anew(migration: &Migration<'_>, owner: &Name) -> Option<Name> {
    let mut changes = migration.lineage.changes.iter();
    let rebuilt = changes.find(|change| change.rebuild.is_some() && change.keeps_name(owner));
    let view = || migration.before(Kind::View, owner).and(migration.after.get(Kind::View, owner));
    rebuilt.map(|change| &change.after).or_else(view).map(|known| known.object.name().clone())
}

fn is_replaced(migration: &Migration<'_>, lost: &Known, owner: &Name) -> bool {
    let mut new = migration
        .net()
        .filter_map(|(_, changed)| changed.after.as_ref())
        .filter(|known| known.object.table() == Some(owner));
    if let Some(trigger) = lost.trigger() {
        return new
            .filter_map(|known| known.trigger())
            .any(|it| (it.timing, &it.event) == (trigger.timing, &trigger.event));
    }
    let Some(index) = lost.index() else { return false };
    let table = migration.after.get(Kind::Table, owner).and_then(|known| known.table());
    let has_gone = |table: &Table| {
        index.columns.iter().any(|column| matches!(&column.by, Indexed::Column(name) if table.column(name).is_none()))
    };
    new.any(|known| known.index().is_some_and(|it| is_same(it, index)))
        || table.is_some_and(|table| has_gone(table) || is_key(table, index))
}

fn is_same(one: &Index, other: &Index) -> bool {
    (one.unique, &one.columns, &one.filter) == (other.unique, &other.columns, &other.filter)
}

/// Whether a key of the table has these columns in this order.
fn is_key(table: &Table, index: &Index) -> bool {
    use crate::model::Rule::{PrimaryKey, Unique};
    index.filter.is_none()
        && table.constraints.iter().any(|constraint| {
            let (PrimaryKey(key) | Unique(key)) = &constraint.rule else { return false };
            let names = key.columns.iter().map(|column| Indexed::Column(column.name.clone()));
            names.eq(index.columns.iter().map(|column| column.by.clone()))
        })
}
