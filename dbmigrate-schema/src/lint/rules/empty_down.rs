//! `empty-down`: a way back that does nothing.

use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "empty-down",
    group: Group::History,
    level: Level::Warn,
    what: "a way back holds no statement, and its way up does",
    why: "Rolling it back would leave everything there and only make the history forget it. The next `up` then fails, \
          because what it makes is there.",
    instead: "Write the statements, or remove the way back: `down` says that there is none. Where there is none on \
              purpose, say so in the way up:\n\n    -- dbmigrate: irreversible the old values are gone",
    fails: &[Example { before: "", now: "CREATE TABLE users (id INTEGER PRIMARY KEY);\n-- dbmigrate: down\n" }],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE users (id INTEGER PRIMARY KEY);\n-- dbmigrate: down\nDROP TABLE users;",
    }],
    quiet: &[Example { before: "", now: "-- Nothing yet.\n-- dbmigrate: down\n" }],
    check: Check::Elsewhere,
};
