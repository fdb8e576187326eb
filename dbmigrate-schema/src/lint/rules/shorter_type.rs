//! `shorter-type`: a type says a smaller length, and nothing comes of it.
//!
//! Off unless it is turned on: what it objects to does no harm, and is just not what it seems.

use dbmigrate_core::token::{TokenKind, tokens};

use crate::compare::{Change, ColumnChange};
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(200));";

pub(super) const RULE: Rule = Rule {
    name: "shorter-type",
    group: Group::Data,
    level: Level::Allow,
    what: "the length in a type is reduced, which SQLite does not enforce",
    why: "To SQLite, `VARCHAR(20)` is `TEXT`: longer values stay, and new ones can be written.",
    instead: "A check is enforced:\n\n    name TEXT CHECK (length(name) <= 20)",
    fails: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name VARCHAR(20));
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    passes: &[Example {
        before: BEFORE,
        now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE length(name) > 20
              CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT CHECK (length(name) <= 20));
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    quiet: &[Example {
        before: BEFORE,
        now: "CREATE TABLE n (id INTEGER PRIMARY KEY, name VARCHAR(300));
              INSERT INTO n SELECT * FROM users;
              DROP TABLE users;
              ALTER TABLE n RENAME TO users;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let table = change.after.object.name();
        for changed in &change.changes {
            let Change::ColumnChanged(column, ColumnChange::Type { from: Some(from), to: Some(to) }) = changed else {
                continue;
            };
            let (was, is) = (numbers(from), numbers(to));
            if was.len() != is.len() || !was.iter().zip(&is).any(|(was, is)| is < was) {
                continue;
            }
            let at = change.statement();
            let name = column.to_sql();
            findings.push(
                migration
                    .at(
                        at,
                        format!("column `{column}` of `{table}` changes from `{to}` to `{from}`, which SQLite ignores"),
                    )
                    .help(format!("a check is enforced: `CHECK (length({name}) <= {})`", is.first().unwrap_or(&0))),
            );
        }
    }
}

/// The numbers in a type.
fn numbers(declared: &str) -> Vec<u64> {
    let numbers = tokens(declared).filter(|token| token.kind == TokenKind::Number);
    numbers.filter_map(|token| token.text(declared).parse().ok()).collect()
}
