//! `from-strict`: a table is no longer `STRICT`, and its `ANY` columns begin to convert.

use crate::compare::Change;
use crate::lint::conversions::{Pair, Which, judge, listed};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Table;

const BEFORE: &str = "CREATE TABLE settings (name TEXT PRIMARY KEY, value ANY) STRICT;";

pub(super) const RULE: Rule = Rule {
    name: "from-strict",
    group: Group::Data,
    level: Level::Warn,
    what: "a table with an `ANY` column is no longer `STRICT`",
    why: "In a `STRICT` table, `ANY` keeps every value as it is. Elsewhere it is an arbitrary type name with NUMERIC \
          affinity: the text `'000123'` becomes 123 while it is copied.",
    instead: "To keep the values as they are, leave the type out, or write `BLOB`:\n\n    CREATE TABLE n (name TEXT \
              PRIMARY KEY, value);\n    INSERT INTO n SELECT * FROM settings;",
    fails: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (name TEXT PRIMARY KEY, value ANY);
              INSERT INTO n SELECT * FROM settings;
              DROP TABLE settings;
              ALTER TABLE n RENAME TO settings;",
    }],
    passes: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (name TEXT PRIMARY KEY, value);
              INSERT INTO n SELECT * FROM settings;
              DROP TABLE settings;
              ALTER TABLE n RENAME TO settings;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE t (a INTEGER, b TEXT) STRICT;",
        now: "CREATE TABLE n (a INTEGER, b TEXT);
              INSERT INTO n SELECT * FROM t;
              DROP TABLE t;
              ALTER TABLE n RENAME TO t;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let loose = migration.changed_tables().filter(|change| change.changes.contains(&Change::Strict(false)));
    for change in loose {
        judge(migration, findings, change, Which::Kept, |table: &Table, pairs: &[Pair<'_>]| {
            let columns = listed(pairs, false);
            let message = format!("`{}` is no longer `STRICT`, so `ANY` converts values of {columns}", table.name);
            (message, "texts that look like numbers become numbers: `'000123'` becomes 123; without a type they stay")
        });
    }
}
