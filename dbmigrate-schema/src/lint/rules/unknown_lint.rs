//! `unknown-lint`: a file silences a rule that there is not.

use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "unknown-lint",
    group: Group::History,
    level: Level::Warn,
    what: "`-- dbmigrate: allow` names no rule",
    why: "It silences nothing. In `lints` of the manifest and on the command line, such a name is an error. In a \
          file it is not, because it may come from another version of dbmigrate.",
    instead: "Write the name that is in the note of the finding, or look it up with `cargo dbmigrate explain`.",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow drop-tables nobody has used it since 2.0
              DROP TABLE users;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow drop-table nobody has used it since 2.0
              DROP TABLE users;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow unused-allow, drop-table it may be empty
              DROP TABLE users;",
    }],
    check: Check::Elsewhere,
};
