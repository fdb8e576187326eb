//! goose: a row for each step up, and in older releases for each step down; the newest of a version counts. The row of
//! version 0 stands for the empty database. It keeps no checksum.

use super::{DROP, History, Template};

pub(super) const HISTORY: History = History {
    table: Some("goose_db_version"),
    newest_only: false,
    shapes: &[Template {
        columns: &["id", "version_id", "is_applied", "tstamp"],
        applied: "SELECT CAST(version_id AS TEXT), NULL, datetime(tstamp) FROM {table} AS a WHERE is_applied <> 0 \
                  AND version_id <> 0 AND NOT EXISTS (SELECT 1 FROM {table} AS b WHERE b.version_id = a.version_id \
                  AND b.id > a.id) ORDER BY id",
        forbids: "",
    }],
    remove: DROP,
};
