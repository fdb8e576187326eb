//! `reserved-name`: an object with the name of one of the tool's own.
//!
//! What begins with `sqlite_` SQLite itself refuses.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Name;

pub(super) const RULE: Rule = Rule {
    name: "reserved-name",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "an object has the name of the history table, or of a table that belongs to it",
    why: "Every real database already has a table with this name, which records what was applied. The migration \
          fails, or writes into that table.",
    instead: "Choose another name, or rename the history table in \
              `Cargo.toml`:\n\n    [package.metadata.migrations]\n    table = \"schema_history\"",
    fails: &[
        Example { before: "", now: "CREATE TABLE _migrations (id INTEGER PRIMARY KEY);" },
        Example {
            before: "CREATE TABLE heads (id INTEGER PRIMARY KEY);",
            now: "ALTER TABLE heads RENAME TO _migrations_head;",
        },
    ],
    passes: &[Example { before: "", now: "CREATE TABLE migrations (id INTEGER PRIMARY KEY);" }],
    quiet: &[Example { before: "", now: "CREATE TABLE t (_migrations INTEGER); CREATE INDEX i ON t (_migrations);" }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let table = &migration.set.config.table;
    let own = ["", "_head", "_repeatable"].map(|ending| Name::new(format!("{table}{ending}")));
    for (at, changed) in migration.net() {
        let name = &changed.key.1;
        if changed.after.is_some() && own.contains(name) {
            findings.push(
                migration
                    .at(at, format!("`{name}` is the name of a table of dbmigrate in every database"))
                    .help("choose another name")
                    .help("or rename the history: `table = \"schema_history\"` in `[package.metadata.migrations]`"),
            );
        }
    }
}
