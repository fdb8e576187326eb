//! `deleted-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "deleted-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied was deleted",
    why: "A new database would be created without it, and databases that have it have a migration that the program \
          does not know.",
    instead: "Restore it. To remove what it made, write a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
