//! All rules, a file each.

mod drop_table;

use super::rule::Rule;

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[&drop_table::RULE];
