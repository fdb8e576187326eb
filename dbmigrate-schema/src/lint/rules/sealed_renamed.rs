//! `sealed-renamed`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-renamed",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration has another name",
    why: "`migrations.lock` says under which name databases have it. It is an error in `cargo build` as well.",
    instead: "Give it its old name back.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
