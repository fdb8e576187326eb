//! `if-not-exists`: an object that is there already is kept, whatever it is.
//!
//! Not in the first migration, which often meets a schema from before there were migrations; not in a script without a
//! transaction, which may run twice; not where the migration itself has dropped the object. An index that is not unique
//! is only said to be there where it is: another one that is kept makes a query slow, and no answer wrong.

use sqlite3_parser::ast::{QualifiedName, Stmt};

use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::tree::in_main;
use crate::lint::words::listed;
use crate::model::{Kind, Name};

pub(super) const RULE: Rule = Rule {
    name: "if-not-exists",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "`IF NOT EXISTS` keeps an existing object of that name, whatever it is",
    why: "A migration runs once, on a known schema. If an object with this name exists nevertheless, it is a \
          different one. It is kept as it is, the migration counts as applied, and the program fails later and \
          elsewhere.",
    instead: "Leave `IF NOT EXISTS` out: if the object exists, the migration fails and nothing is changed. If both \
              cases are known to occur, write `-- dbmigrate: tolerate existing`, which reports what it skips.",
    fails: &[
        Example { before: "SELECT 1;", now: "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON users (name);",
            now: "CREATE UNIQUE INDEX IF NOT EXISTS by_name ON users (name);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE UNIQUE INDEX IF NOT EXISTS by_name ON users (name);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON users (name);",
            now: "CREATE INDEX IF NOT EXISTS by_name ON users (name);",
        },
    ],
    passes: &[Example { before: "SELECT 1;", now: "CREATE TABLE users (id INTEGER PRIMARY KEY);" }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON users (name);",
            now: "DROP INDEX IF EXISTS by_name; CREATE UNIQUE INDEX IF NOT EXISTS by_name ON users (name);",
        },
        Example {
            before: "SELECT 1;",
            now: "-- dbmigrate: tolerate existing
                  CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);",
        },
        Example {
            before: "SELECT 1;",
            now: "-- dbmigrate: no-transaction
                  CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE INDEX IF NOT EXISTS by_name ON users (name);",
        },
        Example { before: "SELECT 1;", now: "CREATE TEMP TABLE IF NOT EXISTS scratch (id); DROP TABLE scratch;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    if migration.at == 0 || !migration.script.transaction || migration.script.tolerate_existing {
        return;
    }
    let mut kept: Vec<(usize, Name)> = Vec::new();
    for (at, statement) in migration.statements.iter().enumerate() {
        let Some((kind, name)) = statement.tree.and_then(keeps).and_then(|(kind, name)| Some((kind, in_main(name)?)))
        else {
            continue;
        };
        let earlier = migration.statements[..at].iter().flat_map(|statement| &statement.changes);
        if earlier.filter(|it| it.key == (kind, name.clone())).any(|it| it.after.is_none()) {
            continue;
        }
        if migration.at_statement(at, kind, &name).is_some() {
            let message = format!("{kind} `{name}` already exists, so this changes nothing");
            findings.push(migration.at(at, message).help("remove it, or remove `IF NOT EXISTS` to see the conflict"));
        } else if !is_plain_index(statement.tree) {
            kept.push((at, name));
        }
    }
    let Some((first, _)) = kept.first() else { return };
    let names = listed(kept.iter().map(|(_, name)| name));
    findings.push(
        migration
            .at(*first, format!("an existing object of that name is kept, whatever it is: {names}"))
            .help("remove `IF NOT EXISTS`: on an unexpected schema, a migration should fail")
            .help("or write `-- dbmigrate: tolerate existing` at the top, which reports what it skips"),
    );
}

/// Whether this makes an index that refuses nothing.
fn is_plain_index(tree: Option<&Stmt<'_>>) -> bool {
    matches!(tree, Some(Stmt::CreateIndex { unique: false, .. }))
}

fn keeps<'t>(statement: &'t Stmt<'t>) -> Option<(Kind, &'t QualifiedName<'t>)> {
    match statement {
        Stmt::CreateTable { temporary: false, if_not_exists: true, tbl_name, .. } => Some((Kind::Table, tbl_name)),
        Stmt::CreateVirtualTable { if_not_exists: true, tbl_name, .. } => Some((Kind::VirtualTable, tbl_name)),
        Stmt::CreateIndex { if_not_exists: true, idx_name, .. } => Some((Kind::Index, idx_name)),
        Stmt::CreateView { temporary: false, if_not_exists: true, view_name, .. } => Some((Kind::View, view_name)),
        Stmt::CreateTrigger { temporary: false, if_not_exists: true, trigger_name, .. } => {
            Some((Kind::Trigger, trigger_name))
        }
        _ => None,
    }
}
