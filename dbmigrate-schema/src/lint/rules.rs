//! All rules, a file each.

mod drop_column;
mod drop_table;
mod empty_down;
mod unknown_lint;
mod unused_allow;

use super::rule::Rule;

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[
    // Destructive.
    &drop_table::RULE,
    &drop_column::RULE,
    // Compatibility.
    // Data.
    // Mechanics.
    // Style.
    // History.
    &empty_down::RULE,
    &unused_allow::RULE,
    &unknown_lint::RULE,
];
