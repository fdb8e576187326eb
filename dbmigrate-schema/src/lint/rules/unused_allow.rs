//! `unused-allow`: a file silences a rule that has nothing to say.

use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "unused-allow",
    group: Group::History,
    level: Level::Warn,
    what: "`-- dbmigrate: allow` silences nothing",
    why: "It warns the next reader of a danger that does not exist, and it would silence the rule as soon as \
          somebody adds a statement below. Rules that are off do not count, nor rules about rows if `--database` \
          shows them the rows.",
    instead: "Delete the line, or the name of the rule in it.",
    fails: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow drop-table nobody has used it since 2.0
              ALTER TABLE users RENAME TO _old_users;",
    }],
    passes: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow drop-table nobody has used it since 2.0
              DROP TABLE users;",
    }],
    quiet: &[Example {
        before: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
        now: "-- dbmigrate: allow drop-table nobody has used it since 2.0
              CREATE TABLE _old_users AS SELECT id FROM users WHERE id < 100;
              DROP TABLE _old_users;
              DROP TABLE users;",
    }],
    check: Check::Elsewhere,
};
