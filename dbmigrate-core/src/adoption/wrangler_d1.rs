//! wrangler for D1: the name of each file. It keeps no checksum.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("d1_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["id", "name", "applied_at"],
        applied: "SELECT name, NULL, datetime(applied_at) FROM {table} ORDER BY id",
        forbids: "",
    }],
    remove: DROP,
};
