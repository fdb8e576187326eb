//! `program-function`: a view or trigger that wants a function, collation or module that only the program has.
//!
//! Some builds of SQLite have more than others, such as `sqrt`: what the replay's own build lacks is lacking. What a
//! table, an index or a statement wants is needed at once: the replay itself fails there.

use super::broken_trigger;
use crate::lint::finding::Findings;
use crate::lint::migration::Migration;
use crate::lint::rule::{Check, Example, Group, Level, Rule};
use crate::views::message_about;

pub(super) const RULE: Rule = Rule {
    name: "program-function",
    group: Group::Mechanics,
    level: Level::Warn,
    what: "a view or trigger uses a function, collation or module that SQLite does not have by itself",
    why: "A function, collation or module that the program registers exists in that program only. The command line, \
          a backup tool, or another program that opens the file fails with `no such function` when it uses the view \
          or fires the trigger, and when it renames a table.",
    instead: "Use SQLite's own functions, or do it in the program. If it has to be, register the function before the \
              migrations run, and allow it:\n\n    -- dbmigrate: allow program-function registered in \
              db.rs\n    CREATE VIEW names AS SELECT shout(name) FROM users;",
    fails: &[
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE TRIGGER loud AFTER INSERT ON users BEGIN UPDATE users SET name = shout(new.name); END;",
        },
        Example {
            before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
            now: "CREATE VIEW names AS SELECT name FROM users ORDER BY name COLLATE german;",
        },
    ],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "CREATE TRIGGER loud AFTER INSERT ON users BEGIN UPDATE users SET name = upper(name) WHERE id = new.id; END;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        now: "CREATE VIEW names AS SELECT json_group_array(name), round(id), row_number() OVER () FROM users;",
    }],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for broken in migration.verdict.broken.iter().filter(|broken| broken.wants_program) {
        let message = broken_trigger::message(broken)
            .unwrap_or_else(|| message_about(broken.object.name().as_str(), &broken.why));
        let object = broken.object.clone();
        findings.push(
            migration
                .at(broken.statement, message)
                .note("only a program that registers it, or whose SQLite has it built in, can use it")
                .help("use what SQLite itself provides, or say why: `-- dbmigrate: allow program-function REASON`")
                .moot_if(move |end| !end.failing.contains(&object)),
        );
    }
}
