//! `schema-and-data-mixed`: one file changes the schema and every row of a table that may be large.
//!
//! SQLite does both in one transaction, and a small table is done at once: it is off unless somebody turns it on, and
//! silent about a table that a database at hand shows to be small. The copy of a rebuild is no case for it.

use sqlite3_parser::ast::{InsertBody, OneSelect, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::{Query, in_main};
use crate::model::{Kind, Name};

/// A table with fewer rows is done in the blink of an eye.
const MANY: i64 = 10_000;

pub(super) const RULE: Rule = Rule {
    name: "schema-and-data-mixed",
    group: Group::History,
    level: Level::Allow,
    what: "a migration changes both the schema and all rows of a table",
    why: "Nobody else can write until all rows are done, and a failure at the last row also undoes the change of the \
          schema.",
    instead: "Change the schema in one migration, and the rows in the next, so that each holds the lock for a \
              shorter time. For a very large table, work in batches, in Rust: `in_batches` of the generated module.",
    fails: &[
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "ALTER TABLE t ADD COLUMN b TEXT;\nUPDATE t SET b = lower(a);",
        },
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "CREATE TABLE names (name TEXT);\nINSERT INTO names SELECT a FROM t;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);",
        now: "UPDATE t SET b = lower(a) WHERE b IS NULL;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT NOT NULL);\nINSERT INTO n SELECT * FROM t;\nDROP TABLE \
                  t;\nALTER TABLE n RENAME TO t;",
        },
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            now: "ALTER TABLE t ADD COLUMN b TEXT;\nUPDATE t SET b = 'x' WHERE id = 1;",
        },
        Example { before: "", now: "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\nUPDATE t SET a = 2;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if migration.statements.iter().all(|statement| statement.changes.is_empty()) {
        return;
    }
    let rebuilds = migration.lineage.changes.iter().filter_map(|change| change.rebuild.as_ref());
    let copies: Vec<usize> = rebuilds.flat_map(|rebuild| rebuild.copies.iter().copied()).collect();
    for (at, statement) in migration.statements.iter().enumerate() {
        if copies.contains(&at) {
            continue;
        }
        let Some(table) = statement.tree.and_then(whole) else { continue };
        let Some(known) = migration.at_statement(at, Kind::Table, &table) else { continue };
        if migration.is_new(known) {
            continue;
        }
        let rows = migration.ask(&format!("SELECT count(*) FROM {}", table.to_sql()));
        if rows.is_some_and(|rows| rows < MANY) {
            continue;
        }
        let message = format!("all rows of `{table}` are written in a migration that changes the schema");
        let mut finding = migration.at(at, message);
        if let Some(rows) = rows {
            finding = finding.note(format!("it has {rows} rows now"));
        }
        findings.push(finding.help("move it to its own migration: `cargo dbmigrate create NAME`"));
    }
}

/// The table of which a statement writes, or reads to write, every row.
fn whole(statement: &Stmt<'_>) -> Option<Name> {
    match statement {
        Stmt::Update { tbl_name, where_clause: None, limit: None, from: None, .. }
        | Stmt::Delete { tbl_name, where_clause: None, limit: None, .. } => in_main(tbl_name),
        Stmt::Insert { body: InsertBody::Select(select, _), .. } if select.limit.is_none() => {
            let OneSelect::Select { where_clause: None, .. } = &select.body.select else { return None };
            let mut found = Vec::new();
            Query::of(statement)?.sources(&mut found);
            found.into_iter().next()
        }
        _ => None,
    }
}
