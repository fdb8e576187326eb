//! Runs the Rust of a migration, and looks at what it left behind.
//!
//! Nobody knows what code does before it has done it. So it runs inside a savepoint with a name that it can't guess,
//! which must be there afterwards; and where foreign keys are enforced, no referenced table may have been dropped:
//! `foreign_key_check` is blind to a cascade that has happened.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::BoxError;
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Place;
use crate::foreign_keys;
use crate::names::Names;
use crate::quote::identifier;
use crate::set::{Code, Script};
use crate::tables::Tables;
use crate::value::Value;

/// What runs a step of Rust.
pub(crate) type RunFn = fn(&mut Db<'_>, &str, &Script<'_>, &Code<'_>, bool) -> Result<(), Error>;

/// Runs a step of Rust inside the open transaction.
#[inline]
pub(crate) fn run(
    db: &mut Db<'_>,
    name: &str,
    script: &Script<'_>,
    code: &Code<'_>,
    enforced: bool,
) -> Result<(), Error> {
    let own_name = identifier(&format!("dbmigrate_{:016x}", RandomState::new().build_hasher().finish()));
    let parents = if enforced { Parents::watch(db, &own_name)? } else { None };
    db.execute(format_args!("SAVEPOINT {own_name}"))?;
    let result = db.session().run_code(code.id);
    let error = match result {
        Err(cause) => failed(name, script, code, cause),
        Ok(()) if db.in_transaction() && db.runs(&format!("RELEASE {own_name}")) => {
            return match parents {
                Some(parents) => parents.refuse_loss(db).map_err(|error| error.at(Place::line(script.file, code.line))),
                None => Ok(()),
            };
        }
        Ok(()) => {
            let message = format!("`{name}` ended the runner's transaction in `{}`", code.name);
            let place = Place::line(script.file, code.line);
            return Err(ended(db, parents, Error::new(ErrorKind::TransactionEnded, message).at(place)));
        }
    };
    Err(if db.in_transaction() { error } else { ended(db, parents, error.also(ErrorKind::TransactionEnded)) })
}

/// The transaction is not the runner's any more, and what was in it may have been committed.
#[inline]
fn ended(db: &mut Db<'_>, parents: Option<Parents>, error: Error) -> Error {
    if let Some(parents) = parents {
        // Where it was rolled back there is nothing to drop, and where it can't be dropped it does no harm.
        let _ = db.rollback();
        db.runs(&format!("DROP TABLE IF EXISTS {}", parents.marker));
    }
    error
        .note("its changes up to there may stay; it is not recorded as applied")
        .hint("leave BEGIN, COMMIT and ROLLBACK to the runner; `savepoint` of the generated module nests")
}

/// The error for code that returned one, with all that it came from.
#[inline]
pub(crate) fn failed(name: &str, script: &Script<'_>, code: &Code<'_>, cause: BoxError) -> Error {
    let mut message = format!("`{name}` failed in `{}`: {cause}", code.name);
    let mut source = cause.source();
    while let Some(deeper) = source {
        message.push_str(&format!(": {deeper}"));
        source = deeper.source();
    }
    Error::new(ErrorKind::Code, message).at(Place::line(script.file, code.line)).because(cause)
}

/// The tables, watched while code runs with foreign keys enforced. It is about those that foreign keys refer to, before
/// or after: code may make the reference itself.
///
/// A table is told from a later one of its name by the rowid of its schema entry, which every ALTER keeps. A new entry
/// gets the rowid after the greatest, so a table of the runner's own that comes after all others keeps it from ever
/// getting that of a dropped one.
struct Parents {
    /// The runner's own table, as statements have it.
    marker: String,
    tables: Tables,
    /// The names that foreign keys refer to, in lower case.
    referenced: Names,
}

impl Parents {
    /// `None` where there is nothing to watch.
    #[inline]
    fn watch(db: &mut Db<'_>, own_name: &str) -> Result<Option<Self>, Error> {
        let tables = tables(db)?;
        if tables.iter().next().is_none() {
            return Ok(None);
        }
        let referenced = parents(db)?.collect();
        let marker = format!("main.{own_name}");
        db.execute(format_args!("CREATE TABLE {marker} (x)"))?;
        Ok(Some(Self { marker, tables, referenced }))
    }

    #[inline]
    fn refuse_loss(mut self, db: &mut Db<'_>) -> Result<(), Error> {
        db.execute(format_args!("DROP TABLE {}", self.marker))?;
        let now = tables(db)?;
        let mut lost = self.tables.iter().filter(|(rowid, _)| now.get(*rowid).is_none()).peekable();
        if lost.peek().is_none() {
            return Ok(());
        }
        self.referenced.extend(parents(db)?);
        match lost.find(|(_, name)| self.referenced.contains(&name.to_ascii_lowercase())) {
            None => Ok(()),
            Some((_, name)) => Err(Error::new(
                ErrorKind::ForeignKey,
                format_args!(
                    "it dropped or replaced `{name}`, which other tables reference, with foreign keys enforced: rows \
                     may have been deleted with it"
                ),
            )
            .hint("remove `foreign-keys on`, so that it runs with foreign keys off; or split it into two migrations")),
        }
    }
}

/// The names that foreign keys refer to, in lower case.
#[inline]
fn parents(db: &mut Db<'_>) -> Result<impl Iterator<Item = String> + use<>, Error> {
    Ok(foreign_keys::all(db)?.into_iter().map(|key| key.parent.to_ascii_lowercase()))
}

/// All there are now.
#[inline]
fn tables(db: &mut Db<'_>) -> Result<Tables, Error> {
    let sql = "SELECT rowid, name FROM main.sqlite_master WHERE type = 'table' ORDER BY rowid";
    let mut tables = Tables::default();
    for row in db.query("could not read the schema", sql, &[])? {
        if let Ok([Value::Integer(rowid), Value::Text(name)]) = <[Value; 2]>::try_from(row) {
            tables.insert(rowid, name);
        }
    }
    Ok(tables)
}
