//! What scripts and Rust may set of a connection: it is put back, so that the next script starts as the first one did,
//! and the program has its connection as it gave it.
//!
//! It hangs on a pointer in the set, so programs whose scripts set nothing do not carry it.

use crate::db::Db;
use crate::error::Error;
use crate::quote::identifier;
use crate::value::{Row, Value};

/// What would change what later statements do, what would be lost with a crash, or who is kept out; and what a bulk load
/// likes to set. Where databases have one each, that of the main one.
const NAMES: [&str; 18] = [
    "automatic_index",
    "busy_timeout",
    LIKE,
    "cell_size_check",
    DEFER,
    "ignore_check_constraints",
    "legacy_alter_table",
    "main.cache_size",
    JOURNAL,
    "main.locking_mode",
    "main.secure_delete",
    "main.synchronous",
    "query_only",
    "recursive_triggers",
    "reverse_unordered_selects",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// It can't be read.
const LIKE: &str = "case_sensitive_like";

/// Switching it off forgets what it has put off, so that a commit would take rows that refer to nothing. SQLite does so itself
/// at the end of a transaction.
const DEFER: &str = "defer_foreign_keys";

/// A log is meant to stay. What keeps no journal on disk lasts for the connection only.
const JOURNAL: &str = "main.journal_mode";

/// What remembers them.
pub(crate) type Remember = fn(&mut Db<'_>) -> Result<Box<dyn PutBack>, Error>;

/// The settings of a moment.
pub(crate) trait PutBack {
    /// Puts back what was changed, in a transaction or outside. `looked` says that no foreign key is put off, or none whose rows
    /// were not looked at.
    fn settings(&self, db: &mut Db<'_>, looked: bool) -> Result<(), Error>;

    /// Detaches what was attached since. The caller has no transaction open.
    fn attached(&self, db: &mut Db<'_>) -> Result<(), Error>;
}

struct Before {
    /// In the order of the names. None where this SQLite does not have the setting.
    values: Vec<Option<Value>>,
    attached: Vec<Row>,
}

/// Remembers those of now.
#[inline]
pub(crate) fn remember(db: &mut Db<'_>) -> Result<Box<dyn PutBack>, Error> {
    let values = NAMES.into_iter().map(|name| read(db, name)).collect::<Result<_, _>>()?;
    Ok(Box::new(Before { values, attached: attached(db)? }))
}

impl PutBack for Before {
    #[inline]
    fn settings(&self, db: &mut Db<'_>, looked: bool) -> Result<(), Error> {
        for (name, before) in NAMES.into_iter().zip(&self.values) {
            if name == DEFER && !looked {
                continue;
            }
            let now = read(db, name)?;
            let value = match before {
                Some(_) if now == *before => continue,
                Some(Value::Text(_)) if name == JOURNAL && !is_in_memory(now.as_ref()) => continue,
                Some(Value::Integer(value)) => value.to_string(),
                Some(Value::Text(word)) => word.clone(),
                _ => continue,
            };
            db.execute(format_args!("PRAGMA {name} = {value}"))?;
        }
        Ok(())
    }

    #[inline]
    fn attached(&self, db: &mut Db<'_>) -> Result<(), Error> {
        for row in attached(db)? {
            if let (false, Some(Value::Text(name))) = (self.attached.contains(&row), row.first()) {
                db.execute(format_args!("DETACH {}", identifier(name)))?;
            }
        }
        Ok(())
    }
}

#[inline]
fn read(db: &mut Db<'_>, name: &str) -> Result<Option<Value>, Error> {
    let sql = if name == LIKE { "SELECT 'a' NOT LIKE 'A'".to_owned() } else { format!("PRAGMA {name}") };
    db.value("could not read a setting", &sql)
}

#[inline]
fn is_in_memory(mode: Option<&Value>) -> bool {
    matches!(mode, Some(Value::Text(mode)) if mode == "off" || mode == "memory")
}

/// All but the database itself and that of temporary objects.
#[inline]
fn attached(db: &mut Db<'_>) -> Result<Vec<Row>, Error> {
    db.query("could not read which databases are attached", "SELECT name FROM pragma_database_list WHERE seq > 1", &[])
        .map(|rows| rows.into_iter().collect())
}
