//! `reference-on-existing-rows`: a column that has values is to refer to another table, and some may refer to nothing.
//!
//! A reference to a table that the migration has just made is left alone: whoever makes it fills it. One that only does
//! something else when its parent goes was there before, and so was one that takes the place of one that led nowhere.

use crate::compare::Change;
use crate::lint::finding::Findings;
use crate::lint::keys::KeptTable;
use crate::lint::migration::Migration;
use crate::lint::references::{is_there, parent_columns};
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::values::{Filled, are_cared_for, assertion, filled};
use crate::model::{Constraint, ForeignKey, Kind, Name, Rule};

const BEFORE: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
                      CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER);";

pub(super) const RULE: Lint = Lint {
    name: "reference-on-existing-rows",
    group: Group::Data,
    level: Level::Warn,
    what: "a column that has values gets a foreign key, which existing rows may violate",
    why: "If one row refers to a parent that does not exist, the migration fails, and a program that migrates at \
          startup does not start. With another runner, or with foreign keys off, such rows stay unnoticed until \
          something touches them.",
    instead: "Correct these rows first:\n\n    UPDATE users SET team = NULL WHERE team NOT IN (SELECT id FROM \
              teams);\n\nOr stop before anything has changed:\n\n    -- dbmigrate: assert SELECT count(*) = 0 FROM \
              users WHERE team NOT IN (SELECT id FROM teams)",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: foreign-keys off\n
                  ALTER TABLE users ADD COLUMN boss INTEGER DEFAULT 1 REFERENCES teams (id);",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "UPDATE users SET team = NULL WHERE team NOT IN (SELECT id FROM teams);
                  CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE team NOT IN (SELECT id FROM teams)
                  CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams (id));
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example { before: BEFORE, now: "ALTER TABLE users ADD COLUMN boss INTEGER REFERENCES users (id);" },
        Example {
            before: "CREATE TABLE teams (id INTEGER PRIMARY KEY);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams (id) ON DELETE CASCADE);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE teams (id INTEGER PRIMARY KEY);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams (id));",
            now: "ALTER TABLE teams RENAME TO groups;
                  ALTER TABLE groups RENAME COLUMN id TO number;
                  ALTER TABLE users RENAME COLUMN team TO \"group\";",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER);",
            now: "CREATE TABLE teams (id INTEGER PRIMARY KEY);
                  INSERT INTO teams SELECT DISTINCT team FROM users;
                  CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE old_teams (id INTEGER PRIMARY KEY);
                     CREATE TABLE teams (id INTEGER PRIMARY KEY);
                     CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER REFERENCES old_teams);
                     DROP TABLE old_teams;",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, team INTEGER, boss INTEGER REFERENCES users (id));
                  INSERT INTO n (id, team) SELECT id, team FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        let gone = change.changes.iter().filter_map(|change| match change {
            Change::ConstraintRemoved(Constraint { rule: Rule::ForeignKey(key), .. }) => Some(key),
            _ => None,
        });
        let gone: Vec<_> = gone.collect();
        for added in &change.changes {
            let Change::ConstraintAdded(Constraint { rule: Rule::ForeignKey(key), .. }) = added else { continue };
            let Some(parent) = KeptTable::new(migration, &key.parent) else { continue };
            let columns: Vec<_> = key.columns.iter().collect();
            let refers_to = parent_columns(parent.after, key);
            let is_known = |gone: &&ForeignKey| {
                let mut tables = [parent.before, parent.after].into_iter();
                let same = gone.parent == key.parent && tables.any(|table| parent_columns(table, gone) == refers_to);
                gone.columns == key.columns && (same || is_dangling(migration, gone))
            };
            let at = migration.blame(change, |table| table.foreign_keys().any(|own| own.columns == key.columns));
            if gone.iter().any(is_known) || are_cared_for(migration, held, &columns, at) {
                continue;
            }
            // `add-reference-with-default` says so.
            let refused = change.rebuild.is_none() && migration.has_foreign_keys();
            let has_no_value = |column: &&Name| {
                let default = held.after.column(column).and_then(|column| column.default.as_ref());
                let by_default = filled(migration, change, column) == Filled::Default;
                by_default && (refused || default.is_none_or(|default| default.is_null()))
            };
            if columns.iter().any(has_no_value) {
                continue;
            }
            judge(migration, findings, (held, parent), key, &refers_to, at);
        }
    }
}

fn judge(
    migration: &Migration<'_>,
    findings: &mut Findings<'_>,
    (child, parent): (KeptTable<'_>, KeptTable<'_>),
    key: &ForeignKey,
    refers_to: &[Name],
    at: usize,
) {
    let columns: Vec<_> = key.columns.iter().map(|column| format!("`{column}`")).collect();
    let message = format!(
        "rows of `{}` may refer by {} to rows that are not in `{}`",
        child.after.name,
        columns.join(", "),
        parent.after.name
    );
    let orphans = orphans((child, parent), key, refers_to);
    let count = orphans.as_ref().and_then(|orphans| migration.ask(&format!("SELECT count(*) FROM {orphans}")));
    let assert = orphans.and_then(|orphans| assertion(&format!("SELECT count(*) = 0 FROM {orphans}")));
    findings.push(
        migration
            .at(at, message)
            .note("if one does, the migration fails, and changes nothing")
            .notes(count.map(|count| match count {
                0 => "every row has its parent now".to_owned(),
                1 => "1 row has no parent now".to_owned(),
                count => format!("{count} rows have no parent now"),
            }))
            .help("remove such rows first, or set their references to `NULL`")
            .helps(assert),
    );
}

/// What comes behind `FROM` to find the rows of before that refer to nothing; none where something is new.
fn orphans((child, parent): (KeptTable<'_>, KeptTable<'_>), key: &ForeignKey, refers_to: &[Name]) -> Option<String> {
    let (table, to) = (child.before.name.to_sql(), parent.before.name.to_sql());
    let itself = child.before.name == parent.before.name;
    let alias = if itself { "parent".to_owned() } else { to.clone() };
    let mut given = Vec::new();
    let mut equal = Vec::new();
    for (own, other) in key.columns.iter().zip(refers_to) {
        let (own, other) = (child.name_before(own)?.to_sql(), parent.name_before(other)?.to_sql());
        given.push(format!("{table}.{own} IS NOT NULL"));
        equal.push(format!("{alias}.{other} = {table}.{own}"));
    }
    let from = if itself { format!("{to} AS {alias}") } else { to };
    Some(format!(
        "{table} WHERE {} AND NOT EXISTS (SELECT 1 FROM {from} WHERE {})",
        given.join(" AND "),
        equal.join(" AND ")
    ))
}

/// Whether a reference of before led nowhere: a table that lost its name to a rename of its parent is mended.
fn is_dangling(migration: &Migration<'_>, key: &ForeignKey) -> bool {
    !is_there(migration, &key.parent) && migration.before(Kind::Table, &key.parent).is_none()
}
