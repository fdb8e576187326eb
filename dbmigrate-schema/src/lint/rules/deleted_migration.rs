//! `deleted-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "deleted-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied is gone",
    why: "A new database would be made without it, and those that have it know a migration that the program does not.",
    instead: "Bring it back. What it made is taken away by a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
