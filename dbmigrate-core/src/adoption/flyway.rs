//! flyway: a row for everything that it has run, with the CRC-32 of the file. What was undone or deleted since has a later
//! row of the same version. Rows without a version are of repeatables, which run again anyway.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("flyway_schema_history"),
    newest_only: false,
    shapes: &[Template {
        columns: &["installed_rank", "version", "type", "checksum", "installed_on", "success"],
        applied: "SELECT version, CAST(checksum AS TEXT), datetime(installed_on) FROM {table} AS a \
                  WHERE version IS NOT NULL AND success <> 0 AND type NOT LIKE 'UNDO%' AND type <> 'DELETE' \
                  AND NOT EXISTS (SELECT 1 FROM {table} AS b WHERE b.version = a.version \
                  AND b.installed_rank > a.installed_rank AND b.success <> 0) ORDER BY installed_rank",
        forbids: "SELECT coalesce(version, description), 'failed' FROM {table} AS a WHERE success = 0 AND NOT EXISTS \
                  (SELECT 1 FROM {table} AS b WHERE b.script = a.script AND b.installed_rank > a.installed_rank \
                  AND b.success <> 0)",
    }],
    remove: DROP,
};
