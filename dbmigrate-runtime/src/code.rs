//! Runs the Rust of a migration, and looks at what it left behind.
//!
//! Nobody knows what code does before it has done it. So it runs inside a savepoint with a name that it can't guess,
//! which must be there afterwards; and where foreign keys are enforced, no referenced table may have been dropped:
//! `foreign_key_check` is blind to a cascade that has happened.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::BoxError;
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys;
use crate::quote::identifier;
use crate::set::{Code, Script};
use crate::value::Value;

/// Runs a step of Rust inside the open transaction.
pub(crate) fn run(
    db: &mut Db<'_>,
    name: &str,
    script: &Script<'_>,
    code: &Code<'_>,
    enforced: bool,
) -> Result<(), Error> {
    let before = if enforced { Some(Parents::read(db)?) } else { None };
    let savepoint = identifier(&format!("dbmigrate_{:016x}", RandomState::new().build_hasher().finish()));
    db.execute(&format!("SAVEPOINT {savepoint}"))?;
    let result = db.session().run_code(code.id);
    let place = Place::line(script.file, code.line);
    let ended = |error: Error| {
        error
            .at(place.clone())
            .note("what it did before it ended the transaction may stay; it is not recorded as applied")
            .hint("leave BEGIN, COMMIT and ROLLBACK to the runner; `savepoint` of the generated module nests")
    };
    if let Err(cause) = result {
        let mut message = format!("`{name}` failed in `{}`: {cause}", code.name);
        let mut source = cause.source();
        while let Some(deeper) = source {
            message.push_str(&format!(": {deeper}"));
            source = deeper.source();
        }
        let error = Error::new(ErrorKind::Code, message).because(cause);
        return Err(if db.in_transaction() {
            error.at(place.clone())
        } else {
            ended(error.also(ErrorKind::TransactionEnded))
        });
    }
    if !db.in_transaction() || db.session().execute(&format!("RELEASE {savepoint}")).is_err() {
        let message = format!("`{name}` ended the runner's transaction in `{}`", code.name);
        return Err(ended(Error::new(ErrorKind::TransactionEnded, message)));
    }
    match before {
        Some(before) => before.refuse_loss(db).map_err(|error| error.at(place)),
        None => Ok(()),
    }
}

/// The error for code that returned one, with all that it came from.
pub(crate) fn failed(name: &str, script: &Script<'_>, code: &Code<'_>, cause: BoxError) -> Error {
    let mut message = format!("`{name}` failed in `{}`: {cause}", code.name);
    let mut source = cause.source();
    while let Some(deeper) = source {
        message.push_str(&format!(": {deeper}"));
        source = deeper.source();
    }
    Error::new(ErrorKind::Code, message).at(Place::line(script.file, code.line)).because(cause)
}

/// The referenced tables and their children, as they were before code ran with foreign keys enforced.
struct Parents {
    /// Changes with every table that is created or dropped.
    schema_version: Vec<Vec<Value>>,
    /// Root pages move by themselves when it is on.
    auto_vacuum: bool,
    /// Name and root page of each referenced table, by the rowid of its schema entry, which a rename keeps.
    tables: HashMap<i64, (String, i64)>,
    /// The rows of each child that hang on a parent.
    children: HashMap<i64, i64>,
}

impl Parents {
    fn read(db: &mut Db<'_>) -> Result<Self, Error> {
        let keys = foreign_keys::all(db)?;
        let entries = entries(db)?;
        let by_name: HashMap<String, i64> =
            entries.iter().map(|(rowid, (name, _))| (name.to_ascii_lowercase(), *rowid)).collect();
        let mut tables = HashMap::new();
        let mut children: HashMap<i64, i64> = HashMap::new();
        for key in &keys {
            if let Some(rowid) = by_name.get(&key.parent.to_ascii_lowercase()) {
                tables.insert(*rowid, entries[rowid].clone());
            }
            if let Some(rowid) = by_name.get(&key.child.to_ascii_lowercase()) {
                *children.entry(*rowid).or_default() += references(db, key)?;
            }
        }
        let auto_vacuum = pragma(db, "auto_vacuum")? != [[Value::Integer(0)]];
        Ok(Self { schema_version: pragma(db, "schema_version")?, auto_vacuum, tables, children })
    }

    fn refuse_loss(&self, db: &mut Db<'_>) -> Result<(), Error> {
        if pragma(db, "schema_version")? == self.schema_version {
            return Ok(());
        }
        let now = entries(db)?;
        for (rowid, (name, page)) in &self.tables {
            let same = now.get(rowid).is_some_and(|(_, now)| self.auto_vacuum || now == page);
            if !same {
                return Err(lost(format!("it dropped or replaced `{name}`, which other tables reference")));
            }
        }
        // A table can be dropped and made again in the same place.
        let keys = foreign_keys::all(db)?;
        for (rowid, before) in &self.children {
            let Some((name, _)) = now.get(rowid) else { continue };
            if hanging(db, name, &keys)? < *before {
                return Err(lost(format!("it changed tables, and `{name}` has fewer rows with a parent than before")));
            }
        }
        Ok(())
    }
}

fn lost(what: String) -> Error {
    Error::new(ErrorKind::ForeignKey, format!("{what}, with foreign keys enforced: rows may have gone with it")).hint(
        "take `foreign-keys on` out, so that it runs with foreign keys off; or do the two in migrations of their own",
    )
}

/// Name and root page of every table, by the rowid of its schema entry.
fn entries(db: &mut Db<'_>) -> Result<HashMap<i64, (String, i64)>, Error> {
    let sql = "SELECT rowid, name, rootpage FROM main.sqlite_master WHERE type = 'table'";
    let rows = db.query("could not read the schema", sql, &[])?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Value; 3]>::try_from(row) {
            Ok([Value::Integer(rowid), Value::Text(name), Value::Integer(page)]) => Some((rowid, (name, page))),
            _ => None,
        })
        .collect())
}

/// How many references the rows of a child make: one for each foreign key without a NULL.
fn hanging(db: &mut Db<'_>, child: &str, keys: &[foreign_keys::ForeignKey]) -> Result<i64, Error> {
    let mut total = 0;
    for key in keys.iter().filter(|key| key.child.eq_ignore_ascii_case(child)) {
        total += references(db, key)?;
    }
    Ok(total)
}

/// How many rows of the child refer to a parent by this key.
pub(crate) fn references(db: &mut Db<'_>, key: &foreign_keys::ForeignKey) -> Result<i64, Error> {
    let columns: Vec<String> = key.columns.iter().map(|column| format!("{} IS NOT NULL", identifier(column))).collect();
    let sql = format!("SELECT count(*) FROM main.{} WHERE {}", identifier(&key.child), columns.join(" AND "));
    let rows = db.query("could not count rows", &sql, &[])?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Integer(count)]) => Ok(*count),
        _ => Ok(0),
    }
}

fn pragma(db: &mut Db<'_>, name: &str) -> Result<Vec<Vec<Value>>, Error> {
    db.query("could not read a setting", &format!("PRAGMA main.{name}"), &[])
}
