//! `edited-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "edited-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied was edited",
    why: "Databases that have it keep what the old text made, and new ones get the new: they differ, and nobody sees it. A \
          program that has applied the old text refuses to start.",
    instead: "Take the edit back, and write a new migration. A comment may be changed.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
