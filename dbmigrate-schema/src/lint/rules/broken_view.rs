//! `broken-view`: a view that can't be read after the migration.
//!
//! It is said of the migration that made it so, and only if it is still so after the newest one. A view that only wants
//! what the program registers is for `program-function`. One that names a column in double quotes can be read after that
//! column is gone, and answers with its name.

use super::double_quoted_text::advised;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::soundness::Turn;
use crate::model::Kind;
use crate::views::message_about;

pub(super) const RULE: Rule = Rule {
    name: "broken-view",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "after the migration, a view cannot be read",
    why: "SQLite stores a view as written, and reads it when somebody queries it. A view that is invalid fails then. \
          It also makes `RENAME` and `DROP COLUMN` fail on every table of the database.",
    instead: "Drop the view first, and create it again afterwards:\n\n    DROP VIEW names;\n    ALTER TABLE users \
              DROP COLUMN nick;\n    CREATE VIEW names AS SELECT id, name FROM users;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (id INTEGER PRIMARY KEY);
                     CREATE VIEW names AS SELECT u.name FROM users AS u JOIN log USING (id);
                     CREATE VIEW short AS SELECT substr(name, 1, 3) FROM names;",
            now: "DROP TABLE log;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE VIEW names AS SELECT nick FROM users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
                     CREATE VIEW names AS SELECT \"nick\" FROM users;",
            now: "ALTER TABLE users DROP COLUMN nick;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT);
                     CREATE VIEW names AS SELECT \"plain\" AS p, \"nick\" AS n FROM users;",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY);
                  INSERT INTO new_users SELECT id FROM users;
                  DROP TABLE users;
                  PRAGMA legacy_alter_table = ON;
                  ALTER TABLE new_users RENAME TO users;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
                 CREATE VIEW names AS SELECT id, name, nick FROM users;",
        now: "DROP VIEW names;
              CREATE VIEW names AS SELECT id, name FROM users;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE VIEW names AS SELECT name FROM users;",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
                  INSERT INTO new_users (id, name) SELECT id, name FROM users;
                  DROP TABLE users;
                  PRAGMA legacy_alter_table = ON;
                  ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE VIEW names AS SELECT shout(name) FROM users;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
                     CREATE VIEW names AS SELECT \"name\" FROM users WHERE name <> \"x\";
                     CREATE VIEW nicks AS SELECT \"nick\" FROM users;",
            now: "DROP VIEW nicks; ALTER TABLE users DROP COLUMN nick;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, role TEXT);
                     CREATE TABLE flags (id INTEGER PRIMARY KEY, active INT, extra INT);
                     CREATE VIEW admins AS SELECT id FROM users WHERE role = \"active\";",
            now: "ALTER TABLE users ADD COLUMN name TEXT;
                  CREATE TABLE new_flags (id INTEGER PRIMARY KEY, active INT, extra TEXT);
                  INSERT INTO new_flags SELECT id, active, extra FROM flags;
                  DROP TABLE flags;
                  ALTER TABLE new_flags RENAME TO flags;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, role TEXT);
                     CREATE TABLE flags (id INTEGER PRIMARY KEY, active INT);
                     CREATE VIEW admins AS SELECT id FROM users WHERE role = \"active\";",
            now: "ALTER TABLE users ADD COLUMN name TEXT; DROP TABLE flags;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    let broken = migration.verdict.broken.iter().filter(|broken| !broken.wants_program);
    for broken in broken.filter(|broken| broken.object.kind() == Kind::View) {
        let object = broken.object.clone();
        let name = broken.object.name();
        findings.push(
            migration
                .at(broken.statement, message_about(name.as_str(), &broken.why))
                .note("until it is fixed, SQLite can't rename tables and columns, or drop columns, anywhere")
                .help(format!("drop it before, and make it anew after: `DROP VIEW {};`", name.to_sql()))
                .moot_if(move |end| !end.failing.contains(&object)),
        );
    }
    texts(migration, Kind::View, findings);
}

/// What is said of views or triggers that go on with a text in the place of a column.
pub(super) fn texts(migration: &Migration<'_>, kind: Kind, findings: &mut Findings<'_>) {
    let quoted = migration.verdict.quoted.iter().filter(|it| it.turn == Turn::ColumnToText && it.object.kind() == kind);
    for it in quoted {
        let (name, word) = (it.object.name(), it.word.as_str());
        let message =
            format!("the {kind} `{name}` takes `{word}` for a string from now on: there is no longer such a column");
        let object = it.object.clone();
        findings.push(
            advised(migration.at(it.statement, message), word)
                .note("SQLite silently takes an unknown name in double quotes for a string")
                .moot_if(move |end| end.state.get(kind, object.name()).is_none_or(|now| now.object != object)),
        );
    }
}
