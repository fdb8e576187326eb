//! dbmate: the version of each migration, and nothing else.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("schema_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["version"],
        applied: "SELECT CAST(version AS TEXT), NULL, NULL FROM {table} ORDER BY version",
        forbids: "",
    }],
    remove: DROP,
};
