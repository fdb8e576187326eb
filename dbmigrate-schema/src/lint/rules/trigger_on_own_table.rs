//! `trigger-on-own-table`: a trigger that would set itself off.
//!
//! It is silent where the trigger has a `WHEN`, or where what it writes is none of the columns that it waits for. Off
//! unless turned on: nothing goes wrong before a connection switches on what is off by default, and in real histories
//! what it finds is the usual trigger that stamps a row.

use sqlite3_parser::ast::{Stmt, TriggerCmd, TriggerEvent};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::name;
use crate::model::Kind;

pub(super) const RULE: Rule = Rule {
    name: "trigger-on-own-table",
    group: Group::Mechanics,
    level: Level::Allow,
    what: "a trigger does to its own table what fires it",
    why: "Whether it fires again depends on the connection, by `PRAGMA recursive_triggers`. A program that turns it \
          on gets `too many levels of trigger recursion`, or other values.",
    instead: "State when it has work to do, or for which columns it fires:\n\n    CREATE TRIGGER touched AFTER \
              UPDATE OF name ON users\n    BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, changed TEXT);",
            now: "CREATE TRIGGER touched AFTER UPDATE ON users
                  BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;",
        },
        Example {
            before: "CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER);",
            now: "CREATE TRIGGER gone AFTER DELETE ON nodes BEGIN DELETE FROM nodes WHERE parent = old.id; END;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, changed TEXT);",
        now: "CREATE TRIGGER touched AFTER UPDATE OF name ON users
              BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, changed TEXT); CREATE TABLE log (what TEXT);
                 CREATE TRIGGER old AFTER UPDATE ON users BEGIN UPDATE users SET changed = 1 WHERE id = new.id; END;",
        now: "CREATE TRIGGER touched AFTER UPDATE ON users WHEN new.changed IS old.changed
              BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;
              CREATE TRIGGER made AFTER INSERT ON users
              BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; INSERT INTO log VALUES (1); END;
              CREATE TRIGGER logged AFTER UPDATE ON users BEGIN UPDATE log SET what = new.name; END;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, changed) in migration.net() {
        if changed.key.0 != Kind::Trigger || changed.after.is_none() || is_unchanged(migration, changed) {
            continue;
        }
        let Some(Stmt::CreateTrigger { event, tbl_name, when_clause: None, commands, .. }) =
            migration.statements[at].tree
        else {
            continue;
        };
        let table = name(&tbl_name.name);
        let again = commands.iter().any(|command| match (command, event) {
            (TriggerCmd::Insert { tbl_name, .. }, TriggerEvent::Insert)
            | (TriggerCmd::Delete { tbl_name, .. }, TriggerEvent::Delete)
            | (TriggerCmd::Update { tbl_name, .. }, TriggerEvent::Update) => name(&tbl_name.name) == table,
            (TriggerCmd::Update { tbl_name, sets, .. }, TriggerEvent::UpdateOf(of)) => {
                let mut written = sets.iter().flat_map(|set| set.col_names.iter());
                name(&tbl_name.name) == table && written.any(|column| of.iter().any(|it| name(it) == name(column)))
            }
            _ => false,
        });
        if again {
            findings.push(
                migration
                    .at(at, format!("the trigger `{}` writes to `{table}`, which fires it again", changed.key.1))
                    .note("only where a connection has `PRAGMA recursive_triggers` on; then it never ends")
                    .help("add a `WHEN` that is false the second time, or name the columns: `UPDATE OF …`"),
            );
        }
    }
}

/// Whether the trigger was there before, and is only made again.
fn is_unchanged(migration: &Migration<'_>, changed: &crate::lint::state::Changed) -> bool {
    let before = migration.before(Kind::Trigger, &changed.key.1);
    let body = |known: &crate::lint::state::Known| known.trigger().map(|it| (it.event.clone(), it.body.clone()));
    match (before, &changed.after) {
        (Some(before), Some(after)) => body(before) == body(after),
        _ => false,
    }
}
