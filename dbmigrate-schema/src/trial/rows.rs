//! The rows of a trial: filled where there are new tables, and chosen anew where a migration turns them away.

use std::collections::HashSet;

use dbmigrate_core::{MigrationSet, Script};
use rusqlite::Connection;

use super::refusal::turned_away;
use crate::fill::{Filled, fill_some, fill_with};
use crate::lint::State;
use crate::model::{Kind, Name, Object, Schema};
use crate::observer::NoObserver;
use crate::read::{ReadOptions, read};
use crate::replay::{replayable, up_script};
use crate::{execute, scratch};

/// Any number will do, if it stays the same.
pub(super) const SEED: u64 = 1;

/// A table with as many rows gets no more.
const ENOUGH: u32 = 32;

/// Runs a script as the runner would. Rows make it worth while to look for orphans in any case.
pub(super) fn go(
    set: &MigrationSet,
    connection: &Connection,
    script: &Script,
) -> Result<(), dbmigrate_core::Diagnostic> {
    execute::script(connection, set.config.foreign_keys, script, true, &mut NoObserver)
}

/// A database as the first migrations make it, without further rows; none where one of them can't be gone.
pub(super) fn made(set: &MigrationSet, count: usize) -> rusqlite::Result<Option<Connection>> {
    let connection = scratch::open(&set.config.replay.stubs)?;
    let ups = set.migrations.iter().take(count).map(|migration| up_script(migration).ok());
    let before = set.base.iter().chain(&set.before_all);
    let scripts = before.map(|hook| replayable(hook).ok()).chain(ups);
    for script in scripts {
        let Some(script) = script else { return Ok(None) };
        if go(set, &connection, script).is_err() {
            return Ok(None);
        }
    }
    Ok(Some(connection))
}

/// Fills the tables that are new or others, where they have few rows. `state` is the schema.
pub(super) fn fill_new(
    connection: &Connection,
    state: &State,
    changed: &HashSet<Name>,
    seed: u64,
) -> rusqlite::Result<Filled> {
    let is_wanted = |object: &Object| {
        let count = format!("SELECT count(*) FROM main.{}", object.name().to_sql());
        matches!(object.kind(), Kind::Table | Kind::VirtualTable)
            && changed.contains(object.name())
            && connection.query_row(&count, [], |row| row.get::<_, u32>(0)).is_ok_and(|rows| rows < ENOUGH)
    };
    let mut wanted: Vec<&Object> = state.iter().map(|known| &known.object).filter(|object| is_wanted(object)).collect();
    wanted.sort_by(|one, other| one.name().cmp(other.name()));
    let names: HashSet<Name> = wanted.iter().map(|object| object.name().clone()).collect();
    if names.is_empty() {
        return Ok(Filled::default());
    }
    let parents = wanted.iter().filter_map(|object| object.as_table()).flat_map(|table| table.foreign_keys());
    let parents: HashSet<&Name> = parents.map(|key| &key.parent).filter(|parent| !names.contains(*parent)).collect();
    let parents = parents.into_iter().filter_map(|parent| state.get(Kind::Table, parent));
    // Where no trigger tells them, full-text tables know nothing of the rows that come.
    let words = state.iter().filter(|known| {
        let Object::VirtualTable(table) = &known.object else { return false };
        !names.contains(&table.name) && table.content().is_some_and(|content| names.contains(&content))
    });
    let around = parents.chain(words).map(|known| &known.object);
    let objects = around.chain(wanted.iter().copied()).cloned().collect();
    fill_some(connection, &Schema { objects }, &names, seed, &mut |_, _| Ok(()))
}

/// Which rows are tried with a way up before they stay.
#[derive(Clone, Copy)]
enum Judged {
    /// Those of the tables that it touches or reads.
    Touched,
    /// All.
    All,
    /// None; the tables that it touches get no row.
    LeftOut,
}

/// A database with rows that a way up takes.
pub(super) struct Chosen {
    pub(super) connection: Connection,
    /// The tables that it touches, and for which there were rows, that had to stay empty: it takes none of them at all.
    pub(super) emptied: Vec<Name>,
}

/// A database as the first migrations make it, with rows that the way up of the next one takes. Of the tables that it
/// touches, and of those that it reads, every row is tried with it; `held` are those of which there were rows.
pub(super) fn chosen(
    set: &MigrationSet,
    count: usize,
    up: &Script,
    touched: &HashSet<Name>,
    reads: &HashSet<Name>,
    held: &HashSet<Name>,
) -> rusqlite::Result<Option<Chosen>> {
    let rule = set.config.foreign_keys;
    // To judge every row is to run the way up for each; where that does not help, what is refused stays empty.
    for way in [Judged::Touched, Judged::All, Judged::LeftOut] {
        let Some(connection) = made(set, count)? else { return Ok(None) };
        let schema = read(&connection, &ReadOptions::default())?;
        let filled = fill_with(&connection, &schema, SEED, &mut |connection, table| {
            let is_touched = touched.contains(&table.name);
            match way {
                Judged::Touched if !is_touched && !reads.contains(&table.name) => Ok(()),
                Judged::Touched | Judged::All => turned_away(connection, rule, up).ok().flatten().map_or(Ok(()), Err),
                Judged::LeftOut if is_touched => Err("the next migration rejects its rows".to_owned()),
                Judged::LeftOut => Ok(()),
            }
        })?;
        if turned_away(&connection, rule, up)?.is_none() {
            let emptied = filled.tables.into_iter().filter(|table| table.rows == 0 && held.contains(&table.table));
            return Ok(Some(Chosen { connection, emptied: emptied.map(|table| table.table).collect() }));
        }
    }
    let mut emptied: Vec<Name> = held.iter().cloned().collect();
    emptied.sort();
    Ok(made(set, count)?.map(|connection| Chosen { connection, emptied }))
}
