//! `sealed-edited`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-edited",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration was edited",
    why: "`migrations.lock` says that it is what databases have. It is an error in `cargo build` as well.",
    instead: "Take the edit back, and write a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
