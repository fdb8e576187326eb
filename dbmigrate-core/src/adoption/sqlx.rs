//! sqlx: one row for each migration, with the SHA-384 of its file. It writes the row first, and says afterwards that it
//! succeeded.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("_sqlx_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["version", "description", "installed_on", "success", "checksum"],
        applied: "SELECT CAST(version AS TEXT), lower(hex(checksum)), datetime(installed_on) FROM {table} \
                  WHERE success <> 0 ORDER BY version",
        forbids: "SELECT CAST(version AS TEXT), 'was begun and did not succeed' FROM {table} WHERE success = 0",
    }],
    remove: DROP,
};
