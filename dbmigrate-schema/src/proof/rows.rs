//! Rows for a proof: such as both schemas can hold, because a migration may refuse what its author ruled out.
//!
//! A new check, a unique key or an assertion turns rows away when the migration runs. That is its purpose and no
//! fault, so rows are chosen that the schema afterwards can hold and that the assertions take; where there are none,
//! the proof says so. Any other refusal is left to the walk, and so is every row that loses what it refers to.

use std::collections::HashSet;

use dbmigrate_core::Script;
use rusqlite::Connection;

use super::state::asserts;
use super::target::Target;
use super::walk::Walk;
use crate::compare::compare;
use crate::declared::{old_column, old_name};
use crate::fill::{Filled, fill_with};
use crate::model::{Constraint, Name, Object, Rule, Schema, Table};
use crate::plan::Rename;
use crate::scratch::copy;

/// How many tables are filled, each by itself, with rows that do not fit.
const MISFITS: usize = 8;

/// A database that is filled.
pub(super) struct Rows {
    pub(super) connection: Connection,
    pub(super) filled: Filled,
    /// The same with rows that the schema afterwards does not take: a migration may refuse these, and do no more.
    pub(super) misfits: Vec<Connection>,
}

/// Fills a copy of the database.
pub(super) fn filled(walk: &Walk<'_>, connection: &Connection, seed: u64) -> rusqlite::Result<Rows> {
    let (guide, touched) = (guide(walk), touched(walk));
    let target = Target::new(walk, &touched)?;
    let renames = &walk.claim.decisions.renames;
    let assert = |connection: &Connection| {
        let held = asserts(connection, walk.up).is_ok();
        (!held).then(|| "an assertion of the up script does not hold for it".to_owned())
    };
    let fill = |may_be_any: &dyn Fn(&Name) -> bool, is_asked: &dyn Fn(&Name) -> bool| -> rusqlite::Result<_> {
        let filled = copy(connection, &walk.claim.set.config.replay.stubs)?;
        let report = fill_with(&filled, &guide, seed, &mut |connection, table| {
            if may_be_any(&table.name) {
                return Ok(());
            }
            let objection = target.objection_to(connection, renames, &table.name, is_asked).ok().flatten();
            objection.or_else(|| assert(connection)).map_or(Ok(()), Err)
        })?;
        Ok((filled, report))
    };
    let fits = |connection: &Connection| -> rusqlite::Result<bool> {
        Ok(target.objection(connection, renames)?.is_none() && assert(connection).is_none())
    };
    // To judge every row takes its time: only where there is need, and tables that stay as they are only where a
    // trigger of theirs writes to one that does not.
    let (any, filled) = fill(&|_| true, &|_| true)?;
    if fits(&any)? {
        return Ok(Rows { connection: any, filled, misfits: Vec::new() });
    }
    let mut misfits = Vec::new();
    let objects = |table: &&Table| {
        let asked = |own: &Name| *own == table.name;
        touched.contains(&table.name) && !matches!(target.objection_to(&any, renames, &table.name, &asked), Ok(None))
    };
    let refused: Vec<&Table> = walk.before.tables().filter(objects).collect();
    for table in refused.iter().take(MISFITS) {
        // Where others refused theirs first, nobody would see what becomes of these.
        misfits.push(fill(&|own| !touched.contains(own), &|own| *own != table.name)?.0);
    }
    misfits.push(any);
    let (connection, filled) = fill(&|table| !touched.contains(table), &|_| true)?;
    let (connection, filled) = if fits(&connection)? { (connection, filled) } else { fill(&|_| false, &|_| true)? };
    Ok(Rows { connection, filled, misfits })
}

/// A copy of the database after the up script, with rows that are written then and that the down script does not rule
/// out.
pub(super) fn later(
    walk: &Walk<'_>,
    down: &Script,
    connection: &Connection,
    seed: u64,
) -> rusqlite::Result<Connection> {
    let later = copy(connection, &walk.claim.set.config.replay.stubs)?;
    // That it works was seen before.
    let _ = walk.goes_up(&later);
    let refused = || "an assertion of the down script does not hold for it".to_owned();
    fill_with(&later, walk.claim.target, seed, &mut |connection, _| asserts(connection, down).map_err(|_| refused()))?;
    Ok(later)
}

/// The tables that are others afterwards, by the names that they had.
pub(super) fn touched(walk: &Walk<'_>) -> HashSet<Name> {
    let differences = compare(walk.before, walk.claim.target);
    differences.into_iter().map(|difference| difference.table.unwrap_or(difference.name)).collect()
}

/// The tables that hold rows of which none refers to anything by one of their keys, where they change or what they
/// could refer to does.
pub(super) fn idle_references(
    connection: &Connection,
    schema: &Schema,
    touched: &HashSet<Name>,
) -> Vec<(Name, String)> {
    let mut idle = Vec::new();
    for table in schema.tables() {
        for key in table.foreign_keys() {
            let not_null: Vec<_> = key.columns.iter().map(|name| format!("{} IS NOT NULL", name.to_sql())).collect();
            let name = table.name.to_sql();
            let sql = format!("SELECT count(*) > 0, max({}) FROM main.{name}", not_null.join(" AND "));
            let found = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
            let changes = touched.contains(&table.name) || touched.contains(&key.parent);
            if changes && found == Ok((true, Some(false))) {
                idle.push((table.name.clone(), format!("none of them refers to `{}`", key.parent)));
            }
        }
    }
    idle
}

/// The schema before, with the checks and foreign keys that are to come: rows that satisfy them are found at once.
fn guide(walk: &Walk<'_>) -> Schema {
    let mut guide = walk.before.clone();
    let renames = &walk.claim.decisions.renames;
    for after in walk.claim.target.tables() {
        let before = old_name(renames, &after.name);
        let table = guide.objects.iter_mut().find_map(|object| match object {
            Object::Table(table) if table.name == *before => Some(table),
            _ => None,
        });
        let Some(table) = table else { continue };
        let new: Vec<_> =
            after.constraints.iter().filter_map(|constraint| to_come(renames, table, after, constraint)).collect();
        // SQLite counts foreign keys from the last one: those that it knows keep their places.
        table.constraints.splice(..0, new);
    }
    guide
}

/// A constraint that the table does not have yet, over the columns that it has.
fn to_come(renames: &[Rename], before: &Table, after: &Table, constraint: &Constraint) -> Option<Constraint> {
    let mut constraint = constraint.clone();
    match &mut constraint.rule {
        Rule::Check(_) => {}
        Rule::ForeignKey(key) => {
            for column in &mut key.parent_columns {
                *column = old_column(renames, &key.parent, column).clone();
            }
            key.parent = old_name(renames, &key.parent).clone();
            for column in &mut key.columns {
                *column = old_column(renames, &after.name, column).clone();
                before.column(column)?;
            }
        }
        Rule::PrimaryKey(_) | Rule::Unique(_) => return None,
    }
    let known = before.constraints.iter().any(|own| own.rule == constraint.rule);
    (!known).then_some(constraint)
}
