//! Reads the schema of a database, and asks SQLite whether the text was understood correctly.
//!
//! SQLite's pragmas say less than the text (no checks, no collations, no names of constraints), but what they say is
//! right. If they and the model disagree, the object becomes opaque and is compared by its text. Nothing is written.
//! `TEMP` objects and attached databases are not read.

mod witness;

use std::collections::HashSet;
use std::fmt;

use dbmigrate_core::config::Stubs;
use dbmigrate_core::statement::split;
use dbmigrate_core::token::tokens;
use dbmigrate_core::{Diagnostic, Location, SourceText, Span};
use rusqlite::Connection;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;

use crate::compare::by_name;
use crate::execute::run;
use crate::model::{Kind, Name, Object, Schema};
use crate::parse::{Row, object};
use crate::scratch;
use witness::Witness;

/// What to leave out of a schema.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Tables that belong to a tool, such as history tables. Their indexes and triggers are left out, too.
    pub without_tables: Vec<Name>,
}

/// SQLite could not read the schema.
#[derive(Debug)]
pub struct ReadError(rusqlite::Error);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not read the schema of the database")
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Schema {
    /// Reads the schema of `main`.
    ///
    /// ```
    /// use dbmigrate_schema::{Name, ReadOptions, Schema};
    ///
    /// let connection = rusqlite::Connection::open_in_memory()?;
    /// connection.execute_batch("CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
    ///
    /// let schema = Schema::read(&connection, &ReadOptions::default())?;
    /// let teams = schema.table(&Name::new("Teams")).expect("it was just made");
    /// assert_eq!(teams.columns.len(), 2);
    /// assert_eq!(teams.rowid_alias().map(|column| column.name.as_str()), Some("id"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If SQLite cannot read the database.
    pub fn read(connection: &Connection, options: &ReadOptions) -> Result<Self, ReadError> {
        read(connection, options).map_err(ReadError)
    }

    /// Like [`Schema::read`], for a database that had this schema before: objects whose text is unchanged are reused.
    ///
    /// # Errors
    ///
    /// As [`Schema::read`].
    pub fn read_again(&self, connection: &Connection, options: &ReadOptions) -> Result<Self, ReadError> {
        read_again(connection, options, self).map_err(ReadError)
    }

    /// The schema that these statements make, by running them in SQLite on a database in memory.
    ///
    /// # Errors
    ///
    /// The statement that SQLite rejects, with its place.
    pub fn from_sql(text: &str) -> Result<Self, Diagnostic> {
        Self::from_source(&SourceText::new("schema.sql", text), &Stubs::default())
    }

    /// The schema that the statements of a file make, with stand-ins for what the program registers; see
    /// [`Schema::from_sql`].
    ///
    /// # Errors
    ///
    /// The statement that SQLite rejects, with its place.
    pub fn from_source(source: &SourceText, stubs: &Stubs) -> Result<Self, Diagnostic> {
        let unexpected = |error: rusqlite::Error| {
            Diagnostic::error("schema", format!("could not read the schema in `{}`: {error}", source.path()))
                .in_file(source.path())
        };
        let connection = scratch::open(stubs).map_err(unexpected)?;
        // ATTACH and VACUUM INTO would write files.
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(unexpected)?;
        for statement in split(source.text()) {
            run(&connection, source.slice(statement.span)).map_err(|error| blame(source, statement.span, &error))?;
        }
        read(&connection, &ReadOptions::default()).map_err(unexpected)
    }
}

fn blame(source: &SourceText, statement: Span, error: &rusqlite::Error) -> Diagnostic {
    let (message, start) = match error {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            (msg.clone(), statement.start + usize::try_from(*offset).unwrap_or(0))
        }
        other => (other.to_string(), statement.start),
    };
    let rest = source.slice(Span::new(start, statement.end));
    let length = tokens(rest).next().map_or(0, |token| token.span.end);
    let is_internal = message.starts_with("object name reserved for internal use");
    let problem = Diagnostic::error("sql-error", format!("SQLite rejects this statement: {message}"))
        .at(Location::new(source, Span::new(start, start + length)));
    // So it is in what the shell of SQLite says of a database.
    if is_internal { problem.help("remove it: SQLite creates it by itself") } else { problem }
}

pub(crate) fn read(connection: &Connection, options: &ReadOptions) -> rusqlite::Result<Schema> {
    read_again(connection, options, &Schema::default())
}

fn read_again(connection: &Connection, options: &ReadOptions, known: &Schema) -> rusqlite::Result<Schema> {
    // Several statements of one moment, whatever others write meanwhile.
    let _moment = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose()?;
    let left_out: HashSet<&Name> = options.without_tables.iter().collect();
    let shadows = shadow_tables(connection)?;
    let mut statement = connection.prepare(
        // What SQLite makes by itself has no text, or a name of its own.
        "SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_schema \
         WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
    )?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let kind: String = row.get(0)?;
        let table = Name::new(row.get::<_, String>(2)?);
        let kind = match Kind::of(&kind) {
            // A virtual table has no pages of its own.
            Kind::Table if row.get::<_, Option<i64>>(3)?.unwrap_or(0) == 0 => Kind::VirtualTable,
            kind => kind,
        };
        if left_out.contains(&table) || shadows.contains(&table) {
            continue;
        }
        // SQLite gives the text as UTF-8, whatever the database keeps, but does not look whether it is.
        let text = match row.get_ref(4)? {
            ValueRef::Text(text) | ValueRef::Blob(text) => text.to_vec(),
            _ => continue,
        };
        rows.push((Row { kind, name: Name::new(row.get::<_, String>(1)?), table, text: String::new() }, text));
    }
    let known = by_name(known);
    // Where nothing is new, neither is what the pragmas say.
    let as_before: Vec<Option<&Object>> = rows
        .iter()
        .map(|(row, text)| {
            let same = known.get(&(row.kind, &row.name)).filter(|object| object.text().as_bytes() == text);
            same.filter(|object| object.table().is_none_or(|table| *table == row.table)).copied()
        })
        .collect();
    let new = rows.iter().zip(&as_before).filter(|(_, known)| known.is_none());
    let witness = Witness::new(connection, &new.map(|((row, _), _)| &row.table).collect())?;
    let mut objects = Vec::with_capacity(rows.len());
    for ((mut row, text), known) in rows.into_iter().zip(as_before) {
        if let Some(known) = known {
            objects.push(known.clone());
            continue;
        }
        let object = match String::from_utf8(text) {
            Ok(text) => {
                row.text = text;
                witness.check(object(row))
            }
            Err(error) => {
                row.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                row.opaque("its text is not valid UTF-8")
            }
        };
        objects.push(object);
    }
    Ok(Schema { objects })
}

/// The tables that virtual tables keep their data in.
pub(crate) fn shadow_tables(connection: &Connection) -> rusqlite::Result<HashSet<Name>> {
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0).map(Name::new))?;
    names.collect()
}
