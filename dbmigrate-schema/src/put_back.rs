//! What a script may set of its connection: it is put back, so that the next script starts as the first one did. The
//! runner's rule; what only says how a file is written is no matter in memory.

use dbmigrate_core::statement::Effect;
use dbmigrate_core::{Script, Step};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

/// What changes what later statements do, or may be seen by them.
const NAMES: [&str; 29] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    // As large as the cache at least, so it comes after that.
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    "defer_foreign_keys",
    // How columns are called that a table takes from a query.
    "full_column_names",
    "fullfsync",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
    "case_sensitive_like",
];

/// It can't be read by its PRAGMA.
const LIKE: &str = "case_sensitive_like";

/// A number is a yes or no to it, and 2 is neither.
const SECURE_DELETE: &str = "secure_delete";

/// To change it takes temporary tables away, and can't be in a transaction.
const TEMP_STORE: &str = "temp_store";

/// The settings of a moment, in the order of the names. None where this SQLite does not have one.
pub(crate) struct Before(Vec<Option<Value>>);

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
        NAMES.into_iter().map(|name| value(connection, name)).collect::<Result<_, _>>().map(Self)
    }

    /// Puts back what was changed, in a transaction or outside.
    pub(crate) fn put_back(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (name, before) in NAMES.into_iter().zip(&self.0) {
            if value(connection, name)? == *before || name == TEMP_STORE && has_temporary(connection)? {
                continue;
            }
            let value = match before {
                Some(Value::Integer(2)) if name == SECURE_DELETE => "fast".to_owned(),
                Some(Value::Integer(value)) => value.to_string(),
                Some(Value::Text(word)) => word.clone(),
                _ => continue,
            };
            connection.execute_batch(&format!("PRAGMA {name} = {value}"))?;
        }
        Ok(())
    }
}

fn value(connection: &Connection, name: &str) -> rusqlite::Result<Option<Value>> {
    let sql = if name == LIKE { "SELECT 'a' NOT LIKE 'A'".to_owned() } else { format!("PRAGMA {name}") };
    connection.query_row(&sql, [], |row| row.get(0)).optional()
}

/// Whether there are temporary objects, or may come with the transaction.
fn has_temporary(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema)";
    Ok(!connection.is_autocommit() || connection.query_row(sql, [], |row| row.get(0))?)
}
