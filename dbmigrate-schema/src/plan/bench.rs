//! A database in memory where a plan is tried: what SQLite can tell is not worked out here.

use std::collections::HashSet;

use dbmigrate_core::config::Stubs;
use rusqlite::Connection;

use super::dependents::Dependents;
use super::neighbours::Neighbours;
use super::steps::keyword;
use super::{Planned, Undecided};
use crate::compare::compare;
use crate::execute::message;
use crate::model::{Column, Kind, Name, Object, Schema, Table};
use crate::read::ReadOptions;
use crate::render::sql;
use crate::{scratch, wide};

/// An empty database with a schema. It is made once SQLite has something to say that takes all of it: to make a schema
/// takes SQLite the square of its size.
pub(super) struct Bench<'a> {
    schema: &'a Schema,
    stubs: &'a Stubs,
    /// The indexes, views and triggers that went before it was made.
    dropped: Dependents,
    made: Option<Made>,
}

/// The database itself.
struct Made {
    connection: Connection,
    /// What SQLite could not make here, such as what needs a module of the program.
    missing: Vec<Object>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(schema: &'a Schema, stubs: &'a Stubs) -> Self {
        Self { schema, stubs, dropped: Dependents::new(), made: None }
    }

    fn made(&mut self) -> Result<&mut Made, Undecided> {
        let made = match self.made.take() {
            Some(made) => made,
            None => Made::new(self.schema, self.stubs, &self.dropped)?,
        };
        Ok(self.made.insert(made))
    }

    /// What has not been dropped, nor has gone with its view.
    fn left(&self) -> impl Iterator<Item = &'a Object> + '_ {
        self.schema.objects.iter().filter(|object| {
            let view = object.table().map(|table| (Kind::View, table.clone()));
            let own = object.key();
            !self.dropped.contains(&own) && view.is_none_or(|view| !self.dropped.contains(&view))
        })
    }

    pub(super) fn schema(&mut self) -> Result<Schema, Undecided> {
        match &self.made {
            None => Ok(Schema { objects: self.left().cloned().collect() }),
            Some(made) => made.schema(),
        }
    }

    /// Runs all of the statements, or none.
    pub(super) fn run(&mut self, statements: &[Planned]) -> Result<(), Undecided> {
        self.made()?.run(statements)
    }

    pub(super) fn drop(&mut self, kind: Kind, name: &Name) -> Result<(), Undecided> {
        if self.made.is_none() && matches!(kind, Kind::Index | Kind::View | Kind::Trigger) {
            self.dropped.insert((kind, name.clone()));
            return Ok(());
        }
        self.made()?.drop(kind, name)
    }

    /// Every name that something has.
    pub(super) fn names(&self) -> HashSet<Name> {
        match &self.made {
            None => self.left().map(|object| object.name().clone()).collect(),
            Some(made) => made.names(),
        }
    }

    /// Whether a table can be renamed: SQLite reads every view and every trigger for that, and one that makes no sense
    /// is in the way.
    pub(super) fn can_rename(&mut self) -> Result<bool, Undecided> {
        if self.made.is_none()
            && let Some(groups) = Neighbours::new(self.schema, &self.dropped).groups()
        {
            return Ok(groups.iter().all(|objects| takes_among(objects, &renames(), self.stubs)));
        }
        Ok(self.made()?.run(&renames()).is_ok())
    }

    /// What SQLite says against an expression over the rows of a table.
    pub(super) fn objection(&mut self, table: &Name, expression: &str) -> Result<Option<String>, Undecided> {
        let sql = format!("SELECT ({expression}\n) FROM {}", table.to_sql());
        Ok(self.made()?.connection.prepare(&sql).err().map(|error| message(&error)))
    }
}

/// A rename of a table that is nobody's.
fn renames() -> [Planned; 3] {
    [
        "CREATE TABLE \"dbmigrate attempt\" (a)",
        "ALTER TABLE \"dbmigrate attempt\" RENAME TO \"dbmigrate another\"",
        "DROP TABLE \"dbmigrate another\"",
    ]
    .map(|sql| Planned::new(sql.to_owned()))
}

impl Made {
    fn new(schema: &Schema, stubs: &Stubs, dropped: &Dependents) -> Result<Self, Undecided> {
        let connection = scratch::open(stubs).map_err(|error| refused("", &error))?;
        let mut made = Self { connection, missing: Vec::new() };
        made.execute("PRAGMA foreign_keys = OFF")?;
        made.execute("BEGIN")?;
        for object in &schema.objects {
            if made.execute(object.text()).is_err() {
                made.missing.push(object.clone());
            }
        }
        dropped.iter().try_for_each(|(kind, name)| made.drop(*kind, name))?;
        made.execute("COMMIT")?;
        Ok(made)
    }

    fn schema(&self) -> Result<Schema, Undecided> {
        let unreadable = |error: crate::ReadError| Undecided::Refused {
            sql: "SELECT * FROM sqlite_schema".to_owned(),
            why: error.to_string(),
        };
        let mut schema = Schema::read(&self.connection, &ReadOptions::default()).map_err(unreadable)?;
        schema.objects.extend(self.missing.iter().cloned());
        Ok(schema)
    }

    fn execute(&self, sql: &str) -> Result<(), Undecided> {
        self.connection.execute_batch(sql).map_err(|error| refused(sql, &error))
    }

    fn run(&self, statements: &[Planned]) -> Result<(), Undecided> {
        self.execute("SAVEPOINT attempt")?;
        let result = statements.iter().try_for_each(|statement| self.execute(&statement.sql));
        if result.is_err() {
            self.execute("ROLLBACK TO attempt")?;
        }
        self.execute("RELEASE attempt")?;
        result
    }

    fn drop(&mut self, kind: Kind, name: &Name) -> Result<(), Undecided> {
        self.missing.retain(|object| object.kind() != kind || object.name() != name);
        // What belongs to something else has gone with it.
        self.execute(&format!("DROP {} IF EXISTS {}", keyword(kind), name.to_sql()))
    }

    fn names(&self) -> HashSet<Name> {
        let names = self.connection.prepare("SELECT name FROM sqlite_schema").and_then(|mut statement| {
            statement.query_map([], |row| row.get::<_, String>(0).map(Name::new))?.collect::<rusqlite::Result<_>>()
        });
        names.unwrap_or_default()
    }
}

/// Whether statements make of a table what it has to become, as SQLite and the reader understand what comes out. Each
/// table is tried alone, so that many of them take no more than each does.
pub(super) fn makes(before: &Table, statements: &[Planned], after: &Table, stubs: &Stubs) -> bool {
    let found = alone(&before.text, statements, stubs);
    let found = found.and_then(|connection| Schema::read(&connection, &ReadOptions::default()).ok());
    let wanted = Schema { objects: vec![Object::Table(after.clone())] };
    found.is_some_and(|found| compare(&found, &wanted).is_empty())
}

/// Whether SQLite runs statements where these objects are.
pub(super) fn takes_among(objects: &[&Object], statements: &[Planned], stubs: &Stubs) -> bool {
    let attempt = || {
        let connection = scratch::open(stubs)?;
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
        for object in objects {
            // What can't be made here is in nobody's way.
            let _ = connection.execute_batch(object.text());
        }
        statements.iter().try_for_each(|planned| connection.execute_batch(&planned.sql))
    };
    attempt().is_ok()
}

/// Whether SQLite runs statements on a table that is alone.
pub(super) fn takes(table: &Table, statements: &[Planned], stubs: &Stubs) -> bool {
    alone(&table.text, statements, stubs).is_some()
}

/// Whether the default of a column is a value of its type, as a `STRICT` table wants it.
pub(super) fn takes_default(column: &Column, stubs: &Stubs) -> bool {
    let plain = Column { not_null: None, ..column.clone() };
    let table = format!("CREATE TABLE t ({} {}) STRICT", column.name.to_sql(), sql::column_type_and_clauses(&plain));
    alone(&table, &[Planned::new("INSERT INTO t DEFAULT VALUES".to_owned())], stubs).is_some()
}

/// How many columns SQLite takes in a table and a statement.
pub(super) fn most_columns(stubs: &Stubs) -> Result<usize, Undecided> {
    scratch::open(stubs).map(|connection| wide::most(&connection)).map_err(|error| refused("", &error))
}

/// A database with one table, after some statements.
fn alone(table: &str, statements: &[Planned], stubs: &Stubs) -> Option<Connection> {
    let connection = scratch::open(stubs).ok()?;
    connection.execute_batch("PRAGMA foreign_keys = OFF").ok()?;
    connection.execute_batch(table).ok()?;
    statements.iter().try_for_each(|planned| connection.execute_batch(&planned.sql)).ok()?;
    Some(connection)
}

fn refused(sql: &str, error: &rusqlite::Error) -> Undecided {
    Undecided::Refused { sql: sql.to_owned(), why: message(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether tables can be renamed once these have gone, told in pieces as it is told of the whole.
    #[track_caller]
    fn check(text: &str, gone: &[(Kind, &str)], expect: bool) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
        connection.execute_batch(text).unwrap();
        let schema = Schema::read(&connection, &ReadOptions::default()).unwrap();
        let none = Stubs::default();
        let (mut pieces, mut whole) = (Bench::new(&schema, &none), Bench::new(&schema, &none));
        whole.made().unwrap();
        for (kind, name) in gone {
            pieces.drop(*kind, &Name::new(*name)).unwrap();
            whole.drop(*kind, &Name::new(*name)).unwrap();
        }
        assert_eq!(pieces.can_rename().unwrap(), expect, "{text}");
        assert!(pieces.made.is_none());
        assert_eq!(whole.can_rename().unwrap(), expect, "{text}");
        assert!(compare(&pieces.schema().unwrap(), &whole.schema().unwrap()).is_empty());
        assert!(whole.names().is_superset(&pieces.names()));
    }

    #[test]
    fn pieces_tell_what_the_whole_does() {
        let tables = "CREATE TABLE t (a); CREATE TABLE u (b REFERENCES t); CREATE INDEX i ON t (a);
                      CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT v.a, b FROM v, u;
                      CREATE TRIGGER r INSTEAD OF INSERT ON w BEGIN INSERT INTO u VALUES (new.b); END;";
        check(tables, &[], true);
        check(tables, &[(Kind::Trigger, "r"), (Kind::Index, "i")], true);
        // A trigger goes with its view, and a view that reads one that has gone makes no sense.
        check(tables, &[(Kind::View, "w")], true);
        check(tables, &[(Kind::View, "v")], false);
        check(&format!("{tables} CREATE VIEW broken AS SELECT nothing_there FROM t;"), &[], false);
        check(&format!("{tables} CREATE VIEW broken AS SELECT 1 FROM nowhere;"), &[(Kind::View, "broken")], true);
        let trigger = "CREATE TRIGGER broken AFTER INSERT ON t BEGIN DELETE FROM nowhere; END;";
        check(&format!("{tables} {trigger}"), &[], false);
        check(&format!("{tables} {trigger}"), &[(Kind::Trigger, "broken")], true);
        check("CREATE VIRTUAL TABLE f USING fts5 (a); CREATE VIEW s AS SELECT a FROM f WHERE f MATCH 'x';", &[], true);
        let many: String =
            (0..300).map(|at| format!("CREATE TABLE t{at} (a); CREATE VIEW v{at} AS SELECT a FROM t{at};")).collect();
        check(&many, &[], true);
        check(&format!("{many} CREATE VIEW last AS SELECT z FROM t299;"), &[], false);
    }
}
