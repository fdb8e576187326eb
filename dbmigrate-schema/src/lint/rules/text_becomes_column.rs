//! `text-becomes-column`: a new column has the name of what was a text in double quotes.
//!
//! Views and triggers are judged by what SQLite makes of them before and after.

use super::double_quoted_text::advised;
use crate::lint::finding::Findings;
use crate::lint::keys::indexes_after;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::soundness::Turn;
use crate::model::{Kind, Name};
use crate::shadowed;

pub(super) const RULE: Rule = Rule {
    name: "text-becomes-column",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "a new column has the name of a string that is written in double quotes",
    why: "SQLite takes a word in double quotes for a string as long as it is not the name of a column. Once there is such \
          a column, the view, trigger, check or index that has the string means the column. Nothing says so, and an \
          index keeps the wrong entries.",
    instead: "Put the string in single quotes first:\n\n    DROP VIEW fresh;\n    CREATE VIEW fresh AS SELECT id FROM \
              users WHERE state = 'new';\n    ALTER TABLE users ADD COLUMN new INT;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                     CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
            now: "ALTER TABLE users ADD COLUMN new INT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                     CREATE TRIGGER fresh AFTER INSERT ON users BEGIN UPDATE users SET state = \"fresh\"; END;",
            now: "ALTER TABLE users ADD COLUMN Fresh INT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                     CREATE INDEX fresh ON users (id) WHERE state = \"new\";",
            now: "ALTER TABLE users ADD COLUMN new INT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT CHECK (state <> \"new\"));",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT CHECK (state <> \"new\"), new INT);
                  INSERT INTO n (id, state) SELECT id, state FROM users;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                     CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
            now: "CREATE TABLE n (id INTEGER PRIMARY KEY, state TEXT, new INT);
                  INSERT INTO n (id, state) SELECT id, state FROM users;
                  DROP VIEW fresh;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;
                  CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                 CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
        now: "DROP VIEW fresh;
              CREATE VIEW fresh AS SELECT id FROM users WHERE state = 'new';
              ALTER TABLE users ADD COLUMN new INT;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT CHECK (state <> 'new'));
                     CREATE TABLE teams (id INTEGER PRIMARY KEY);
                     CREATE INDEX by_state ON users (state COLLATE \"nocase\") WHERE \"state\" <> 'new';
                     CREATE VIEW fresh AS SELECT id AS \"nocase\" FROM users WHERE state = \"team\";",
            now: "ALTER TABLE users ADD COLUMN new INT; ALTER TABLE users ADD COLUMN nocase INT;
                  ALTER TABLE teams ADD COLUMN team INT;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, state TEXT);
                     CREATE VIEW fresh AS SELECT id FROM users WHERE state = \"new\";",
            now: "ALTER TABLE users ADD COLUMN new INT; DROP VIEW fresh;
                  CREATE VIEW fresh AS SELECT id, state FROM users WHERE state = \"new\";",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let mut report = |statement: usize, kind: Kind, name: &Name, word: &str| {
        let (object, message) =
            (name.clone(), format!("the {kind} `{name}` takes `{word}` for a column from now on: it was a string"));
        let text = migration.after.get(kind, name).map(|known| known.object.text().to_owned());
        let finding = migration.at(statement, message).moot_if(move |end| {
            end.state.get(kind, &object).is_none_or(|now| Some(now.object.text()) != text.as_deref())
        });
        findings.push(
            advised(finding, word)
                .note("SQLite takes a word in double quotes for a string only as long as there is no such column"),
        );
    };
    for it in migration.verdict.quoted.iter().filter(|it| it.turn == Turn::TextToColumn) {
        report(it.statement, it.object.kind(), it.object.name(), &it.word);
    }
    for change in &migration.lineage.changes {
        let (Some(before), Some(after)) = (change.before.table(), change.after.table()) else { continue };
        let new = shadowed::new_columns(before, after);
        if let Some(word) = shadowed::in_table(before, &after.text, &new) {
            report(change.statement(), Kind::Table, &after.name, word);
        }
        for index in indexes_after(migration, &after.name) {
            let was = migration.before(Kind::Index, &index.name).and_then(|known| known.index());
            let was = was.filter(|was| was.table == before.name);
            if let Some(word) = was.and_then(|was| shadowed::in_index(was, &index.text, &new)) {
                report(change.statement(), Kind::Index, &index.name, word);
            }
        }
    }
}
