//! What scripts and Rust may set of a connection: it is put back, so that the next script starts as the first one did,
//! and the program has its connection as it gave it.
//!
//! It hangs on a pointer in the set, so programs whose scripts set nothing do not carry it.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::quote::identifier;
use crate::value::{Row, Value, into_text};

/// What would change what later statements do, what would be lost with a crash, or who is kept out; and what a bulk load
/// likes to set. Where databases have one each, that of the main one, and of each that was attached: without a name some
/// are set of all of them.
const NAMES: [&str; 32] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    LIKE,
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    DEFER,
    "full_column_names",
    "fullfsync",
    "ignore_check_constraints",
    "legacy_alter_table",
    "main.cache_size",
    // As large as the cache at least, so it comes after that.
    "main.cache_spill",
    "main.journal_mode",
    "main.journal_size_limit",
    // That of what is attached later. It sets those of all others, so it comes first.
    "locking_mode",
    "main.locking_mode",
    "main.max_page_count",
    "main.mmap_size",
    "main.secure_delete",
    "main.synchronous",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "short_column_names",
    TEMP_STORE,
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// This pragma can't be read, only set.
const LIKE: &str = "case_sensitive_like";

/// Switching it off makes SQLite forget the violations that it has deferred, and the commit would succeed with them. SQLite
/// switches it off by itself at the end of a transaction.
const DEFER: &str = "defer_foreign_keys";

/// A mode that keeps a journal on disk is meant to stay, as WAL is a property of the file. `OFF` and `MEMORY` are the
/// connection's alone.
const JOURNAL: &str = ".journal_mode";

/// Its third value reads as 2 but is set as `fast`: any other number than 0 means 1.
const SECURE_DELETE: &str = ".secure_delete";

/// Changing it deletes all temporary tables, and fails in a transaction.
const TEMP_STORE: &str = "temp_store";

/// Reads the settings, to be put back later.
pub(crate) type RememberFn = fn(&mut Db<'_>) -> Result<Box<dyn SavedSettings>, Error>;

/// Settings of a connection that were read before a script could change them.
pub(crate) trait SavedSettings {
    /// Restores what was changed, in a transaction or outside. `looked` is false as long as deferred violations of
    /// foreign keys were not looked for.
    fn settings(&self, db: &mut Db<'_>, looked: bool) -> Result<(), Error>;

    /// Detaches what was attached since, and fails where something that was attached before is not any more. The caller
    /// has no transaction open.
    fn attached(&self, db: &mut Db<'_>) -> Result<(), Error>;
}

struct Before {
    values: Values,
    /// Each with those of its own.
    attached: Vec<(Row, Values)>,
}

/// In the order of the names. None where this SQLite does not have the setting.
type Values = Vec<(String, Option<Value>)>;

/// Remembers those of now.
#[inline]
pub(crate) fn remember(db: &mut Db<'_>) -> Result<Box<dyn SavedSettings>, Error> {
    let mut before = Before { values: values(db, NAMES.into_iter().map(str::to_owned))?, attached: Vec::new() };
    for row in attached(db)? {
        let schema = row.first().cloned().and_then(into_text).map_or_else(String::new, |name| identifier(&name));
        let own = NAMES.into_iter().filter_map(|name| Some(format!("{schema}.{}", name.strip_prefix("main.")?)));
        let values = values(db, own)?;
        before.attached.push((row, values));
    }
    Ok(Box::new(before))
}

#[inline]
fn values(db: &mut Db<'_>, names: impl Iterator<Item = String>) -> Result<Values, Error> {
    names.map(|name| read(db, &name).map(|value| (name, value))).collect()
}

impl SavedSettings for Before {
    #[inline]
    fn settings(&self, db: &mut Db<'_>, looked: bool) -> Result<(), Error> {
        let mut result = Ok(());
        // What fails keeps no other from its place.
        for (name, before) in self.values.iter().filter(|(name, _)| looked || name != DEFER) {
            result = result.and(put_back(db, name, before.as_ref()));
        }
        let now = if self.attached.is_empty() { Vec::new() } else { attached(db)? };
        for (name, before) in self.attached.iter().filter(|(row, _)| now.contains(row)).flat_map(|(_, values)| values) {
            result = result.and(put_back(db, name, before.as_ref()));
        }
        result
    }

    #[inline]
    fn attached(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let now = attached(db)?;
        let mut detached = Ok(());
        for row in now.iter().filter(|row| !self.attached.iter().any(|(before, _)| before == *row)) {
            if let Some(Value::Text(name)) = row.first() {
                detached = detached.and(db.execute(format_args!("DETACH {}", identifier(name))));
            }
        }
        let gone = self.attached.iter().find(|(row, _)| !now.contains(row)).and_then(|(row, _)| row.first());
        match gone {
            Some(Value::Text(name)) => detached.and(Err(gone_from(name, "was"))),
            _ => detached,
        }
    }
}

/// Only the program knows how it was attached.
#[inline]
pub(crate) fn gone_from(name: &str, is: &str) -> Error {
    Error::new(ErrorKind::Settings, format_args!("`{name}`, which was attached before, {is} detached"))
        .hint("attach under another name, and detach only what the migration attached")
}

#[inline]
fn put_back(db: &mut Db<'_>, name: &str, before: Option<&Value>) -> Result<(), Error> {
    let now = read(db, name)?;
    let value = match before {
        Some(_) if now.as_ref() == before => return Ok(()),
        Some(Value::Text(_)) if name.ends_with(JOURNAL) && !is_in_memory(now.as_ref()) => return Ok(()),
        Some(_) if name == TEMP_STORE && has_temporary(db)? => return Ok(()),
        Some(Value::Integer(2)) if name.ends_with(SECURE_DELETE) => "fast".to_owned(),
        Some(Value::Integer(value)) => value.to_string(),
        Some(Value::Text(word)) => word.clone(),
        _ => return Ok(()),
    };
    db.execute(format_args!("PRAGMA {name} = {value}"))
}

/// Whether there are temporary objects, or may come with the transaction.
#[inline]
fn has_temporary(db: &mut Db<'_>) -> Result<bool, Error> {
    Ok(db.in_transaction()
        || db.value("could not read the schema", "SELECT 1 FROM temp.sqlite_master LIMIT 1")?.is_some())
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
    db.query("could not read the attached databases", "SELECT name, file FROM pragma_database_list WHERE seq > 1", &[])
        .map(|rows| rows.into_iter().collect())
}
