//! `gap`: found where the names of the folder are put in order, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "gap",
    group: Group::History,
    level: Level::Deny,
    what: "a number is missing between two others",
    why: "A file that is not there was forgotten, or not committed: databases that have it and those that do not would \
          differ for ever. `cargo build` stops at it as well.",
    instead: "Bring the file back, or renumber those after it. A number that is left out on purpose is named in the manifest:\n\n    \
              reserved = { 7 = \"done in code\" }",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
