//! `renamed-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "renamed-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied was renamed or renumbered",
    why: "The history of every database records it under its old name and number, so the program refuses to start on \
          these databases.",
    instead: "Restore its old name.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
