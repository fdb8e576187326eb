//! Temporary tables and views that hide those of the database: SQLite takes a name without a schema for theirs, so what a
//! migration means to do to the database would be done to them, and recorded.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::quote::identifier;

/// Refuses them, before a transaction is committed: by then all that it made is there.
pub(crate) fn refuse(db: &mut Db<'_>) -> Result<(), Error> {
    let sql = "SELECT t.name FROM temp.sqlite_master AS t, main.sqlite_master AS m ON t.name = m.name COLLATE NOCASE \
               WHERE t.type IN ('table', 'view') AND m.type IN ('table', 'view') AND lower(substr(t.name, 1, 7)) <> 'sqlite_'";
    match db.texts("could not read the schema", sql, &[])?.first() {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Settings,
            format_args!("the connection has a temporary `{name}`, which hides that of the database"),
        )
        .hint("migrate before such a one is made, or on a connection of its own")
        .hint(format_args!(
            "where a migration makes it: `DROP TABLE temp.{};` at the end of its file",
            identifier(name)
        ))),
    }
}
