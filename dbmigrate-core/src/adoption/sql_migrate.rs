//! sql-migrate: the name of each file. It keeps no checksum.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("gorp_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["id", "applied_at"],
        applied: "SELECT CAST(id AS TEXT), NULL, datetime(applied_at) FROM {table} ORDER BY id",
        forbids: "",
    }],
    remove: DROP,
};
