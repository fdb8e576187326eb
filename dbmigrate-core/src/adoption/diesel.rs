//! diesel: one row for each migration, with its version as text. It keeps no checksum.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("__diesel_schema_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["version", "run_on"],
        applied: "SELECT CAST(version AS TEXT), NULL, datetime(run_on) FROM {table} ORDER BY version",
        forbids: "",
    }],
    remove: DROP,
};
