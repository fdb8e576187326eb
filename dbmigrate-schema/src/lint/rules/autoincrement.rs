//! `autoincrement`: a table that counts its ids in another one.
//!
//! Off unless turned on: that no id is ever given twice may be just what is wanted.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::{Rule as Demand, Table};

pub(super) const RULE: Rule = Rule {
    name: "autoincrement",
    group: Group::Style,
    level: Level::Allow,
    what: "a table uses `AUTOINCREMENT`",
    why: "An `INTEGER PRIMARY KEY` assigns ids by itself. `AUTOINCREMENT` adds that the id of a deleted row is never \
          reused, and costs a second write for each insert, to `sqlite_sequence`.",
    instead: "Leave it out, unless ids are also stored outside the database:\n\n    CREATE TABLE users (id INTEGER \
              PRIMARY KEY, name TEXT);",
    fails: &[Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);" }],
    passes: &[Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);" }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);",
        now: "ALTER TABLE users RENAME TO people; ALTER TABLE people ADD COLUMN nick TEXT;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for made in migration.made() {
        let counts = made
            .constraints
            .iter()
            .any(|constraint| matches!(&constraint.rule, Demand::PrimaryKey(key) if key.autoincrement));
        let Some(column) = Table::rowid_alias(made.table).filter(|_| counts) else { continue };
        findings.push(
            migration
                .at(made.statement, format!("`{}` writes to `sqlite_sequence` for every new row", made.table.name))
                .help(format!("`{} INTEGER PRIMARY KEY` also assigns ids", column.name.to_sql()))
                .help("if ids must never be reused: `-- dbmigrate: allow autoincrement REASON` on the line above"),
        );
    }
}
