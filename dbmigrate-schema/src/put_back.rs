//! What a script may set of its connection: it is put back, so that the next script starts as the first one did. The
//! runner's rule; what only says how a file is written is no matter in memory.

use dbmigrate_core::statement::Effect;
use dbmigrate_core::{Script, Step};
use rusqlite::Connection;
use rusqlite::types::Value;

/// What changes what later statements do.
const NAMES: [&str; 8] = [
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "query_only",
    "recursive_triggers",
    "reverse_unordered_selects",
    "trusted_schema",
    "writable_schema",
];

/// The settings of a moment.
pub(crate) struct Before {
    values: Vec<Value>,
    /// It can't be read by its PRAGMA.
    case_sensitive_like: bool,
}

/// Whether a script may set something of the connection.
pub(crate) fn may_set(script: &Script) -> bool {
    script.steps.iter().any(|step| match step {
        Step::Sql(statement) => matches!(statement.effect, Effect::Session | Effect::Bare { .. }),
        Step::Call { .. } => true,
    })
}

impl Before {
    /// Remembers those of now.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let values = NAMES.into_iter().map(|name| value(connection, name)).collect::<Result<_, _>>()?;
        Ok(Self { values, case_sensitive_like: is_case_sensitive(connection)? })
    }

    /// Puts back what was changed, in a transaction or outside.
    pub(crate) fn put_back(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (name, before) in NAMES.into_iter().zip(&self.values) {
            if let Value::Integer(before) = before
                && value(connection, name)? != Value::Integer(*before)
            {
                set(connection, name, *before)?;
            }
        }
        if is_case_sensitive(connection)? != self.case_sensitive_like {
            set(connection, "case_sensitive_like", i64::from(self.case_sensitive_like))?;
        }
        Ok(())
    }
}

fn value(connection: &Connection, name: &str) -> rusqlite::Result<Value> {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

fn is_case_sensitive(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT 'a' NOT LIKE 'A'", [], |row| row.get(0))
}

fn set(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA {name} = {value}"))
}
