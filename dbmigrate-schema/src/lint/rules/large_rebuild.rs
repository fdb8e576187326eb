//! `large-rebuild`: a table with very many rows is recreated, as the database at hand says.

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "large-rebuild",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a table with very many rows is rebuilt (needs `--database`)",
    why: "All rows are written again, in one transaction. Nobody else can write during that time, and the disk has \
          to hold the table twice, plus the journal.",
    instead: "Add the new column in place, and fill it in batches, each in a transaction of its own:\n\n    ALTER \
              TABLE events ADD COLUMN kind TEXT;\n    -- then, in a file with `-- dbmigrate: \
              no-transaction`:\n    UPDATE events SET kind = 'old' WHERE id BETWEEN 1 AND 100000;",
    fails: &[Example {
        before: "CREATE TABLE events (id INTEGER PRIMARY KEY, text TEXT);",
        now: "CREATE TABLE new_events (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
              INSERT INTO new_events (id, text) SELECT id, text FROM events;
              DROP TABLE events;
              ALTER TABLE new_events RENAME TO events;",
    }],
    passes: &[Example {
        before: "CREATE TABLE events (id INTEGER PRIMARY KEY, text TEXT);",
        now: "ALTER TABLE events ADD COLUMN kind TEXT;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE events (id INTEGER PRIMARY KEY, text TEXT);",
        now: "CREATE TABLE small (id INTEGER PRIMARY KEY, text TEXT); DROP TABLE small;",
    }],
    check: Check::Rows(check),
};

/// So many rows are many.
const ROWS: i64 = 1_000_000;
/// So many bytes are many.
const BYTES: i64 = 100 << 20;

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        let Some(rebuild) = &change.rebuild else { continue };
        let name = change.before.object.name();
        let text = format!("'{}'", name.as_str().replace('\'', "''"));
        let rows = migration.ask(&format!("SELECT count(*) FROM main.{}", name.to_sql()));
        // Not every SQLite has `dbstat`, which wants the name as it is spelled.
        let bytes = migration.ask(&format!(
            "SELECT sum(pgsize) FROM dbstat WHERE name = (SELECT name FROM main.sqlite_schema WHERE type = 'table' AND \
             name = {text} COLLATE NOCASE)"
        ));
        let is_large = rows.is_some_and(|rows| rows >= ROWS) || bytes.is_some_and(|bytes| bytes >= BYTES);
        let (true, Some(rows)) = (is_large, rows) else { continue };
        let size = bytes.map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20));
        let at = rebuild.copies.first().copied().unwrap_or(rebuild.create);
        findings.push(
            migration
                .at(at, format!("`{name}` is rebuilt: {rows} rows{size}"))
                .note("all rows are written again in one transaction, which blocks all other writers")
                .help("to see how long it takes, try it on a copy: `cargo dbmigrate up --dry-run`")
                .help("or add new columns in place, and fill them in batches"),
        );
    }
}
