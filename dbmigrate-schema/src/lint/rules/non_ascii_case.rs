//! `non-ascii-case`: two names that differ in the case of letters beyond ASCII alone.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    name: "non-ascii-case",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "two names differ only in the case of non-ASCII letters",
    why: "To SQLite, `users` and `USERS` are the same name, but `größe` and `GRÖSSE`, or `ÄRA` and `ära`, are two: \
          it folds the case of ASCII letters only. Anybody who relies on names being case-insensitive gets the wrong \
          one.",
    instead: "Give one of them another name.",
    fails: &[
        Example {
            before: "CREATE TABLE \"ära\" (id INTEGER PRIMARY KEY);", now: "CREATE TABLE \"Ära\" (id INTEGER);"
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, \"größe\" TEXT);",
            now: "ALTER TABLE users ADD COLUMN \"GRÖßE\" TEXT;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE \"ära\" (id INTEGER PRIMARY KEY);",
        now: "CREATE TABLE \"Ären\" (id INTEGER PRIMARY KEY);",
    }],
    quiet: &[Example {
        before: "CREATE TABLE \"ära\" (id INTEGER PRIMARY KEY, \"größe\" TEXT);",
        now: "ALTER TABLE \"ära\" RENAME TO \"Ära\"; ALTER TABLE \"Ära\" RENAME COLUMN \"größe\" TO \"Größe\";",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, changed) in migration.net() {
        let (kind, name) = &changed.key;
        if name.as_str().is_ascii() || changed.after.is_none() || migration.before(*kind, name).is_some() {
            continue;
        }
        let others = migration.after.iter().map(|known| known.object.name());
        if let Some(other) = others.filter(|other| is_like(name, other)).min() {
            findings.push(
                migration
                    .at(at, format!("`{name}` and `{other}` are two names to SQLite"))
                    .note("SQLite folds only the case of ASCII letters")
                    .help("give one of them another name"),
            );
        }
    }
    for made in migration.made() {
        for column in made.columns.iter().map(|column| &column.name).filter(|name| !name.as_str().is_ascii()) {
            let others = made.table.columns.iter().map(|column| &column.name);
            let Some(other) = others.filter(|other| is_like(column, other)).min() else { continue };
            let table = &made.table.name;
            findings.push(
                migration
                    .at(made.statement, format!("`{column}` and `{other}` of `{table}` are two columns to SQLite"))
                    .note("SQLite folds only the case of ASCII letters")
                    .help("give one of them another name"),
            );
        }
    }
}

/// Whether the two are one name to people and two to SQLite.
fn is_like(one: &Name, other: &Name) -> bool {
    one != other && one.as_str().to_lowercase() == other.as_str().to_lowercase()
}
