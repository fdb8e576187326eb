//! `schema-differs`: found by `check` in the command line, by replay.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "schema-differs",
    group: Group::History,
    level: Level::Deny,
    what: "`schema.sql` declares a different schema than the migrations make",
    why: "The file describes a schema that no database has.",
    instead: "Write the next migration from it with `cargo dbmigrate generate`, or write the schema that the \
              migrations make into it: `cargo dbmigrate schema --write`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
