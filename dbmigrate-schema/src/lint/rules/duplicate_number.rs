//! `duplicate-number`: found where the names of the folder are put in order, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "duplicate-number",
    group: Group::History,
    level: Level::Deny,
    what: "two files have one number",
    why: "Which of the two runs first would depend on who reads the folder. It happens where two branches each add the next \
          migration; `cargo build` stops at it as well.",
    instead: "Give the younger one the next number: `cargo dbmigrate renumber`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
