//! Somebody who looks on while scripts run: the linter, mostly nobody.

use dbmigrate_core::Script;
use dbmigrate_core::statement::Statement;
use rusqlite::Connection;

/// Looks on while scripts run. It reads, and changes nothing.
pub(crate) trait ReplayObserver {
    /// The migration at this place of the set is the next to run.
    fn migration_begins(&mut self, _: usize) {}

    /// Everything from now on runs on this connection. What is in the database came there unseen: before the first
    /// migration, or by what the program did for the one that runs now.
    fn connection_opened(&mut self, _: &mut Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A script begins; also once more, after all that it did was taken back.
    fn script_begins(&mut self, _: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A statement of a script is about to run.
    fn statement_begins(&mut self, _: &Connection, _: &Script, _: &Statement) {}

    /// A statement of a script has run.
    fn statement_ran(&mut self, _: &Connection, _: &Script, _: &Statement) -> rusqlite::Result<()> {
        Ok(())
    }

    /// All of the migration has run.
    fn migration_ran(&mut self, _: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }
}

/// Does not look.
pub(crate) struct NoObserver;

impl ReplayObserver for NoObserver {}
