//! `newer-sqlite`: something that the oldest SQLite of the manifest does not know. Where the manifest names none, nobody
//! has said that an older one is about.

use std::collections::HashSet;

use sqlite3_parser::ast::{AlterTableBody, Stmt};

use crate::lint::features::features;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "newer-sqlite",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a statement needs a newer SQLite than `min-sqlite`",
    why: "An older SQLite rejects the migration. The schema is a worse problem: a program with an older SQLite that \
          opens the database afterwards reports a malformed schema.",
    instead: "If no older SQLite has to run it, say so in `Cargo.toml`. Otherwise write it \
              differently:\n\n    [package.metadata.migrations]\n    min-sqlite = \"3.37\"",
    fails: &[
        Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT) STRICT;" },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT);",
            now: "CREATE VIEW names AS SELECT data ->> 'name' AS name FROM users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT);",
            now: "ALTER TABLE users ALTER COLUMN data SET NOT NULL;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT);",
            now: "CREATE TRIGGER dated AFTER INSERT ON users BEGIN UPDATE users SET data = unixepoch(); END;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT);",
            now: "DELETE FROM users WHERE data IS NOT DISTINCT FROM NULL;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT);",
            now: "CREATE VIEW both AS SELECT a.id FROM users AS a FULL JOIN users AS b USING (id);",
        },
    ],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT CHECK (typeof(name) = 'text'));",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, data TEXT, \"strict\" TEXT);",
        now: "ALTER TABLE users DROP COLUMN \"strict\";
              UPDATE users SET data = json_extract(data, '$.a -> b') WHERE data IS NOT NULL;
              CREATE VIEW v AS SELECT DISTINCT data FROM users LEFT JOIN users AS o USING (id);",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let Some(declared) = migration.declared_sqlite() else { return };
    let (least, minor) = declared;
    let mut said = HashSet::new();
    for (at, statement) in migration.statements.iter().enumerate() {
        let Some(tree) = statement.tree else { continue };
        let mut newer = features(tree, statement.sql);
        // Once in a migration is enough.
        newer.retain(|(what, since)| *since > declared && said.insert(what.clone()));
        newer.sort();
        for (what, (major, since)) in newer {
            let message = format!("`{what}` needs SQLite {major}.{since}, and `min-sqlite` is {least}.{minor}");
            let mut finding = migration.at(at, message);
            if is_kept(tree) {
                finding =
                    finding.note("it is stored in the schema: an older SQLite may not be able to use the database");
            }
            findings.push(finding.help(format!(
                "set `min-sqlite = \"{major}.{since}\"` in `Cargo.toml`, if no older SQLite has to run it"
            )));
        }
    }
}

/// Whether the text of a statement becomes a part of the schema.
fn is_kept(tree: &Stmt<'_>) -> bool {
    matches!(
        tree,
        Stmt::CreateTable { .. }
            | Stmt::CreateIndex { .. }
            | Stmt::CreateView { .. }
            | Stmt::CreateTrigger { .. }
            | Stmt::AlterTable(_, AlterTableBody::AddColumn(_))
    )
}
