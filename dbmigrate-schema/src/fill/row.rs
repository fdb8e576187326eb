//! The rows of one table: values are tried, and what SQLite objects to is chosen anew.

use rusqlite::{Connection, params_from_iter};

use super::random::Random;
use super::value::{self, Check};
use super::{Judge, ROWS, references};
use crate::cell::Cell;
use crate::execute::message;
use crate::model::{Column, ForeignKey, Name, Schema, Table};
use crate::wide::most;

/// How often the values of a row are chosen anew.
const ATTEMPTS: usize = 120;

/// The distance of each rowid from the one before.
const GAPS: [i64; ROWS] = [1, 1, 3, 1, 7, 1, 40, 1];

/// So seldom that it does not come.
const NEVER: usize = usize::MAX;

/// Fills one table.
pub(super) struct Filler<'a> {
    pub(super) connection: &'a Connection,
    pub(super) table: &'a Table,
    pub(super) schema: &'a Schema,
    /// The tables that are still to be filled.
    pub(super) later: &'a [&'a Table],
}

/// The values of a row, by column; `None` leaves the column out, so that it takes its default.
type Values = Vec<Option<Cell>>;

impl Filler<'_> {
    /// Writes the rows; where there is not one, the reason.
    pub(super) fn rows(&self, random: &mut Random, judge: &mut Judge<'_>) -> Result<(), String> {
        let mut tried: Vec<_> = self.table.columns.iter().map(|column| value::of(self.table, column)).collect();
        if let Some(at) = self.table.rowid_alias().and_then(|alias| place(self.table, &alias.name)) {
            // After the last of all numbers there is no next one.
            tried[at].retain(|cell| !matches!(cell, Cell::Integer(i64::MAX | i64::MIN)));
        }
        let checks = value::checks(self.table);
        let mut rowids = Vec::new();
        let mut failure = None;
        for gap in GAPS {
            // The first row has no value where none is needed, and the second one everywhere: it also refers wherever it
            // can.
            let often = [1, NEVER].get(rowids.len()).copied().unwrap_or(5);
            match self.row(gap, often, &tried, &checks, random, judge) {
                Ok(rowid) => rowids.push(rowid),
                Err(why) => failure = Some(why),
            }
        }
        match failure {
            Some(why) if rowids.is_empty() => return Err(why),
            _ => {}
        }
        self.lose_the_newest();
        Ok(())
    }

    /// An id that was given once is never given again, also when its row is gone.
    fn lose_the_newest(&self) {
        if self.table.primary_key().is_some_and(|key| key.autoincrement) {
            let sql = "UPDATE main.sqlite_sequence SET seq = seq + 1000 WHERE name = ?1 COLLATE NOCASE AND seq < 1e18";
            // Where there never was an id, there is nothing to go on from.
            let _ = self.connection.execute(sql, [self.table.name.as_str()]);
        }
    }

    fn row(
        &self,
        gap: i64,
        mut often: usize,
        tried: &[Vec<Cell>],
        checks: &[Check],
        random: &mut Random,
        judge: &mut Judge<'_>,
    ) -> Result<Option<i64>, String> {
        let alias = self.table.rowid_alias();
        let refers = |name: &Name| self.table.foreign_keys().any(|key| key.columns.contains(name));
        // A rowid that refers to another table is chosen there.
        let rowid = if alias.is_some_and(|alias| refers(&alias.name)) { None } else { self.next_rowid(gap) };
        let mut values: Values = vec![None; self.table.columns.len()];
        let mut again: Vec<usize> = (0..values.len()).collect();
        // What the last objection was about speaks for the next choice.
        let mut hints: &[Cell] = &[];
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            for &at in &again {
                values[at] = choose(&self.table.columns[at], &tried[at], hints, often, random);
            }
            self.refer(&again, rowid, &mut values, often != NEVER, random);
            often = 5;
            match self.insert(rowid, &values, judge) {
                Ok(()) => return Ok(rowid),
                Err(refused) => why = refused,
            }
            let called = why.strip_prefix("CHECK constraint failed: ");
            let failed: Vec<_> = checks.iter().filter(|check| Some(check.called.as_str()) == called).collect();
            (again, hints) = match random.pick(&failed) {
                Some(check) => (check.columns.clone(), check.values.as_slice()),
                None => (self.named_in(&why), [].as_slice()),
            };
            if again.is_empty() {
                again = (0..values.len()).collect();
            }
        }
        Err(why)
    }

    /// The columns that a message names as `table.column`.
    fn named_in(&self, message: &str) -> Vec<usize> {
        let columns = self.table.columns.iter().enumerate();
        let named = columns.filter(|(_, column)| {
            let name = format!("{}.{}", self.table.name, column.name);
            // What is computed changes with the others.
            column.generated.is_none() && message.split([' ', ',']).any(|word| word.eq_ignore_ascii_case(&name))
        });
        named.map(|(at, _)| at).collect()
    }

    /// Takes the values of a parent over into the columns that refer to it; a row may be its own parent.
    fn refer(&self, again: &[usize], rowid: Option<i64>, values: &mut Values, may_miss: bool, random: &mut Random) {
        for key in self.table.foreign_keys() {
            let columns: Vec<_> = key.columns.iter().map(|name| place(self.table, name)).collect();
            if !columns.iter().flatten().any(|at| again.contains(at)) || (may_miss && random.one_in(5)) {
                continue;
            }
            let parents = references::keys(self.connection, self.schema, key);
            let own = (key.parent == self.table.name && (parents.is_empty() || random.one_in(3)))
                .then(|| self.own_key(key, rowid, values));
            let Some(parent) = own.flatten().or_else(|| random.pick(&parents).cloned()) else { continue };
            for (at, value) in columns.into_iter().zip(parent) {
                if let Some(at) = at {
                    values[at] = Some(value);
                }
            }
        }
    }

    /// What the row that is being made can be referred to by.
    fn own_key(&self, key: &ForeignKey, rowid: Option<i64>, values: &Values) -> Option<Vec<Cell>> {
        let alias = self.table.rowid_alias().map(|column| &column.name);
        let value = |name: &Name| match rowid {
            Some(rowid) if alias == Some(name) => Some(Cell::Integer(rowid)),
            _ => values[place(self.table, name)?].clone(),
        };
        references::parent_columns(self.schema, key)?.into_iter().map(value).collect()
    }

    /// Writes a row, unless SQLite or the judge objects.
    fn insert(&self, rowid: Option<i64>, values: &Values, judge: &mut Judge<'_>) -> Result<(), String> {
        let text = |error: rusqlite::Error| message(&error);
        self.connection.execute_batch("SAVEPOINT dbmigrate_row").map_err(text)?;
        let outcome = self.execute(rowid, values).and_then(|()| {
            match references::missed(self.connection, self.table, self.later) {
                Some(parent) => Err(format!("there is no row in `{parent}` that it could refer to")),
                None => judge(self.connection, self.table),
            }
        });
        if self.connection.is_autocommit() {
            // A trigger has rolled back everything, the savepoint included.
            return outcome.and(Err("a trigger ends the transaction".to_owned()));
        }
        let end = if outcome.is_ok() { "" } else { "ROLLBACK TO dbmigrate_row; " };
        self.connection.execute_batch(&format!("{end}RELEASE dbmigrate_row")).map_err(text)?;
        outcome
    }

    fn execute(&self, rowid: Option<i64>, values: &Values) -> Result<(), String> {
        let alias = self.table.rowid_alias().map(|column| &column.name);
        let (mut columns, mut cells) = (Vec::new(), Vec::new());
        // Beside as many columns as a table may have SQLite takes no rowid.
        let is_wide = alias.is_none() && self.table.columns.len() >= most(self.connection);
        if let (Some(rowid), Some(name), false) = (rowid, rowid_name(self.table), is_wide) {
            columns.push(name);
            cells.push(Cell::Integer(rowid));
        }
        for (column, value) in self.table.columns.iter().zip(values) {
            if let Some(value) = value
                && column.generated.is_none()
                && (rowid.is_none() || alias != Some(&column.name))
            {
                columns.push(column.name.to_sql());
                cells.push(value.clone());
            }
        }
        let sql = if columns.is_empty() {
            format!("INSERT OR ABORT INTO {} DEFAULT VALUES", self.name())
        } else {
            let places = vec!["?"; columns.len()].join(", ");
            format!("INSERT OR ABORT INTO {} ({}) VALUES ({places})", self.name(), columns.join(", "))
        };
        let written = self.connection.prepare(&sql).and_then(|mut it| it.execute(params_from_iter(cells)));
        match written {
            Ok(1) => Ok(()),
            Ok(_) => Err("a trigger ignores the row".to_owned()),
            Err(error) => Err(message(&error)),
        }
    }

    fn next_rowid(&self, gap: i64) -> Option<i64> {
        let name = rowid_name(self.table)?;
        let newest = self
            .connection
            .query_row(&format!("SELECT max({name}) FROM {}", self.name()), [], |row| row.get::<_, Option<i64>>(0));
        newest.ok()?.unwrap_or(0).checked_add(gap)
    }

    fn name(&self) -> String {
        format!("main.{}", self.table.name.to_sql())
    }
}

/// The name by which the rowid is reached, if there is one and nothing hides it.
pub(crate) fn rowid_name(table: &Table) -> Option<String> {
    let alias = table.rowid_alias().map(|alias| alias.name.to_sql());
    alias.or_else(|| table.free_rowid_name().map(str::to_owned))
}

fn place(table: &Table, name: &Name) -> Option<usize> {
    table.columns.iter().position(|column| column.name == *name)
}

/// Chooses a value; NULL, where it may be, once in `often` times.
fn choose(column: &Column, tried: &[Cell], hints: &[Cell], often: usize, random: &mut Random) -> Option<Cell> {
    if column.not_null.is_none() && random.one_in(often) {
        return Some(Cell::Null);
    }
    if column.default.is_some() && random.one_in(5) {
        return None;
    }
    let from = if hints.is_empty() || random.one_in(4) { tried } else { hints };
    random.pick(from).cloned()
}
