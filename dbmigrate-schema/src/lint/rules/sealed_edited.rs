//! `sealed-edited`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-edited",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration was edited",
    why: "`migrations.lock` says that databases have it with its old text. `cargo build` fails as well.",
    instead: "Undo the edit, and write a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
