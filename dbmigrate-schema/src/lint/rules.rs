//! All rules, a file each.

mod attached_database;
mod autoincrement;
mod broken_full_text;
mod broken_trigger;
mod broken_view;
mod cascade_on_existing_rows;
mod copied_name_as_text;
mod create_table_as;
mod double_quoted_text;
mod drop_column;
mod drop_table;
mod if_not_exists;
mod large_rebuild;
mod newer_sqlite;
mod non_ascii_case;
mod odd_primary_key;
mod odd_type;
mod program_function;
mod rebuild_forgets_sequence;
mod rebuild_loses_object;
mod rebuild_renumbers_rows;
mod reference_without_index;
mod rename_old_first;
mod reserved_name;
mod several_steps_without_transaction;
mod shadow_table;
mod temp_object;
mod trigger_on_own_table;
mod unnamed_constraint;
mod unstable_check;
mod writable_schema;

use super::rule::Rule;

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[
    // Destructive.
    &drop_table::RULE,
    &drop_column::RULE,
    // Compatibility.
    // Data.
    // Mechanics.
    &rename_old_first::RULE,
    &rebuild_loses_object::RULE,
    &rebuild_forgets_sequence::RULE,
    &rebuild_renumbers_rows::RULE,
    &copied_name_as_text::RULE,
    &double_quoted_text::RULE,
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
    &cascade_on_existing_rows::RULE,
    &non_ascii_case::RULE,
    // Style.
    &unnamed_constraint::RULE,
    &reference_without_index::RULE,
    &odd_primary_key::RULE,
    &autoincrement::RULE,
    &odd_type::RULE,
    // History.
];
