//! The rows of two schemas: what both can hold has to be there after a step as it was before.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use dbmigrate_core::Diagnostic;
use rusqlite::{Connection, OptionalExtension as _};

use super::loss::{Loss, LossKind};
use crate::cell::Cell;
use crate::compare::compare;
use crate::fill::rowid_name;
use crate::model::{Column, Kind, Name, Object, Schema, Table};
use crate::plan::{Decisions, Rename, misfit};
use crate::wide::Question;

/// A table that is in both schemas, perhaps under two names, with the columns that are.
pub(crate) struct Pair {
    from: Name,
    to: Name,
    columns: Vec<(Name, Name)>,
    /// Whether a row has to keep its rowid, and an `AUTOINCREMENT` its counter.
    ids: bool,
    /// The columns for which somebody says what they are filled with.
    filled: Vec<Name>,
}

impl Pair {
    /// Leaves out what a table numbers by itself.
    pub(crate) fn without_ids(&mut self) {
        self.ids = false;
    }

    /// Leaves a column out, by its name afterwards.
    pub(crate) fn without(&mut self, column: &Name) {
        self.columns.retain(|(_, to)| to != column);
    }

    /// The table afterwards.
    pub(crate) fn table(&self) -> &Name {
        &self.to
    }

    /// The table before.
    pub(super) fn table_before(&self) -> &Name {
        &self.from
    }

    /// The same for the down script.
    pub(super) fn flipped(self) -> Self {
        let columns = self.columns.into_iter().map(|(from, to)| (to, from)).collect();
        Self { from: self.to, to: self.from, columns, ..self }
    }
}

/// The tables that are the same before and after, but for what was renamed.
pub(crate) fn pairs(before: &Schema, after: &Schema, decisions: &Decisions) -> Vec<Pair> {
    let renames = &decisions.renames;
    let tables = renames.iter().filter_map(|rename| match rename {
        Rename::Table { from, to } => Some((from, to)),
        Rename::Column { .. } => None,
    });
    let tables: HashMap<&Name, &Name> = tables.collect();
    let matched = |table: &Table| {
        let to = followed(&table.name, &tables)?;
        let columns = renames.iter().filter_map(|rename| match rename {
            Rename::Column { table, from, to: column } if table == to => Some((from, column)),
            _ => None,
        });
        let (after, columns) = (after.table(to)?, columns.collect());
        let column = |column: &Column| {
            let to = followed(&column.name, &columns)?;
            after.column(to).map(|_| (column.name.clone(), to.clone()))
        };
        let columns = table.columns.iter().filter_map(column).collect();
        let filled = decisions.fills.iter().filter(|fill| fill.table == *to).map(|fill| fill.column.clone());
        Some(Pair { from: table.name.clone(), to: to.clone(), columns, ids: true, filled: filled.collect() })
    };
    before.tables().filter_map(matched).collect()
}

/// The name afterwards; none where it is now that of something else.
fn followed<'a>(name: &'a Name, renames: &HashMap<&'a Name, &'a Name>) -> Option<&'a Name> {
    match renames.get(name) {
        Some(to) => Some(to),
        None => (!renames.values().any(|to| *to == name)).then_some(name),
    }
}

/// The rows before a step, and how to find them after it.
pub(crate) struct Contents {
    tables: Vec<TableContents>,
}

struct TableContents {
    to: Name,
    /// What the values are called afterwards.
    columns: Vec<String>,
    /// As they have to be afterwards.
    rows: Vec<Vec<Cell>>,
    /// The question afterwards.
    again: Question,
    /// The columns that take NULL no more: something else has to stand there then.
    filled: Vec<bool>,
    /// How far the ids of an `AUTOINCREMENT` have come, where it stays one.
    sequence: Option<i64>,
}

impl Contents {
    /// Reads the rows that both schemas can hold, in the form in which the later one holds them.
    pub(crate) fn read(connection: &Connection, pairs: &[Pair], from: &Schema, to: &Schema) -> rusqlite::Result<Self> {
        let mut tables = Vec::new();
        for pair in pairs {
            if let (Some(before), Some(after)) = (from.table(&pair.from), to.table(&pair.to)) {
                tables.push(held(connection, pair, before, after)?);
            }
        }
        // What is known by its text alone, or by its module, is compared as it is.
        for object in &from.objects {
            let whole = match object {
                Object::Opaque(_) => matches!(object.kind(), Kind::Table | Kind::VirtualTable),
                // What stands in another table is looked at there, and the words by SQLite itself.
                Object::VirtualTable(table) => table.content().is_none(),
                _ => false,
            };
            // Nothing changes a virtual table: one that becomes another was dropped, which somebody has allowed.
            let stays = |after: &Object| object.kind() != Kind::VirtualTable || is_same(object, after);
            if whole && to.object(object.kind(), object.name()).is_some_and(stays) {
                tables.extend(whole_table(connection, object));
            }
        }
        Ok(Self { tables })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.tables.iter().map(|table| table.rows.len()).sum()
    }

    /// What is not there any more, or is not what it was.
    pub(crate) fn losses(self, connection: &Connection) -> rusqlite::Result<Vec<Loss>> {
        let mut losses = Vec::new();
        for table in self.tables {
            losses.extend(table.losses(connection)?);
        }
        Ok(losses)
    }

    /// The same, as findings of the proof.
    pub(super) fn lost(self, connection: &Connection) -> rusqlite::Result<Vec<Diagnostic>> {
        let problem = |loss: Loss| {
            let mut problem = Diagnostic::error("proof", loss.to_string());
            problem.notes.extend(loss.instead.map(|other| format!("there is {other} instead")));
            problem
        };
        Ok(self.losses(connection)?.into_iter().map(problem).collect())
    }
}

fn held(connection: &Connection, pair: &Pair, before: &Table, after: &Table) -> rusqlite::Result<TableContents> {
    let columns = pair.columns.iter().filter_map(|(from, to)| Some((before.column(from)?, after.column(to)?)));
    // What is computed anew tells nothing about what was kept.
    let columns: Vec<(&Column, &Column)> = columns.filter(|(_, to)| to.generated.is_none()).collect();
    // Where a column is the rowid, it speaks for it, unless it is new.
    let says =
        |alias: &Column| pair.columns.iter().any(|(_, to)| *to == alias.name) || pair.filled.contains(&alias.name);
    let numbered = pair.ids && !after.rowid_alias().is_some_and(says);
    let rowids = rowid_name(before).zip(rowid_name(after)).filter(|_| numbered);
    let select = |table: &Table, rowid: Option<&String>, name: fn(&(&Column, &Column)) -> String| Question {
        names: rowid.cloned().into_iter().chain(columns.iter().map(name)).collect(),
        from: format!("main.{}", table.name.to_sql()),
        rowid: rowid.cloned(),
    };
    let asked = select(before, rowids.as_ref().map(|(from, _)| from), |(from, _)| from.name.to_sql());
    let mut rows = asked.ask(connection)?;
    let first = usize::from(rowids.is_some());
    for (at, (from, to)) in columns.iter().enumerate() {
        if (&from.declared_type, before.strict) != (&to.declared_type, after.strict) {
            convert(&mut rows, first + at, (from, before.strict), (to, after.strict))?;
        }
    }
    let names = rowids.iter().map(|_| "rowid".to_owned()).chain(columns.iter().map(|(_, to)| to.name.to_string()));
    let takes_no_null = |column: &Column| {
        let in_key = after.is_in_primary_key(&column.name);
        column.not_null.is_some() || (in_key && (after.strict || after.without_rowid))
    };
    let filled = rowids.iter().map(|_| false).chain(columns.iter().map(|(_, to)| takes_no_null(to)));
    let counts = |table: &Table| table.primary_key().is_some_and(|key| key.autoincrement);
    Ok(TableContents {
        to: pair.to.clone(),
        columns: names.collect(),
        filled: filled.collect(),
        again: select(after, rowids.as_ref().map(|(_, to)| to), |(_, to)| to.name.to_sql()),
        sequence: if pair.ids && counts(before) && counts(after) { sequence(connection, &pair.from)? } else { None },
        rows,
    })
}

fn is_same(one: &Object, other: &Object) -> bool {
    let alone = |object: &Object| Schema { objects: vec![object.clone()] };
    compare(&alone(one), &alone(other)).is_empty()
}

/// A table of which the columns are not known; none where it can't be read.
fn whole_table(connection: &Connection, object: &Object) -> Option<TableContents> {
    let name = object.name();
    let from = format!("main.{}", name.to_sql());
    let again = Question { names: vec!["*".to_owned()], from, rowid: None };
    let all = format!("SELECT * FROM {}", again.from);
    let columns: Vec<String> = connection.prepare(&all).ok()?.column_names().map(str::to_owned).collect();
    let rows = again.ask(connection).ok()?;
    let filled = vec![false; columns.len()];
    Some(TableContents { to: name.clone(), columns, rows, again, filled, sequence: None })
}

/// What a column of another type makes of the values, by SQLite's own rules; what it does not take stays as it is, and
/// so does what would be another value: nobody said that `'007'` is 7.
fn convert(rows: &mut [Vec<Cell>], at: usize, from: (&Column, bool), to: (&Column, bool)) -> rusqlite::Result<()> {
    let scratch = Connection::open_in_memory()?;
    let declared = |column: &Column| column.declared_type.clone().unwrap_or_default();
    let (was, is) = (declared(from.0), declared(to.0));
    let strict = |strict: bool| if strict { " STRICT" } else { "" };
    scratch.execute_batch(&format!(
        "CREATE TABLE was (value {was}){}; CREATE TABLE scratch (value {is}){}",
        strict(from.1),
        strict(to.1)
    ))?;
    let misfit = misfit(from, to, &Name::new("value")).unwrap_or_else(|| "false".to_owned());
    let mut before = scratch.prepare(&format!("INSERT INTO was VALUES (?1) RETURNING {misfit}"))?;
    let mut insert = scratch.prepare("INSERT INTO scratch VALUES (?1) RETURNING value")?;
    for row in rows {
        if before.query_row([&row[at]], |misfit| misfit.get::<_, Option<bool>>(0)).is_ok_and(|it| it == Some(true)) {
            continue;
        }
        let stored = insert.query_row([&row[at]], |stored| Ok(Cell::from(stored.get_ref(0)?)));
        if let Ok(stored) = stored {
            row[at] = stored;
        }
    }
    Ok(())
}

fn sequence(connection: &Connection, table: &Name) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT seq FROM main.sqlite_sequence WHERE name = ?1 COLLATE NOCASE";
    let found = connection.query_row(sql, [table.as_str()], |row| row.get::<_, Option<i64>>(0)).optional();
    found.map(Option::flatten)
}

impl TableContents {
    fn losses(mut self, connection: &Connection) -> rusqlite::Result<Vec<Loss>> {
        let mut losses = Vec::new();
        let found = match self.again.ask(connection) {
            Ok(found) => found,
            // The schemas differ, which is said elsewhere.
            Err(_) => return Ok(losses),
        };
        let of = self.rows.len();
        let (missing, extra) = self.differences(found);
        match (missing.first(), extra.first()) {
            (Some(row), other) => {
                // The first value tells rows apart as a rule.
                let same = extra.iter().find(|extra| extra.first() == row.first());
                let is_other = |at: &usize| same.is_some_and(|same| same.get(*at) != row.get(*at));
                losses.push(Loss {
                    table: self.to.clone(),
                    column: (0..self.columns.len()).find(is_other).map(|at| self.columns[at].clone()),
                    kind: LossKind::Gone,
                    rows: missing.len(),
                    of,
                    example: self.show(row),
                    instead: same.or(other).map(|other| self.show(other)),
                });
            }
            (None, Some(row)) => losses.push(Loss {
                table: self.to.clone(),
                column: None,
                kind: LossKind::FromNowhere,
                rows: extra.len(),
                of,
                example: self.show(row),
                instead: None,
            }),
            (None, None) => {}
        }
        if let Some(before) = self.sequence
            && let after = sequence(connection, &self.to)?
            && after != Some(before)
        {
            losses.push(Loss {
                table: self.to.clone(),
                column: None,
                kind: LossKind::Counter,
                rows: 0,
                of,
                example: before.to_string(),
                instead: after.map(|after| after.to_string()),
            });
        }
        Ok(losses)
    }

    /// The rows that are missing, and those that are too many.
    fn differences(&mut self, mut found: Vec<Vec<Cell>>) -> (Vec<Vec<Cell>>, Vec<Vec<Cell>>) {
        self.rows.sort();
        found.sort();
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        let (mut expected, mut found) = (self.rows.drain(..).peekable(), found.into_iter().peekable());
        loop {
            let order = match (expected.peek(), found.peek()) {
                (Some(expected), Some(found)) => expected.cmp(found),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            if order != Ordering::Greater {
                missing.extend(expected.next().filter(|_| order == Ordering::Less));
            }
            if order != Ordering::Less {
                extra.extend(found.next().filter(|_| order == Ordering::Greater));
            }
        }
        // The fewer NULLs, the fewer rows it could have become.
        let mut order: Vec<usize> = (0..missing.len()).collect();
        order.sort_by_key(|at| missing[*at].iter().filter(|cell| **cell == Cell::Null).count());
        let mut found = HashSet::new();
        for at in order {
            if let Some(other) = extra.iter().position(|extra| fits(&self.filled, &missing[at], extra)) {
                extra.remove(other);
                found.insert(at);
            }
        }
        let missing = missing.into_iter().enumerate().filter(|(at, _)| !found.contains(at));
        (missing.map(|(_, row)| row).collect(), extra)
    }

    fn show(&self, row: &[Cell]) -> String {
        let cells = self.columns.iter().zip(row).map(|(column, cell)| format!("{column} = {cell}"));
        format!("({})", cells.collect::<Vec<_>>().join(", "))
    }
}

/// Whether a row is what another became when its NULLs were filled.
fn fits(filled: &[bool], before: &[Cell], after: &[Cell]) -> bool {
    let mut cells = filled.iter().zip(before).zip(after);
    cells.all(|((filled, before), after)| before == after || (*filled && *before == Cell::Null))
}
