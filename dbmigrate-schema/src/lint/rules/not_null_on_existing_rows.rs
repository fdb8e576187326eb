//! `not-null-on-existing-rows`: a column has to have a value from now on, and rows may have none.
//!
//! Where the migration gives them one (it updates the column, or computes it while it copies), removes them or asserts
//! that there are none, its author has thought of them; `narrowing` then says what is left: programs that still write
//! rows without one.

use std::collections::BTreeMap;

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::keys::KeptTable;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::{are_cared_for, assertion};
use crate::model::{Conflict, Name};
use crate::plan::is_never_null;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "not-null-on-existing-rows",
    group: Group::Data,
    level: Level::Warn,
    what: "a column becomes `NOT NULL`, and existing rows may have no value in it",
    why: "If one row has no value, the migration fails, and a program that migrates at startup does not start. An \
          empty database does not show this.",
    instead: "Give these rows a value first:\n\n    UPDATE users SET email = '' WHERE email IS NULL;\n    ALTER TABLE \
              users ALTER COLUMN email SET NOT NULL;\n\nOr in the copy of a rebuild: `INSERT INTO n SELECT id, \
              coalesce(email, '') FROM users`. Or stop before anything has changed:\n\n    -- dbmigrate: assert SELECT \
              count(*) = 0 FROM users WHERE email IS NULL",
    fails: &[
        Example { before: BEFORE, now: "ALTER TABLE users ALTER COLUMN email SET NOT NULL;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, mail TEXT NOT NULL DEFAULT '');
                  INSERT INTO n (id, mail) SELECT id, email FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "ALTER TABLE users ALTER COLUMN email SET NOT NULL; UPDATE users SET email = '' WHERE email IS NULL;",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "UPDATE users SET email = '' WHERE email IS NULL;
                  ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT id, coalesce(email, '') FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE email IS NULL
                  ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        },
    ],
    quiet: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY NOT NULL, email TEXT);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT * FROM users WHERE email IS NOT NULL;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL ON CONFLICT REPLACE DEFAULT '');
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example { before: "", now: "CREATE TABLE t (a); ALTER TABLE t ALTER COLUMN a SET NOT NULL;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT CONSTRAINT given NOT NULL);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(held) = KeptTable::changed(change) else { continue };
        let mut found: BTreeMap<usize, Vec<&Name>> = BTreeMap::new();
        for column in becoming_not_null(held) {
            let at = migration.blame(change, |table| is_never_null(table, column));
            if !are_cared_for(migration, held, &[column], at) {
                found.entry(at).or_default().push(column);
            }
        }
        for (at, columns) in found {
            report(migration, findings, held, &columns, at);
        }
    }
}

fn report(migration: &Migration<'_>, findings: &mut Findings<'_>, held: KeptTable<'_>, columns: &[&Name], at: usize) {
    let (table, was) = (&held.after.name, held.before.name.to_sql());
    let shown: Vec<_> = columns.iter().map(|column| format!("`{column}`")).collect();
    let shown = shown.join(", ");
    let message = match columns {
        [_] => format!("column {shown} of `{table}` becomes `NOT NULL`, and rows may have no value in it"),
        _ => format!("columns {shown} of `{table}` become `NOT NULL`, and rows may have no value in them"),
    };
    let names: Vec<_> = columns.iter().map(|column| held.name_before(column).unwrap_or(column).to_sql()).collect();
    let are_null = |name: &String| format!("{name} IS NULL");
    let qualified: Vec<_> = names.iter().map(|name| are_null(&format!("{was}.{name}"))).collect();
    let count = migration.ask(&format!("SELECT count(*) FROM {was} WHERE {}", qualified.join(" OR ")));
    let updates = names.iter().map(|name| format!("UPDATE {was} SET {name} = … WHERE {name} IS NULL;"));
    let condition = names.iter().map(are_null).collect::<Vec<_>>().join(" OR ");
    findings.push(
        migration
            .at(at, message)
            .note("if one has none, the migration fails, and changes nothing")
            .notes(count.map(|count| match count {
                0 => "every row has a value now".to_owned(),
                1 => "1 row has none now".to_owned(),
                count => format!("{count} rows have none now"),
            }))
            .help(format!("fill it in first: `{}`", updates.collect::<Vec<_>>().join(" ")))
            .helps(assertion(&format!("SELECT count(*) = 0 FROM {was} WHERE {condition}"))),
    );
}

/// The columns that need a value only now, and for which SQLite does not put in the default by itself.
pub(super) fn becoming_not_null(held: KeptTable<'_>) -> impl Iterator<Item = &Name> {
    let changes = held.change.map_or(&[][..], |change| &change.changes);
    changes.iter().filter_map(move |change| match change {
        Change::ColumnChanged(column, ColumnChange::NotNull { from: None, to: Some(to) }) => {
            let had = held.name_before(column).is_some_and(|before| is_never_null(held.before, before));
            let own = held.after.column(column)?;
            let replaced = to.conflict == Some(Conflict::Replace) && own.default.is_some();
            (!had && !replaced && own.generated.is_none()).then_some(column)
        }
        _ => None,
    })
}
