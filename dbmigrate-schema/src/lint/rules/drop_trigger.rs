//! `drop-trigger`: a trigger goes, and what it did with it.
//!
//! One whose table goes, and one that another takes the place of (of the same table and event), is nothing to wonder
//! about, nor is one that names a column of its table which goes: it has to. What goes along with a rebuild is for
//! `rebuild-loses-object`.

use sqlite3_parser::ast::Stmt;

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::values::names;
use crate::model::{Event, Kind, Name, Trigger};

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, changed TEXT);
                      CREATE TRIGGER stamp AFTER UPDATE ON users
                      BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;";

pub(super) const RULE: Rule = Rule {
    name: "drop-trigger",
    group: Group::Destructive,
    level: Level::Warn,
    what: "a trigger is dropped and not created again",
    why: "What it updated, rejected or recorded no longer happens, without an error.",
    instead: "Create it again in the same file, or say why it is no longer needed:\n\n    -- dbmigrate: allow \
              drop-trigger the program does it since 2.0\n    DROP TRIGGER stamp;",
    fails: &[Example { before: BEFORE, now: "DROP TRIGGER stamp;" }],
    passes: &[Example {
        before: BEFORE,
        now: "DROP TRIGGER stamp;
              CREATE TRIGGER stamp AFTER UPDATE ON users
              BEGIN UPDATE users SET changed = unixepoch() WHERE id = new.id; END;",
    }],
    quiet: &[
        Example {
            before: BEFORE,
            now: "DROP TRIGGER stamp;
                  CREATE TRIGGER stamped AFTER UPDATE OF id ON users
                  BEGIN UPDATE users SET changed = unixepoch() WHERE id = new.id; END;",
        },
        Example { before: BEFORE, now: "DROP TRIGGER stamp; DROP TABLE users;" },
        Example { before: BEFORE, now: "DROP TRIGGER stamp; ALTER TABLE users DROP COLUMN changed;" },
        Example {
            before: BEFORE,
            now: "DROP TRIGGER stamp; DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY, changed TEXT);",
        },
        Example { before: BEFORE, now: "DROP TRIGGER IF EXISTS other;" },
        Example {
            before: BEFORE,
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, changed TEXT, name TEXT);
                  INSERT INTO n (id, changed) SELECT id, changed FROM users;
                  DROP TRIGGER stamp;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE TRIGGER stamp AFTER UPDATE ON users
                  BEGIN UPDATE users SET changed = datetime('now') WHERE id = new.id; END;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for (at, gone) in migration.dropped_by(|tree| matches!(tree, Stmt::DropTrigger { .. })) {
        let Some(trigger) = gone.trigger() else { continue };
        let Some(table) = name_after(migration, &trigger.table) else { continue };
        let replaced = migration.created(Kind::Trigger).any(|(_, new)| {
            let same = |event: &Event| std::mem::discriminant(event) == std::mem::discriminant(&trigger.event);
            new.trigger().is_some_and(|new| new.table == table && same(&new.event))
        });
        if replaced || names_lost_column(migration, trigger) {
            continue;
        }
        findings.push(
            migration
                .at(at, format!("trigger `{}` of `{table}` is dropped and not recreated", trigger.name))
                .help("recreate it in this file")
                .help("or say why it may be dropped: `-- dbmigrate: allow drop-trigger REASON` on the line above"),
        );
    }
}

/// Whether a trigger names a column of its table that goes.
fn names_lost_column(migration: &Migration<'_>, trigger: &Trigger) -> bool {
    let mut changes = migration.lineage.changes.iter();
    let Some(change) = changes.find(|change| *change.before.object.name() == trigger.table) else { return false };
    let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { return false };
    let kept = |name: &Name| after.columns.iter().any(|column| change.name_before(&column.name) == Some(name));
    let lost = before.columns.iter().map(|column| &column.name).filter(|name| !kept(name));
    let mentioned = names(&trigger.text);
    lost.into_iter().any(|name| mentioned.contains(name))
}

/// The name that a table or view of before has after a migration; none where it is gone, whatever else is called so now.
pub(super) fn name_after(migration: &Migration<'_>, table: &Name) -> Option<Name> {
    let dropped = migration.lineage.dropped.iter().map(|gone| &gone.table);
    let merged = migration.lineage.merged.iter().map(|gone| &gone.table);
    if dropped.chain(merged).any(|gone| gone.object.name() == table) {
        return None;
    }
    let changed = migration.lineage.changes.iter().find(|change| change.before.object.name() == table);
    let name = changed.map_or(table, |change| change.after.object.name());
    let is_there = |kind: &Kind| migration.after.get(*kind, name).is_some();
    [Kind::Table, Kind::VirtualTable, Kind::View].iter().any(is_there).then(|| name.clone())
}
