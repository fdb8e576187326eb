//! `lock-conflict`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "lock-conflict",
    group: Group::History,
    level: Level::Deny,
    what: "`migrations.lock` holds the marks of a merge",
    why: "Two branches have sealed different migrations, and somebody has to say which comes first.",
    instead: "Let the younger branch come after the other: `cargo dbmigrate renumber`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
