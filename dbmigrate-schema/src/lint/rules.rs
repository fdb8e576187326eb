//! All rules, a file each.

pub(super) mod down_not_inverse;
mod drop_column;
mod drop_table;

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
    &down_not_inverse::RULE,
];
