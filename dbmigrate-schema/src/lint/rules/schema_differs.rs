//! `schema-differs`: found by `check` in the command line, by replay.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "schema-differs",
    group: Group::History,
    level: Level::Deny,
    what: "`schema.sql` declares something else than the migrations lead to",
    why: "Whoever reads it believes in a schema that no database has.",
    instead: "Make the next migration of it with `cargo dbmigrate generate`, or write into it what the migrations lead to: \
              `cargo dbmigrate schema --write`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
