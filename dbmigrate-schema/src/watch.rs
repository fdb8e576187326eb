//! Somebody who looks on while scripts run: the linter, mostly nobody.

use dbmigrate_core::Script;
use dbmigrate_core::statement::Statement;
use rusqlite::Connection;

/// Looks on while scripts run. It reads, and changes nothing.
pub(crate) trait Watch {
    /// Everything from now on runs on this connection. Whatever is in the database is nobody's doing.
    fn opened(&mut self, _: &mut Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A script begins; also once more, after all that it did was taken back.
    fn begins(&mut self, _: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A statement of a script is about to run.
    fn runs(&mut self, _: &Connection, _: &Script, _: &Statement) {}

    /// A statement of a script has run.
    fn ran(&mut self, _: &Connection, _: &Script, _: &Statement) -> rusqlite::Result<()> {
        Ok(())
    }

    /// All of a hook has run, which stands before the migrations.
    fn hooked(&mut self) {}

    /// All of a migration has run: its place in the set.
    fn migrated(&mut self, _: &Connection, _: usize) -> rusqlite::Result<()> {
        Ok(())
    }
}

/// Does not look.
pub(crate) struct Nobody;

impl Watch for Nobody {}
