//! prisma: one row for each try to apply a migration, with the SHA-256 of its file. Times are milliseconds. A row that
//! was rolled back counts for nothing; one that was neither finished nor rolled back is a failure.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("_prisma_migrations"),
    newest_only: false,
    shapes: &[Template {
        columns: &["migration_name", "checksum", "started_at", "finished_at", "rolled_back_at"],
        applied: "SELECT migration_name, checksum, CASE typeof(finished_at) WHEN 'integer' \
                  THEN datetime(finished_at / 1000, 'unixepoch') ELSE datetime(finished_at) END FROM {table} \
                  WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name",
        forbids: "SELECT migration_name, 'was begun, and neither finished nor rolled back' FROM {table} \
                  WHERE finished_at IS NULL AND rolled_back_at IS NULL",
    }],
    remove: DROP,
};
