//! The history of another tool that installed databases may still have, as constants.

use std::fmt::Write;

use dbmigrate_core::MigrationSet;
use dbmigrate_core::adoption::{Adopted, OldHistory, OldShape};

use crate::literal;

/// Writes the value of `adoption`.
pub(crate) fn render(text: &mut String, set: &MigrationSet) {
    let Some(adoption) = &set.adoption else { return text.push_str("None") };
    let OldHistory { table, aside, shapes, newest_only, remove } = adoption.history(&set.config.table);
    let _ = write!(
        text,
        "Some(__dbmigrate::Adoption {{
        from: {from},
        table: {table},
        newest_only: {newest_only},
        keep: {keep},
        aside: {aside},
        remove: {remove},
        by: __dbmigrate::TakesOver::HISTORIES,
        shapes: &[",
        from = literal::string(adoption.tool.name()),
        table = literal::option(table.as_deref()),
        keep = adoption.keep,
        aside = literal::option(aside.as_deref()),
        remove = literal::string(&remove),
    );
    for OldShape { columns, applied, forbids } in &shapes {
        let columns: Vec<String> = columns.iter().map(|column| literal::string(column)).collect();
        let _ = write!(
            text,
            "
            __dbmigrate::OldShape {{
                columns: &[{columns}],
                applied: {applied},
                forbids: {forbids},
            }},",
            columns = columns.join(", "),
            applied = literal::string(applied),
            forbids = literal::string(forbids),
        );
    }
    text.push_str("\n        ],\n        migrations: &[");
    for Adopted { number, key, checksum, .. } in &adoption.migrations {
        let _ = write!(
            text,
            "\n            __dbmigrate::Adopted {{ key: {key}, checksum: {checksum}, number: {number} }},",
            key = literal::string(adoption.asked(key)),
            checksum = literal::option(checksum.as_deref()),
            number = literal::number(*number),
        );
    }
    text.push_str("\n        ],\n    })");
}
