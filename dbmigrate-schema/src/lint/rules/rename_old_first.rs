//! `rename-old-first`: a rebuild that first renames the old table, and with it what refers to it.
//!
//! It speaks of foreign keys that refer to the old name at the end. Views are left to `broken-view`, and where nothing
//! refers to the table the order does no harm.

use crate::lint::finding::Findings;
use crate::lint::lineage::{Rebuild, TableChange};
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::state::State;
use crate::lint::tree::{Move, moves};
use crate::lint::words::listed;
use crate::model::{Kind, Name};

pub(super) const RULE: Rule = Rule {
    name: "rename-old-first",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a table is renamed before it is rebuilt, and foreign keys of other tables follow the old one",
    why: "`ALTER TABLE … RENAME` also changes the foreign keys that refer to the table. Once the old table is \
          dropped, the foreign keys of its children refer to a table that does not exist, and every insert into them \
          fails.",
    instead: "Create the new table under another name, and rename it last:\n\n    CREATE TABLE new_users (id INTEGER \
              PRIMARY KEY, name TEXT NOT NULL);\n    INSERT INTO new_users (id, name) SELECT id, name FROM \
              users;\n    DROP TABLE users;\n    ALTER TABLE new_users RENAME TO users;",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                 CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
        now: "ALTER TABLE users RENAME TO old_users;
              CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO users (id, name) SELECT id, name FROM old_users;
              DROP TABLE old_users;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                 CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
        now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
              INSERT INTO new_users (id, name) SELECT id, name FROM users;
              DROP TABLE users;
              ALTER TABLE new_users RENAME TO users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, boss REFERENCES users);",
            now: "ALTER TABLE users RENAME TO old_users;
                  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, boss REFERENCES users);
                  INSERT INTO users SELECT * FROM old_users;
                  DROP TABLE old_users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id));",
            now: "PRAGMA foreign_keys = OFF;
                  PRAGMA legacy_alter_table = ON;
                  ALTER TABLE users RENAME TO old_users;
                  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                  INSERT INTO users (id, name) SELECT id, name FROM old_users;
                  DROP TABLE old_users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in &migration.lineage.changes {
        let Some(rebuild) = &change.rebuild else { continue };
        let Some((statement, old)) = renamed_first(migration, change, rebuild) else { continue };
        let children = children_of(migration.after, &old);
        if children.is_empty() {
            continue;
        }
        let (name, refer) = (change.before.object.name(), if children.len() == 1 { "refers" } else { "refer" });
        let message = format!("{} {refer} to `{old}` now, which is dropped", listed(&children));
        let new = Name::new(format!("new_{name}")).to_sql();
        let name = name.to_sql();
        findings.push(
            migration
                .at(statement, message)
                .label("also renames it in every foreign key")
                .note("every insert into a child fails with `no such table`")
                .help(format!(
                    "make the new table as `{new}`, copy the rows, and rename it last: `DROP TABLE {name}; ALTER TABLE \
                     {new} RENAME TO {name};`"
                ))
                .moot_if(move |end| children_of(end.state, &old).is_empty()),
        );
    }
}

/// The tables that refer to one that is not there.
fn children_of(state: &State, parent: &Name) -> Vec<Name> {
    if state.get(Kind::Table, parent).is_some() {
        return Vec::new();
    }
    let mut children: Vec<_> = state.referring(parent).map(|known| known.object.name().clone()).collect();
    children.sort();
    children
}

/// The statement that renames the old table before the new one is made, and the name that it gives.
fn renamed_first(migration: &Migration<'_>, change: &TableChange, rebuild: &Rebuild) -> Option<(usize, Name)> {
    let before = migration.statements.iter().enumerate().take(rebuild.create);
    let mut renames = before.filter_map(|(at, statement)| match statement.tree.and_then(moves)? {
        Move::Renamed { from, to } if from == *change.before.object.name() => Some((at, to)),
        _ => None,
    });
    renames.next()
}
