//! rusqlite_migration: it counts what is applied, in `user_version`.

use super::{History, Template};

pub(super) const HISTORY: History = History {
    table: None,
    newest_only: true,
    shapes: &[Template {
        columns: &[],
        applied: "SELECT CAST(user_version AS TEXT), NULL, NULL FROM pragma_user_version \
                  WHERE user_version <> 0",
        forbids: "",
    }],
    remove: "PRAGMA main.user_version = 0",
};
