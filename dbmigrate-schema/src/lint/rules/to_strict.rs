//! `to-strict`: a table becomes `STRICT`, and a column may hold values that are none of its type.
//!
//! A column that gets another type at the same time is for `type-change`.

use crate::compare::Change;
use crate::lint::conversions::{Pair, Which, judge, listed};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Table;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);";

pub(super) const RULE: Rule = Rule {
    name: "to-strict",
    group: Group::Data,
    level: Level::Warn,
    what: "a table becomes `STRICT`, and existing rows may hold values of another type",
    why: "So far, every column accepted every value, for example a text that is no number in a column of numbers. If \
          one row has such a value, the migration fails, and a program that migrates at startup does not start.",
    instead: "State what happens to such values:\n\n    INSERT INTO n SELECT id, CASE WHEN typeof(age) = 'integer' \
              THEN age END FROM users;\n\nOr stop before anything has changed:\n\n    -- dbmigrate: assert SELECT \
              count(*) = 0 FROM users WHERE typeof(age) NOT IN ('null', 'integer')",
    fails: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    passes: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
                  INSERT INTO n SELECT id, CASE WHEN typeof(age) = 'integer' THEN age END FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE typeof(age) NOT IN ('null', 'integer')
                  CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age ANY) STRICT;
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER) STRICT;",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER, name TEXT) STRICT;
                  INSERT INTO n (id, age) SELECT id, age FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example { before: BEFORE, now: "CREATE TABLE n (id INTEGER PRIMARY KEY, age INTEGER) STRICT;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let strict = migration.changed_tables().filter(|change| change.changes.contains(&Change::Strict(true)));
    for change in strict {
        judge(migration, findings, change, Which::Kept, |table: &Table, pairs: &[Pair<'_>]| {
            let columns = listed(pairs, true);
            let message =
                format!("`{}` becomes `STRICT`, and rows may hold values of another type: {columns}", table.name);
            (message, "if one row has such a value, the migration fails, and changes nothing")
        });
    }
}
