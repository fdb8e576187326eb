//! `several-steps-without-transaction`: a script without a transaction that can stop half way through the schema.
//!
//! The runner goes on where it stopped, but nothing takes back what has run. Indexes are not counted, since half of
//! them harms nobody; nor are batches of rows alone, which are what `no-transaction` is for.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::model::Kind;

pub(super) const RULE: Rule = Rule {
    name: "several-steps-without-transaction",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a script without a transaction changes the schema in several steps",
    why: "Each step is committed by itself. If a later step fails, on rows that nobody thought of, the earlier ones \
          stay: the database is neither old nor new until somebody has corrected the file.",
    instead: "Put statements that belong together between `BEGIN IMMEDIATE` and `COMMIT`, which the runner treats as \
              one step, and leave only what cannot run in a transaction outside:\n\n    -- dbmigrate: \
              no-transaction\n    BEGIN IMMEDIATE;\n    ALTER TABLE users ADD COLUMN nick TEXT;\n    UPDATE users \
              SET nick = name WHERE nick IS NULL;\n    COMMIT;\n    VACUUM;",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "-- dbmigrate: no-transaction
              ALTER TABLE users ADD COLUMN nick TEXT;
              UPDATE users SET nick = name;
              VACUUM;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "-- dbmigrate: no-transaction
              BEGIN IMMEDIATE;
              ALTER TABLE users ADD COLUMN nick TEXT;
              UPDATE users SET nick = name WHERE nick IS NULL;
              COMMIT;
              VACUUM;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "-- dbmigrate: no-transaction
                  PRAGMA journal_mode = WAL;
                  CREATE INDEX users_name ON users (name);
                  CREATE INDEX users_both ON users (name, id);
                  ALTER TABLE users ADD COLUMN nick TEXT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "-- dbmigrate: no-transaction
                  UPDATE users SET name = trim(name) WHERE id < 1000;
                  UPDATE users SET name = trim(name) WHERE id >= 1000;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if migration.script.transaction {
        return;
    }
    let steps = steps(migration.statements);
    let makes = |statement: &usize| changes_schema(&migration.statements[*statement]);
    if let (true, [first, second, ..]) = (steps.iter().any(makes), steps.as_slice()) {
        let text = migration.statements[*first].sql.lines().next().unwrap_or_default();
        findings.push(
            migration
                .at(*second, "if this fails, what comes before it stays".to_owned())
                .note(format!("`{text}` is committed by itself"))
                .help("put `BEGIN IMMEDIATE;` and `COMMIT;` around statements that belong together")
                .help("or remove `-- dbmigrate: no-transaction`, if nothing in the file needs it"),
        );
    }
}

/// The first statement of each step that leaves something behind, and at last the one that changes the schema.
fn steps(statements: &[Statement<'_>]) -> Vec<usize> {
    let mut steps = Vec::new();
    let mut group: Option<Option<usize>> = None;
    for (at, statement) in statements.iter().enumerate() {
        match (statement.tree, &mut group) {
            (Some(Stmt::Begin(..)), _) => group = Some(None),
            (Some(Stmt::Commit(..)), Some(first)) => {
                steps.extend(*first);
                group = None;
            }
            _ if !changes_schema(statement) && !writes(statement) => {}
            (_, Some(first)) => {
                let better = first.is_none_or(|first| !changes_schema(&statements[first]));
                if better {
                    *first = Some(at);
                }
            }
            (_, None) => steps.push(at),
        }
    }
    steps
}

fn changes_schema(statement: &Statement<'_>) -> bool {
    statement.changes.iter().any(|changed| changed.key.0 != Kind::Index)
}

fn writes(statement: &Statement<'_>) -> bool {
    matches!(statement.tree, Some(Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::Delete { .. }))
}
