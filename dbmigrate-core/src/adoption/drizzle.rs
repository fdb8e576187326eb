//! drizzle: one row for each migration, with the SHA-256 of its file and the time at which that was generated. Its `id`
//! is declared SERIAL, which in SQLite is NULL. When it was applied, only newer releases say.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("__drizzle_migrations"),
    newest_only: false,
    shapes: &[
        Template {
            columns: &["hash", "created_at", "applied_at"],
            applied: "SELECT CAST(CAST(created_at AS INTEGER) AS TEXT), CASE length(hash) WHEN 64 THEN lower(hash) END, \
                      datetime(applied_at) FROM {table} ORDER BY CAST(created_at AS INTEGER)",
            forbids: "",
        },
        Template {
            columns: &["hash", "created_at"],
            applied: "SELECT CAST(CAST(created_at AS INTEGER) AS TEXT), CASE length(hash) WHEN 64 THEN lower(hash) END, \
                      NULL FROM {table} ORDER BY CAST(created_at AS INTEGER)",
            forbids: "",
        },
    ],
    remove: DROP,
};
