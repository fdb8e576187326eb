//! No history at all: a database that has tables has what the first migration makes, or is compared with it and refused.

use super::{History, Template};

pub(super) const HISTORY: History = History {
    table: None,
    newest_only: false,
    shapes: &[Template {
        columns: &[],
        applied: "SELECT 'live', NULL, NULL WHERE EXISTS (SELECT 1 FROM main.sqlite_master \
                  WHERE lower(substr(name, 1, 7)) <> 'sqlite_' \
                  AND lower(tbl_name) NOT IN (lower('{ours}'), lower('{ours}_head'), lower('{ours}_repeatable')))",
        forbids: "",
    }],
    remove: "",
};
