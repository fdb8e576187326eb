//! refinery: one row for each migration, with a hash of its name, version and text as a decimal number.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("refinery_schema_history"),
    newest_only: false,
    shapes: &[Template {
        columns: &["version", "name", "applied_on", "checksum"],
        applied: "SELECT CAST(version AS TEXT), CAST(checksum AS TEXT), datetime(applied_on) FROM {table} \
                  ORDER BY version",
        forbids: "",
    }],
    remove: DROP,
};
