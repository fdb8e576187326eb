//! `type-change`: a column gets a type that converts the values that are there.
//!
//! Only another affinity converts: `VARCHAR(9)` to `TEXT` is nothing, and a text can be made of everything. Which values
//! would change is what `generate` asserts about such a column. A `CAST` alone says what is wanted, and makes a 0 of
//! everything else.

use crate::lint::conversions::{Pair, Which, judge, listed};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Affinity, Table};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, code TEXT);";

pub(super) const RULE: Rule = Rule {
    name: "type-change",
    group: Group::Data,
    level: Level::Warn,
    what: "a column gets a type that changes existing values",
    why: "In a column of numbers, SQLite silently converts what looks like a number: `'007'` becomes 7, `'1e3'` \
          becomes 1000, and a large integer loses digits in a column of reals. What does not look like a number \
          stays a text. A `CAST` turns such a text into 0, and `'7b'` into 7, and so does `code + 0`.",
    instead: "State what happens to the values:\n\n    INSERT INTO n SELECT id, CASE WHEN code <> '' AND code NOT \
              GLOB '*[^0-9]*' THEN CAST(code AS INTEGER) END FROM users;\n\nOr stop before anything has changed if a \
              value would not be the same:\n\n    -- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE code <> \
              CAST(CAST(code AS INTEGER) AS TEXT)\n\n`cargo dbmigrate generate` writes such an assertion.",
    fails: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, number DATETIME);
                  INSERT INTO n SELECT id, code FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT id, CAST(code AS INTEGER) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT id, coalesce(CAST(trim(code) AS INTEGER), 0) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT id, code + 0 FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    passes: &[
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT id, CASE WHEN code <> '' AND code NOT GLOB '*[^0-9]*' THEN CAST(code AS INTEGER) END FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE code <> CAST(CAST(code AS INTEGER) AS TEXT)
                  CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT * FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, at TEXT, code TEXT, size INTEGER);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, at INTEGER, code INTEGER, size INTEGER);
                  INSERT INTO n SELECT id, CAST(strftime('%s', at) AS INTEGER), length(code) + size + 1, size FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE code GLOB '*[^0-9]*'
                  CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER);
                  INSERT INTO n SELECT id, CAST(code AS INTEGER) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, price REAL);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, price INTEGER);
                  INSERT INTO n SELECT id, CAST(price AS INTEGER) FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE t (a VARCHAR(9), b INT, c INTEGER, d DATETIME, e INTEGER);",
            now: "CREATE TABLE n (a TEXT, b BIGINT, c NUMERIC, d INTEGER, e TEXT);
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY);",
            now: "CREATE TABLE n (id TEXT PRIMARY KEY);
                  INSERT INTO n SELECT * FROM t;
                  DROP TABLE t;
                  ALTER TABLE n RENAME TO t;",
        },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT, size REAL);
                  INSERT INTO n SELECT *, 0 FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        judge(migration, findings, change, Which::Retyped, |table: &Table, pairs: &[Pair<'_>]| {
            let columns = listed(pairs, true);
            let message = format!("columns of `{}` get another type, which changes values: {columns}", table.name);
            let reals = pairs.iter().all(|(_, after)| after.affinity() == Affinity::Real);
            let note = if table.strict {
                "a value that does not fit the type makes the migration fail"
            } else if reals {
                "large integers lose digits, and texts that look like numbers become ones"
            } else {
                "texts that look like numbers become numbers: `'007'` becomes 7; others stay texts"
            };
            (message, note)
        });
        judge(migration, findings, change, Which::Cast, |table: &Table, pairs: &[Pair<'_>]| {
            let columns = listed(pairs, true);
            let message = format!("this turns every text in `{}` into a number: {columns}", table.name);
            (message, "a text that is not a number becomes 0, and what follows a number is dropped: `'7b'` becomes 7")
        });
    }
}
