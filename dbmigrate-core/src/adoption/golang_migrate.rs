//! golang-migrate: a single row with the newest version. While a migration runs it is dirty, and after one that failed.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("schema_migrations"),
    newest_only: true,
    shapes: &[Template {
        columns: &["version", "dirty"],
        applied: "SELECT CAST(version AS TEXT), NULL, NULL FROM {table} WHERE version >= 0",
        forbids: "SELECT CAST(version AS TEXT), 'is marked as dirty: it failed half-way' FROM {table} \
                  WHERE dirty <> 0",
    }],
    remove: DROP,
};
