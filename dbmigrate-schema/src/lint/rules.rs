//! All rules, a file each.

mod add_column_with_expression_default;
mod add_not_null_without_default;
mod add_reference_with_default;
mod add_stored_column;
mod check_on_existing_rows;
mod collation_change;
mod drop_column;
mod drop_column_in_trigger;
mod drop_index;
mod drop_parent_key;
mod drop_table;
mod drop_trigger;
mod drop_unique_of_reference;
mod drop_view;
mod empty_down;
mod from_strict;
mod key_change;
mod legacy_rename;
mod lossy_copy;
mod misplaced_copy;
mod narrowing;
mod not_null_on_existing_rows;
mod reference_on_existing_rows;
mod rename_column;
mod rename_table;
mod shorter_type;
mod star_over_changed_table;
mod to_strict;
mod type_change;
mod unbounded_write;
mod unique_on_existing_rows;
mod unknown_lint;
mod unused_allow;

use super::rule::Rule;

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[
    // Destructive.
    &drop_table::RULE,
    &drop_column::RULE,
    &drop_parent_key::RULE,
    &drop_unique_of_reference::RULE,
    &drop_view::RULE,
    &drop_trigger::RULE,
    &drop_index::RULE,
    &drop_column_in_trigger::RULE,
    &unbounded_write::RULE,
    // Compatibility.
    &legacy_rename::RULE,
    &rename_table::RULE,
    &rename_column::RULE,
    &star_over_changed_table::RULE,
    &narrowing::RULE,
    // Data.
    &add_not_null_without_default::RULE,
    &add_column_with_expression_default::RULE,
    &add_stored_column::RULE,
    &add_reference_with_default::RULE,
    &unique_on_existing_rows::RULE,
    &not_null_on_existing_rows::RULE,
    &check_on_existing_rows::RULE,
    &reference_on_existing_rows::RULE,
    &key_change::RULE,
    &collation_change::RULE,
    &lossy_copy::RULE,
    &type_change::RULE,
    &to_strict::RULE,
    &from_strict::RULE,
    &shorter_type::RULE,
    &misplaced_copy::RULE,
    // Mechanics.
    // Style.
    // History.
    &empty_down::RULE,
    &unused_allow::RULE,
    &unknown_lint::RULE,
];
