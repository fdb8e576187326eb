//! All rules, a file each.

mod add_column_with_expression_default;
mod add_not_null_without_default;
mod add_reference_with_default;
mod add_stored_column;
mod attached_database;
mod autoincrement;
mod broken_full_text;
mod broken_trigger;
mod broken_view;
mod cascade_on_existing_rows;
mod check_on_existing_rows;
mod collation_change;
mod copied_name_as_text;
mod create_table_as;
mod deleted_migration;
mod double_quoted_text;
mod down_loses_data;
pub(super) mod down_not_inverse;
mod drop_column;
mod drop_column_in_trigger;
mod drop_index;
mod drop_parent_key;
mod drop_table;
mod drop_trigger;
mod drop_unique_of_reference;
mod drop_view;
mod duplicate_number;
mod edited_migration;
mod empty_down;
pub(super) mod empty_migration;
mod from_strict;
mod gap;
mod if_not_exists;
mod key_change;
mod large_rebuild;
mod legacy_rename;
mod lock_conflict;
mod lossy_copy;
mod misplaced_copy;
mod missing_down;
mod narrowing;
mod newer_sqlite;
mod non_ascii_case;
mod not_null_on_existing_rows;
mod nullable_primary_key;
mod odd_primary_key;
mod odd_type;
mod partial_copy;
mod program_function;
mod rebuild_forgets_sequence;
mod rebuild_loses_object;
mod rebuild_renumbers_rows;
mod reference_on_existing_rows;
mod reference_without_index;
mod reference_without_key;
mod rename_column;
mod rename_old_first;
mod rename_table;
mod renamed_migration;
mod replace_cascades;
mod reserved_name;
mod schema_and_data_mixed;
mod schema_differs;
mod sealed_deleted;
mod sealed_edited;
mod sealed_renamed;
mod several_steps_without_transaction;
mod shadow_table;
mod shorter_type;
mod star_over_changed_table;
mod temp_object;
mod text_becomes_column;
mod to_strict;
mod trigger_on_own_table;
mod type_change;
mod unbounded_write;
mod unique_on_existing_rows;
mod unknown_lint;
mod unnamed_constraint;
mod unstable_check;
mod unused_allow;
mod writable_schema;

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
    &replace_cascades::RULE,
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
    &partial_copy::RULE,
    &type_change::RULE,
    &to_strict::RULE,
    &from_strict::RULE,
    &shorter_type::RULE,
    &misplaced_copy::RULE,
    // Mechanics.
    &rename_old_first::RULE,
    &rebuild_loses_object::RULE,
    &rebuild_forgets_sequence::RULE,
    &rebuild_renumbers_rows::RULE,
    &copied_name_as_text::RULE,
    &double_quoted_text::RULE,
    &text_becomes_column::RULE,
    &attached_database::RULE,
    &several_steps_without_transaction::RULE,
    &if_not_exists::RULE,
    &create_table_as::RULE,
    &newer_sqlite::RULE,
    &writable_schema::RULE,
    &shadow_table::RULE,
    &broken_view::RULE,
    &broken_trigger::RULE,
    &broken_full_text::RULE,
    &program_function::RULE,
    &large_rebuild::RULE,
    &unstable_check::RULE,
    &temp_object::RULE,
    &reserved_name::RULE,
    &trigger_on_own_table::RULE,
    &reference_without_key::RULE,
    &cascade_on_existing_rows::RULE,
    &non_ascii_case::RULE,
    // Style.
    &unnamed_constraint::RULE,
    &reference_without_index::RULE,
    &odd_primary_key::RULE,
    &nullable_primary_key::RULE,
    &autoincrement::RULE,
    &odd_type::RULE,
    // History.
    &empty_migration::RULE,
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
    &unused_allow::RULE,
    &unknown_lint::RULE,
];
