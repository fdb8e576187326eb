//! `duplicate-number`: found where the names of the folder are put in order, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "duplicate-number",
    group: Group::History,
    level: Level::Deny,
    what: "two files have the same number",
    why: "It would be undefined which of the two runs first. This happens when two branches each add the next \
          migration. `cargo build` fails as well.",
    instead: "Give the later one the next number: `cargo dbmigrate renumber`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
