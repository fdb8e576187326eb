//! What becomes of a step that is begun, where somebody else takes the database or settles the step.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::histories;
use crate::history::History;
use crate::set::Set;
use crate::step_lock::{Owner, owner, path};

/// Refuses to take a database from under a process that runs a step in it.
pub(crate) fn refuse_alive(db: &mut Db<'_>, set: &Set<'_>) -> Result<(), Error> {
    let mut owners = vec![owner(db, set)?];
    // A step of another set is one, too. A database that can't be read has none that can be asked for.
    for (name, table) in histories::sets(db, &History::new(set), set.name).unwrap_or_default() {
        owners.push(owner(db, &Set { name: &name, table: &table, ..*set })?);
    }
    if owners.contains(&Owner::Alive) {
        return Err(Error::new(ErrorKind::Busy, "another process is in the middle of a migration")
            .hint("let it finish, then try again; to see how far it is: `cargo dbmigrate status`"));
    }
    Ok(())
}

/// Removes what a dead process left, once its step is settled. The caller holds the write lock of the database.
pub(crate) fn sweep(db: &mut Db<'_>, set: &Set<'_>) -> Result<(), Error> {
    if let Some(path) = path(db, set)? {
        // What can't be removed does no harm.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}
