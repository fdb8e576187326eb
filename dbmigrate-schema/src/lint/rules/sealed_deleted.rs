//! `sealed-deleted`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-deleted",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration was deleted",
    why: "`migrations.lock` says that databases have it. `cargo build` fails as well.",
    instead: "Restore it. To remove what it made, write a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
