//! The rows of tables, and how far their ids have been counted.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Object, Refusal, literal};
use crate::cell::Cell;
use crate::model::{Name, ROWID_NAMES};
use crate::wide::{Question, most};

/// How many rows stand in one statement.
const TOGETHER: usize = 200;

/// How the rows of a table are read, and written.
pub(super) struct Layout {
    /// Its name in SQL.
    pub(super) table: String,
    /// What names the rowid, where that is no column and can be named.
    rowid: Option<&'static str>,
    /// The columns that hold what was written.
    pub(super) columns: Vec<String>,
    /// Whether it has rowids.
    has_rowid: bool,
}

impl Layout {
    /// As SQLite says it.
    pub(super) fn of(connection: &Connection, object: &Object) -> rusqlite::Result<Self> {
        let sql = "SELECT name, hidden, pk FROM pragma_table_xinfo(?1, 'main')";
        let mut statement = connection.prepare(sql)?;
        let found = statement.query_map([&object.name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        let all: Vec<(String, i64, i64)> = found.collect::<Result<_, _>>()?;
        let without = object.is_without_rowid;
        let has_key: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM pragma_index_list(?1, 'main') WHERE origin = 'pk')",
            [&object.name],
            |row| row.get(0),
        )?;
        // A key of one column that needs no index is the rowid.
        let has_alias = !object.is_virtual && !without && !has_key && all.iter().any(|(_, _, key)| *key > 0);
        let is_free = |name: &&str| !all.iter().any(|(column, ..)| column.eq_ignore_ascii_case(name));
        let free = ROWID_NAMES.into_iter().find(is_free);
        let columns = all.iter().filter(|(_, hidden, _)| *hidden == 0);
        Ok(Self {
            table: Name::new(&object.name).to_sql(),
            rowid: free.filter(|_| !without && !has_alias),
            columns: columns.map(|(name, ..)| Name::new(name).to_sql()).collect(),
            has_rowid: !without,
        })
    }

    /// Without the rowid, for a module that has none of its own.
    pub(super) fn without_rowid(self) -> Self {
        Self { rowid: None, has_rowid: false, ..self }
    }

    /// The names that are read and written.
    pub(super) fn names(&self) -> Vec<&str> {
        self.rowid.into_iter().chain(self.columns.iter().map(String::as_str)).collect()
    }

    /// The rows, in their order.
    pub(super) fn read(&self, connection: &Connection) -> rusqlite::Result<Vec<Vec<Cell>>> {
        let question = Question {
            names: self.names().into_iter().map(str::to_owned).collect(),
            from: format!("main.{}", self.table),
            rowid: self.rowid.filter(|_| self.has_rowid).map(str::to_owned),
        };
        question.ask(connection)
    }

    /// Writes rows as statements.
    pub(super) fn insert(&self, rows: &[Vec<Cell>], connection: &Connection, sql: &mut String) -> Result<(), Refusal> {
        if self.names().len() > most(connection) {
            return self.insert_counted(rows, connection, sql);
        }
        for some in rows.chunks(TOGETHER) {
            if self.names().is_empty() {
                some.iter().for_each(|_| sql.push_str(&format!("INSERT INTO {} DEFAULT VALUES;\n", self.table)));
                continue;
            }
            sql.push_str(&format!("INSERT INTO {} ({}) VALUES\n", self.table, self.names().join(", ")));
            for (at, row) in some.iter().enumerate() {
                sql.push_str("  (");
                for (at, cell) in row.iter().enumerate() {
                    if at > 0 {
                        sql.push_str(", ");
                    }
                    literal::push(sql, cell, connection)?;
                }
                sql.push_str(if at + 1 == some.len() { ");\n" } else { "),\n" });
            }
        }
        Ok(())
    }

    /// Writes rows that have more values than a statement takes: without their rowids, where SQLite counts them so itself.
    fn insert_counted(&self, rows: &[Vec<Cell>], connection: &Connection, sql: &mut String) -> Result<(), Refusal> {
        let is_counted = rows.iter().zip(1_i64..).all(|(row, at)| row.first() == Some(&Cell::Integer(at)));
        if !is_counted {
            let (table, columns) = (&self.table, self.columns.len());
            return Err(Refusal::Because(format!(
                "the table `{table}` has {columns} columns, and SQLite can't write a rowid beside that many; an \
                 INTEGER PRIMARY KEY would be one of them"
            )));
        }
        let layout = Self { rowid: None, table: self.table.clone(), columns: self.columns.clone(), ..*self };
        let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row[1..].to_vec()).collect();
        layout.insert(&rows, connection, sql)
    }
}

/// Writes the rows of an ordinary table, and says how many there are.
pub(super) fn write(connection: &Connection, object: &Object, sql: &mut String) -> Result<usize, Refusal> {
    let layout = Layout::of(connection, object)?;
    let rows = layout.read(connection)?;
    layout.insert(&rows, connection, sql)?;
    Ok(rows.len())
}

/// How far ids were counted, by table; nothing where nothing counts.
pub(super) fn counted(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<i64>)>> {
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'";
    if connection.query_row(sql, [], |_| Ok(())).optional()?.is_none() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT name, seq FROM main.sqlite_sequence ORDER BY name, seq")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Writes what `trial`, which has the rows, has not counted as the database has.
pub(super) fn sequences(connection: &Connection, trial: &Connection, sql: &mut String) -> rusqlite::Result<()> {
    let (wanted, has) = (counted(connection)?, counted(trial)?);
    let text = |name: &str| format!("'{}'", name.replace('\'', "''"));
    let number = |value: Option<i64>| value.map_or_else(|| "NULL".to_owned(), |value| value.to_string());
    for (name, value) in &wanted {
        match has.iter().find(|(other, _)| other == name) {
            Some((_, other)) if other == value => {}
            Some(_) => sql.push_str(&format!(
                "UPDATE sqlite_sequence SET seq = {} WHERE name = {};\n",
                number(*value),
                text(name)
            )),
            None => sql.push_str(&format!(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ({}, {});\n",
                text(name),
                number(*value)
            )),
        }
    }
    for (name, _) in has.iter().filter(|(name, _)| !wanted.iter().any(|(other, _)| other == name)) {
        sql.push_str(&format!("DELETE FROM sqlite_sequence WHERE name = {};\n", text(name)));
    }
    Ok(())
}
