//! `edited-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "edited-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied was edited",
    why: "Databases that have applied it keep what the old text made, and new ones get what the new text makes: they \
          differ, and nobody notices. A program that has applied the old text refuses to start.",
    instead: "Undo the edit, and write a new migration. Comments may be changed.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
