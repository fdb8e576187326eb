//! `renamed-migration`: found by comparing with the history of git, in `check --since`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "renamed-migration",
    group: Group::History,
    level: Level::Deny,
    what: "a migration that others may have applied has another name or number",
    why: "The history of every database knows it by its old name and number: the program refuses to start on them.",
    instead: "Give it its old name back.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
