//! `sealed-renamed`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "sealed-renamed",
    group: Group::History,
    level: Level::Deny,
    what: "a sealed migration was renamed",
    why: "`migrations.lock` says under which name databases have it. `cargo build` fails as well.",
    instead: "Restore its old name.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
