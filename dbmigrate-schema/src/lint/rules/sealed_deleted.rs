//! `sealed-deleted`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-deleted",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration is gone",
    why: "`migrations.lock` says that databases have it. It is an error in `cargo build` as well.",
    instead: "Bring it back. What it made is taken away by a new migration.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
