//! Rows for a proof: such as both schemas can hold, because a migration may refuse what its author ruled out.
//!
//! A new check, a unique key or an assertion turns rows away when the migration runs. That is its purpose and no
//! fault, so rows are chosen that pass; where none does, the proof says so. Any other refusal is left to the walk.

use std::collections::HashSet;

use dbmigrate_core::{Script, Step as ScriptStep};
use rusqlite::{Connection, ErrorCode, ffi};

use super::state::asserts;
use super::walk::Walk;
use crate::compare::compare;
use crate::declared::old_name;
use crate::execute::message;
use crate::fill::{Filled, fill_with};
use crate::model::{Constraint, Name, Object, Rule, Schema, Table};
use crate::plan::Rename;
use crate::replay::copy;

/// Fills a copy of the database.
pub(super) fn filled(walk: &Walk<'_>, connection: &Connection, seed: u64) -> rusqlite::Result<(Connection, Filled)> {
    let (guide, touched) = (guide(walk), touched(walk));
    let fill = |is_judged: &dyn Fn(&Name) -> bool| {
        let filled = copy(connection)?;
        let report = fill_with(&filled, &guide, seed, &mut |connection, table| {
            let refused = if is_judged(&table.name) { refusal(connection, walk.up) } else { Ok(None) };
            refused.ok().flatten().map_or(Ok(()), Err)
        })?;
        Ok((filled, report))
    };
    // To judge every row is to run the way up for each: only where there is need, and tables that stay as they are
    // only where a trigger of theirs writes to one that does not.
    let some: [&dyn Fn(&Name) -> bool; 2] = [&|_| false, &|table| touched.contains(table)];
    for is_judged in some {
        let (filled, report) = fill(is_judged)?;
        if refusal(&filled, walk.up)?.is_none() {
            return Ok((filled, report));
        }
    }
    fill(&|_| true)
}

/// The tables that are others afterwards, by the names that they had.
pub(super) fn touched(walk: &Walk<'_>) -> HashSet<Name> {
    let differences = compare(walk.before, walk.claim.target);
    differences.into_iter().map(|difference| difference.table.unwrap_or(difference.name)).collect()
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

fn old_column<'a>(renames: &'a [Rename], of: &Name, name: &'a Name) -> &'a Name {
    let from = renames.iter().find_map(|rename| match rename {
        Rename::Column { table, from, to } if table == of && to == name => Some(from),
        _ => None,
    });
    from.unwrap_or(name)
}

/// Why the way up turns the rows away that are there. The database stays as it is. That NULL is not wanted has to be
/// decided before, and is none.
fn refusal(connection: &Connection, up: &Script) -> rusqlite::Result<Option<String>> {
    refused_by(connection, up, is_about_rows)
}

/// The same for a migration that somebody wrote, who may know that there is no NULL.
pub(crate) fn turned_away(connection: &Connection, up: &Script) -> rusqlite::Result<Option<String>> {
    let not_null = |error: &rusqlite::Error| {
        error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_NOTNULL)
    };
    refused_by(connection, up, |error| is_about_rows(error) || not_null(error))
}

fn refused_by(
    connection: &Connection,
    up: &Script,
    is_about_rows: impl Fn(&rusqlite::Error) -> bool,
) -> rusqlite::Result<Option<String>> {
    if !up.transaction {
        return Ok(None);
    }
    if asserts(connection, up).is_err() {
        return Ok(Some("an assertion of the way up does not hold with it".to_owned()));
    }
    let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
    // Where SQLite can't look for any, there are none.
    let orphans = || connection.query_row(orphans, [], |row| row.get::<_, i64>(0)).unwrap_or(0);
    let before = orphans();
    connection.execute_batch("SAVEPOINT dbmigrate_up")?;
    let mut refused = None;
    for step in &up.steps {
        let ScriptStep::Sql(statement) = step else { continue };
        if let Err(error) = crate::execute::run(connection, up.source.slice(statement.span)) {
            refused = is_about_rows(&error).then(|| message(&error));
            break;
        }
    }
    if refused.is_none() && orphans() > before {
        refused = Some("it refers to no row by a foreign key that is new".to_owned());
    }
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO dbmigrate_up; RELEASE dbmigrate_up")?;
    }
    Ok(refused)
}

/// Whether an error says that a row is not wanted. That NULL is not, has to be decided before: then it is a fault.
fn is_about_rows(error: &rusqlite::Error) -> bool {
    let constraint = matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation));
    let extended = error.sqlite_error().map(|error| error.extended_code);
    (constraint && extended != Some(ffi::SQLITE_CONSTRAINT_NOTNULL))
        || message(error).starts_with("CHECK constraint failed")
}
