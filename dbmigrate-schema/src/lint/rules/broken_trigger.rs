//! `broken-trigger`: a trigger that fails after the migration whenever it is set off.
//!
//! Asked by preparing the event that it waits for. It is said of the migration that made it so, and only if it is still
//! so after the newest one.

use super::broken_view::texts;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::lint::soundness::Broken;
use crate::model::{Event, Kind, Object};

pub(super) const RULE: Rule = Rule {
    name: "broken-trigger",
    group: Group::Mechanics,
    level: Level::Deny,
    what: "after the migration, a trigger fails whenever it fires",
    why: "SQLite reads a trigger when somebody writes to its table. If the trigger names something that does not \
          exist, every such write fails. It also makes `RENAME` and `DROP COLUMN` fail on every table of the \
          database.",
    instead: "Drop the trigger first, and create a new one afterwards:\n\n    DROP TRIGGER logged;\n    DROP TABLE \
              log;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (what TEXT);
                     CREATE TRIGGER logged AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.name); END;",
            now: "DROP TABLE log;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE log (what TEXT, who TEXT);
                     CREATE TRIGGER logged AFTER UPDATE OF name ON users
                     BEGIN INSERT INTO log (what, who) VALUES ('name', new.name); END;",
            now: "ALTER TABLE log DROP COLUMN who;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT);
                     CREATE TRIGGER named AFTER INSERT ON users BEGIN UPDATE users SET name = \"nick\"; END;",
            now: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT);
                  INSERT INTO new_users SELECT id, name FROM users;
                  DROP TABLE users;
                  ALTER TABLE new_users RENAME TO users;
                  CREATE TRIGGER named AFTER INSERT ON users BEGIN UPDATE users SET name = \"nick\"; END;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE VIEW names AS SELECT name FROM users;",
            now: "CREATE TRIGGER gone INSTEAD OF DELETE ON names BEGIN DELETE FROM users WHERE nick = old.name; END;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, nick TEXT); CREATE TABLE log (what TEXT);
                 CREATE TRIGGER logged AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.nick); END;",
        now: "DROP TRIGGER logged;
              CREATE TRIGGER logged AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.name); END;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, a AS (id), CHECK (id > 1));
                     CREATE VIEW names AS SELECT name FROM users;",
            now: "CREATE TRIGGER a INSTEAD OF INSERT ON names BEGIN SELECT new.name; END;
                  CREATE TRIGGER b INSTEAD OF UPDATE ON names BEGIN SELECT new.name, old.name; END;
                  CREATE TRIGGER c AFTER UPDATE OF a, name ON users BEGIN SELECT new.a; END;
                  CREATE TRIGGER d BEFORE DELETE ON users BEGIN SELECT raise(ABORT, 'no'); END;
                  CREATE TRIGGER e BEFORE INSERT ON users BEGIN SELECT shout(new.name); END;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE posts (author REFERENCES users (name));
                     CREATE TABLE log (what TEXT);
                     CREATE TRIGGER logged AFTER DELETE ON users BEGIN INSERT INTO log VALUES (old.id); END;",
            now: "ALTER TABLE log ADD COLUMN at TEXT;",
        },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for broken in migration.verdict.broken.iter().filter(|broken| !broken.wants_program) {
        let Some(message) = message(broken) else { continue };
        let object = broken.object.clone();
        let name = broken.object.name().to_sql();
        findings.push(
            migration
                .at(broken.statement, message)
                .help(format!("drop it before, and make it anew after: `DROP TRIGGER {name};`"))
                .moot_if(move |end| !end.failing.contains(&object)),
        );
    }
    texts(migration, Kind::Trigger, findings);
}

/// What is said of a trigger; nothing of a view.
pub(super) fn message(broken: &Broken) -> Option<String> {
    let Object::Trigger(trigger) = &broken.object else { return None };
    let event = match trigger.event {
        Event::Insert => "insert into",
        Event::Update(_) => "update of",
        Event::Delete => "delete from",
    };
    Some(format!("the trigger `{}` fails at every {event} `{}`: {}", trigger.name, trigger.table, broken.why))
}
