//! All rules, a file each.

mod deleted_migration;
mod down_loses_data;
pub(super) mod down_not_inverse;
mod drop_column;
mod drop_table;
mod duplicate_number;
mod edited_migration;
mod empty_down;
mod gap;
mod lock_conflict;
mod missing_down;
mod renamed_migration;
mod schema_and_data_mixed;
mod schema_differs;
mod sealed_deleted;
mod sealed_edited;
mod sealed_renamed;

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
    &missing_down::RULE,
    &empty_down::RULE,
    &down_not_inverse::RULE,
    &down_loses_data::RULE,
    &schema_and_data_mixed::RULE,
    &duplicate_number::RULE,
    &gap::RULE,
    &edited_migration::RULE,
    &renamed_migration::RULE,
    &deleted_migration::RULE,
    &sealed_edited::RULE,
    &sealed_renamed::RULE,
    &sealed_deleted::RULE,
    &lock_conflict::RULE,
    &schema_differs::RULE,
];
