//! One way of one migration for `cargo dbmigrate`, which replays the others in memory and can't run Rust.
//!
//! The database is its own and holds what the migrations before have made, without a history. It is the real run by the
//! real engine, but of this migration alone: no hook, no repeatable, nothing that the program asked to be called. What a
//! file asserts is about rows, and what it requires elsewhere about other sets: there are none. No history stays.

use crate::db::Db;
use crate::driver::Backend;
use crate::error::Error;
use crate::history::History;
use crate::hooks::{Direction, Hooks};
use crate::manage::down::{self, Goal};
use crate::manage::mark;
use crate::migrator::Migrator;
use crate::options::Options;
use crate::quote::identifier;
use crate::set::{Down, Migration, Rules, Script, Set, TransactionMode};
use crate::up;

/// Runs it.
#[inline]
pub(crate) fn run<B: Backend>(
    mut migrator: Migrator<'_, B>,
    connection: &mut B::Connection,
    way: Direction,
    number: u64,
) -> Result<(), Error> {
    let whole = migrator.set()?;
    let of = up::goal(whole, Some(number))? - 1;
    let alone = [alone(&whole.migrations[of])];
    let rules = Rules { transaction: TransactionMode::Each, ..whole.rules };
    let set = Set {
        migrations: &alone,
        before_all: None,
        after_all: None,
        repeatables: &[],
        squash: None,
        snapshot: None,
        adoption: None,
        rules,
        ..*whole
    };
    let options = Options {
        journal_mode: None,
        backup: None,
        allow_existing_schema: true,
        allow_mismatch: true,
        ..migrator.options.clone()
    };
    migrator.hooks = Hooks::default();
    let mut session = migrator.session(connection);
    match way {
        Direction::Up => up::up(&mut session, &set, &options, None).map(drop)?,
        Direction::Down => {
            let not_compared = |_: &mut Db<'_>, _: &[Set<'_>]| Err("it is known what the database has".to_owned());
            mark::mark(&mut session, &set, &options, mark::Goal::Latest, &[], &not_compared)?;
            down::down(&mut session, &set, &options, &[], Goal::All).map(drop)?;
        }
    }
    let mut db = Db::new(&mut session, &options);
    db.execute("PRAGMA foreign_keys = OFF")?;
    for table in History::new(&set).tables() {
        db.execute(format_args!("DROP TABLE IF EXISTS main.{}", identifier(&table)))?;
    }
    // What comes after it works on a database in memory, which has no log.
    db.value("could not switch the journal", "PRAGMA main.journal_mode = DELETE").map(drop)
}

#[inline]
fn alone<'s>(migration: &Migration<'s>) -> Migration<'s> {
    let without_asserts = |script: Script<'s>| Script { asserts: &[], ..script };
    let down = match migration.down {
        Down::Script(script) => Down::Script(without_asserts(script)),
        none => none,
    };
    Migration { up: without_asserts(migration.up), down, requires: &[], ..*migration }
}
