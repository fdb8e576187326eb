//! What a start with nothing pending asks for: one read, of a set that need not be unpacked for it.

use crate::db::Db;
use crate::error::Error;
use crate::history::Head;
use crate::set::Set;

/// The end of a set, as the head of a database has it that is up to date.
#[derive(Clone, Copy)]
pub(crate) struct Latest<'s> {
    pub(crate) name: &'s str,
    pub(crate) table: &'s str,
    /// The chained checksum of all of it.
    pub(crate) chain: &'s str,
    pub(crate) has_migrations: bool,
    pub(crate) has_repeatables: bool,
}

impl<'s> Latest<'s> {
    /// Whether the head says that the history has all of it.
    pub(crate) fn is_applied(self, db: &mut Db<'_>) -> Result<bool, Error> {
        Ok(Head::at_start(db, self, true)?.is_some_and(|head| head.is(self.chain)))
    }
}

impl<'a> Set<'a> {
    pub(crate) fn latest(&self) -> Latest<'a> {
        Latest {
            name: self.name,
            table: self.table,
            chain: self.chain(),
            has_migrations: !self.migrations.is_empty(),
            has_repeatables: !self.repeatables.is_empty(),
        }
    }

    /// The chain of a database that has everything.
    pub(crate) fn chain(&self) -> &'a str {
        match (self.repeatables.last(), self.migrations.last()) {
            (Some(repeatable), _) => repeatable.chain,
            (None, Some(migration)) => migration.chain,
            (None, None) => "",
        }
    }
}
