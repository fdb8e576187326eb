//! `gap`: found where the names of the folder are put in order, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "gap",
    group: Group::History,
    level: Level::Deny,
    what: "a number is missing between two others",
    why: "A missing file was forgotten, or not committed. Databases that have it and those that do not would differ \
          for ever. `cargo build` fails as well.",
    instead: "Restore the file, or renumber those after it. If the number is left out deliberately, name it in the \
              manifest:\n\n    reserved = { 7 = \"done in code\" }",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
