//! Whether the schema afterwards can hold rows: asked of an empty database of that schema, never of the migration.
//!
//! A migration that turns away what its own target can hold is wrong; rows are not chosen anew because of that.

use std::collections::HashSet;

use dbmigrate_core::Script;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, ffi, params_from_iter};

use super::state::asserts;
use super::walk::Walk;
use crate::cell::Cell;
use crate::declared::{old_column, old_name};
use crate::execute::message;
use crate::fill::{parent_columns, rowid_name};
use crate::model::{Column, ForeignKey, Kind, Name, Object, Schema, Table};
use crate::plan::{Decisions, Rename};
use crate::scratch;

/// An empty database of the schema afterwards, and how rows from before come into its tables.
pub(super) struct Target<'a> {
    connection: Connection,
    tables: Vec<Move<'a>>,
    /// Whether a row that is written may bring others.
    triggers: bool,
    down: Option<&'a Script>,
    before: &'a Schema,
    after: &'a Schema,
}

/// A table that is there before and after.
struct Move<'a> {
    before: &'a Table,
    after: &'a Table,
    /// What asks for the rows, and what puts one into the table.
    select: String,
    insert: String,
    changes: bool,
}

impl<'a> Target<'a> {
    /// `touched` are the tables that change, by the names that they had.
    pub(super) fn new(walk: &Walk<'a>, touched: &HashSet<Name>) -> rusqlite::Result<Self> {
        let decisions = walk.claim.decisions;
        let connection = scratch::open(&decisions.stubs)?;
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        for object in walk.claim.target.objects.iter().filter(|it| matches!(it.kind(), Kind::Table | Kind::Index)) {
            // What can't be made here holds no row back.
            let _ = connection.execute_batch(object.text());
        }
        let tables = walk.claim.target.tables().filter_map(|after| {
            let before = walk.before.table(old_name(&decisions.renames, &after.name))?;
            let changes = touched.contains(&before.name) || touched.contains(&after.name);
            let (select, insert) = copy(decisions, before, after)?;
            Some(Move { before, after, select, insert, changes })
        });
        let triggers = walk.before.objects.iter().any(|object| matches!(object, Object::Trigger(_)));
        Ok(Self {
            tables: tables.collect(),
            connection,
            triggers,
            down: walk.down,
            before: walk.before,
            after: walk.claim.target,
        })
    }

    /// Why the rows that are there can't all be held.
    pub(super) fn objection(&self, from: &Connection, renames: &[Rename]) -> rusqlite::Result<Option<String>> {
        self.attempt(from, renames, &|_| true)
    }

    /// The same after a row was written to one table, of those that are asked.
    pub(super) fn objection_to(
        &self,
        from: &Connection,
        renames: &[Rename],
        table: &Name,
        is_asked: &dyn Fn(&Name) -> bool,
    ) -> rusqlite::Result<Option<String>> {
        self.attempt(from, renames, &|own| (own == table || self.triggers) && is_asked(own))
    }

    fn attempt(
        &self,
        from: &Connection,
        renames: &[Rename],
        is_asked: &dyn Fn(&Name) -> bool,
    ) -> rusqlite::Result<Option<String>> {
        let asked = || self.tables.iter().filter(|it| it.changes && is_asked(&it.before.name));
        self.connection.execute_batch("SAVEPOINT rows")?;
        let mut there: HashSet<_> = asked().map(|own| &own.after.name).collect();
        let mut objection = asked().find_map(|own| self.put(own, from));
        for own in asked() {
            let new: Vec<_> = own.after.foreign_keys().map(|key| !self.was_there(renames, own, key)).collect();
            if objection.is_some() || !new.contains(&true) {
                continue;
            }
            let is_parent = |it: &&Move<'_>| own.after.foreign_keys().any(|key| key.parent == it.after.name);
            for parent in self.tables.iter().filter(is_parent) {
                if there.insert(&parent.after.name) {
                    // What it does not take is its own affair.
                    let _ = self.put(parent, from);
                }
            }
            objection = self.orphan(own.after, &new)?;
        }
        if objection.is_none() && self.down.is_some_and(|down| asserts(&self.connection, down).is_err()) {
            objection = Some("an assertion of the down script does not hold for it".to_owned());
        }
        // Where no rowid is left, SQLite has taken back everything.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK TO rows; RELEASE rows")?;
        }
        Ok(objection)
    }

    /// Puts all rows of a table into the one that it becomes; the first objection.
    fn put(&self, own: &Move<'_>, from: &Connection) -> Option<String> {
        // A fill that can't be asked for is no reason to choose other rows.
        let mut select = from.prepare(&own.select).ok()?;
        let mut insert = self.connection.prepare(&own.insert).ok()?;
        let columns = select.column_count();
        let mut rows = select.query([]).ok()?;
        while let Ok(Some(row)) = rows.next() {
            let cells: Option<Vec<Cell>> = (0..columns).map(|at| Some(Cell::from(row.get_ref(at).ok()?))).collect();
            if let Err(error) = insert.execute(params_from_iter(cells?))
                && is_about_rows(&error, own.after)
            {
                return Some(message(&error));
            }
        }
        None
    }

    /// Whether a key refers to the same by the same columns before.
    fn was_there(&self, renames: &[Rename], own: &Move<'_>, key: &ForeignKey) -> bool {
        let old = |table: &Name, columns: &[&Name]| -> Vec<Name> {
            columns.iter().map(|column| old_column(renames, table, column).clone()).collect()
        };
        let columns = old(&own.after.name, &key.columns.iter().collect::<Vec<_>>());
        let parent = old_name(renames, &key.parent);
        let named = parent_columns(self.after, key).map(|named| old(&key.parent, &named));
        let was_there = own.before.foreign_keys().any(|was| {
            let was_named = || Some(parent_columns(self.before, was)?.into_iter().cloned().collect());
            was.columns == columns && was.parent == *parent && was_named() == named
        });
        // Columns of another type compare in another way.
        let alike = |before: &Table, after: &Table, names: &[&Name]| {
            let form =
                |column: &Column| (column.declared_type.clone(), column.collation.clone(), column.generated.clone());
            // `ANY` keeps what it is given in a `STRICT` table alone.
            before.strict == after.strict
                && names
                    .iter()
                    .zip(old(&after.name, names))
                    .all(|(new, old)| after.column(new).map(form) == before.column(&old).map(form))
        };
        let parents = self.before.table(parent).zip(self.after.table(&key.parent));
        let parents_alike = || {
            let named = parent_columns(self.after, key).unwrap_or_default();
            parents.is_none_or(|(before, after)| alike(before, after, &named))
        };
        was_there && alike(own.before, own.after, &key.columns.iter().collect::<Vec<_>>()) && parents_alike()
    }

    /// A row that refers to nothing by a key that is new.
    fn orphan(&self, table: &Table, new: &[bool]) -> rusqlite::Result<Option<String>> {
        let found = self.connection.prepare("SELECT fkid FROM pragma_foreign_key_check(?1)").and_then(|mut it| {
            it.query_map([table.name.as_str()], |row| row.get(0))?.collect::<rusqlite::Result<Vec<u32>>>()
        });
        // SQLite counts from the last one. Where it can't look for any, there are none.
        let is_new = |id: &u32| new.iter().rev().nth(*id as usize) == Some(&true);
        let orphan = found.is_ok_and(|found| found.iter().any(is_new));
        Ok(orphan.then(|| "it refers to no row by a foreign key that is new".to_owned()))
    }
}

/// What asks a table for its rows as they will be, and what puts one into it; none where nothing goes over.
fn copy(decisions: &Decisions, before: &Table, after: &Table) -> Option<(String, String)> {
    let (mut known, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for column in &after.columns {
        let old = before.column(old_column(&decisions.renames, &after.name, &column.name));
        let name = column.name.to_sql();
        known.extend(old.map(|old| format!("{} AS {name}", old.name.to_sql())));
        let fills = decisions.fills.iter();
        let mut fills = fills.filter(|fill| fill.table == after.name && fill.column == column.name);
        let value = match (old, fills.next().map(|fill| &fill.expression)) {
            _ if column.generated.is_some() => continue,
            (Some(_), Some(fill)) if wants_value(after, column) => format!("coalesce({name}, {fill}\n)"),
            (Some(_), _) => name.clone(),
            (None, Some(fill)) => format!("({fill}\n)"),
            (None, None) => continue,
        };
        names.push(name);
        values.push(value);
    }
    if names.is_empty() {
        // A row that keeps nothing but its number.
        names.push(rowid_name(after)?);
        values.push("row_number() OVER ()".to_owned());
    }
    let places = vec!["?"; names.len()].join(", ");
    let known = if known.is_empty() { "NULL".to_owned() } else { known.join(", ") };
    let (from, to) = (before.name.to_sql(), after.name.to_sql());
    Some((
        format!("SELECT {} FROM (SELECT {known} FROM main.{from})", values.join(", ")),
        format!("INSERT OR ABORT INTO {to} ({}) VALUES ({places})", names.join(", ")),
    ))
}

fn wants_value(table: &Table, column: &Column) -> bool {
    column.not_null.is_some() || table.is_in_primary_key(&column.name)
}

/// Whether an error says that a row is not wanted. That NULL is not, has to be decided before, unless it is the nature
/// of a key.
fn is_about_rows(error: &rusqlite::Error, table: &Table) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    if extended == Some(ffi::SQLITE_CONSTRAINT_NOTNULL) {
        let message = message(error);
        let mut columns = table.columns.iter().filter(|column| column.not_null.is_some() && column.generated.is_none());
        return !columns.any(|column| message.ends_with(&format!(".{}", column.name)));
    }
    use ErrorCode::{ConstraintViolation, DiskFull, TypeMismatch};
    matches!(error.sqlite_error_code(), Some(ConstraintViolation | DiskFull | TypeMismatch))
        || message(error).starts_with("CHECK constraint failed")
}
