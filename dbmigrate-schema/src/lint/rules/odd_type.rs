//! `odd-type`: a type by whose name SQLite does something that nobody expects.
//!
//! Types that SQLite's documentation itself counts as numeric (`BOOLEAN`, `DATE`, `DATETIME`, `DECIMAL`, …) are left
//! alone: numeric affinity leaves a date as the text that it is.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::words::listed;
use crate::model::{Affinity, Column};

pub(super) const RULE: Rule = Rule {
    name: "odd-type",
    group: Group::Style,
    level: Level::Warn,
    what: "a type means something else to SQLite than its name says",
    why: "SQLite derives the affinity from a few letters in the name of a type. Without `CHAR`, `CLOB` or `TEXT`, it \
          is not a text: in a `STRING` column, the text '007' becomes the number 7, and '1e5' becomes 100000. The \
          `INT` in `POINT` makes it an integer.",
    instead: "Use the type names of SQLite:\n\n    CREATE TABLE users (id INTEGER PRIMARY KEY, zip TEXT);",
    fails: &[
        Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, zip STRING);" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE users ADD COLUMN place POINT; ALTER TABLE users ADD COLUMN ident UUID;",
        },
    ],
    passes: &[Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, zip TEXT);" }],
    quiet: &[
        Example {
            before: "",
            now: "CREATE TABLE users (
                    id INTEGER PRIMARY KEY, a VARCHAR(10), b BOOLEAN, c DATETIME, d DECIMAL(10, 2), e, f BLOB, g DOUBLE,
                    h TIMESTAMP WITH TIME ZONE, i numeric, j UNSIGNED BIG INT, k NVARCHAR (5), l LONGTEXT, m bool, n JSON
                  );
                  CREATE TABLE strict (a ANY, b TEXT) STRICT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, zip STRING);",
            now: "ALTER TABLE users ADD COLUMN name TEXT;",
        },
    ],
    check: Check::Migration(check),
};

/// What everybody who writes it means by it is numeric, or does no harm there.
const NUMERIC: &[&str] = &[
    "BIT",
    "BOOL",
    "BOOLEAN",
    "CURRENCY",
    "DATE",
    "DATETIME",
    "DEC",
    "DECIMAL",
    "FIXED",
    "JSON",
    "JSONB",
    "MONEY",
    "NUMBER",
    "NUMERIC",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "YEAR",
];

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made().iter().filter(|made| !made.table.strict) {
        let odd: Vec<_> = made.columns.iter().filter_map(|column| Some((*column, odd(column)?))).collect();
        // Each type once, with all of its columns.
        for (at, (first, becomes)) in odd.iter().enumerate() {
            let is_it = |other: &&(&Column, _)| other.0.declared_type == first.declared_type;
            if odd[..at].iter().any(|other| is_it(&other)) {
                continue;
            }
            let (declared, table) = (first.declared_type.as_deref().unwrap_or_default(), &made.table.name);
            let names = listed(odd.iter().filter(is_it).map(|(column, _)| &column.name));
            let message = format!("`{declared}`, the type of {names} in `{table}`, is {becomes} to SQLite");
            findings.push(
                migration
                    .at(made.statement, message)
                    .note("texts that look like numbers become numbers: '007' becomes 7")
                    .help(format!(
                        "name the type: `{} TEXT`, `REAL`, `INTEGER`, `NUMERIC` or `BLOB`",
                        first.name.to_sql()
                    )),
            );
        }
    }
}

fn odd(column: &Column) -> Option<&'static str> {
    let declared = column.declared_type.as_deref()?.to_ascii_uppercase();
    let first = declared.split(|letter: char| !letter.is_ascii_alphanumeric()).find(|word| !word.is_empty())?;
    match column.affinity() {
        Affinity::Numeric if !NUMERIC.contains(&first) => Some("a number"),
        Affinity::Integer if declared.contains("POINT") => Some("an integer"),
        _ => None,
    }
}
