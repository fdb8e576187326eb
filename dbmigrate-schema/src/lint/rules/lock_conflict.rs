//! `lock-conflict`: found where the lock file is read, in `dbmigrate-core`.

use crate::lint::rule::{Check, Group, Level, Rule};

pub(super) const RULE: Rule = Rule {
    name: "lock-conflict",
    group: Group::History,
    level: Level::Deny,
    what: "`migrations.lock` contains conflict markers of a merge",
    why: "Two branches have sealed different migrations, and a person has to decide which comes first.",
    instead: "Put the migrations of the later branch after those of the other: `cargo dbmigrate renumber`.",
    fails: &[],
    passes: &[],
    quiet: &[],
    check: Check::Fixed,
};
