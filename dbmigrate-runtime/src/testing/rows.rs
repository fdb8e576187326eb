//! The rows of a database, and what is lost between two looks at them.

use std::rc::Rc;

use crate::db::Db;
use crate::error::Error;
use crate::names::{ByName, Names};
use crate::quote::identifier;
use crate::schema::{Object, Schema};
use crate::value::{Row, Value};

/// The rows of all tables, by name in lower case. Those that belong to a virtual table are its own affair.
#[derive(Clone, Default)]
pub(super) struct Contents(ByName<Rc<Table>>);

/// The rows of one table.
pub(super) struct Table {
    pub(super) name: String,
    columns: Vec<String>,
    /// The places of the columns of its primary key.
    key: Vec<usize>,
    rows: Vec<Row>,
}

/// How much of a table has to be as it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Every row.
    Exactly,
    /// No row is gone, and no value has become NULL.
    Kept,
}

impl Contents {
    /// The rows as they are now: those of these tables are read, and of tables that were not there before.
    pub(super) fn renewed(
        &self,
        db: &mut Db<'_>,
        schema: &Schema,
        is_read: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let mut tables = ByName::default();
        for object in tables_of(schema) {
            let key = object.name.to_ascii_lowercase();
            if let Some(known) = self.0.get(&key).filter(|_| !is_read(&key)) {
                tables.insert(key, Rc::clone(known));
                continue;
            }
            let columns: Vec<String> = object.columns.iter().map(|column| identifier(column)).collect();
            let sql = format!("SELECT {} FROM main.{}", columns.join(", "), identifier(&object.name));
            let rows = db.query("could not read rows", &sql, &[])?.into_iter().collect();
            let place = |column: &String| object.columns.iter().position(|other| other == column);
            let table = Table {
                name: object.name.clone(),
                columns: object.columns.clone(),
                key: object.key.iter().filter_map(place).collect(),
                rows,
            };
            tables.insert(key, Rc::new(table));
        }
        Ok(Self(tables))
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.0.iter().map(|(_, table)| &**table)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Table> {
        self.0.get(&name.to_ascii_lowercase()).map(Rc::as_ref)
    }
}

/// In a database with more tables, only those are read again of which rows may have changed.
const MANY: usize = 64;

/// The tables, in lower case, of which rows may have changed since, besides those that are new: what these names belong
/// to, what has another text, what refers to any of that, and what a trigger mentions. None where it may be any.
pub(super) fn suspects(before: &Schema, now: &Schema, names: Option<Names>) -> Option<Names> {
    let mut suspects = names?;
    let tables: Vec<(String, String)> =
        tables_of(now).map(|table| (table.name.to_ascii_lowercase(), table.text.to_ascii_lowercase())).collect();
    if tables.len() <= MANY {
        return None;
    }
    let text = |schema: &Schema, name: &str| schema.object("table", name).map(|table| table.text.clone());
    let gone = tables_of(before).map(|table| table.name.to_ascii_lowercase());
    suspects.extend(gone.filter(|name| text(before, name) != text(now, name)));
    for trigger in now.objects().filter(|object| object.kind == "trigger") {
        let mentioned = trigger.text.to_ascii_lowercase();
        suspects.extend(tables.iter().map(|(name, _)| name).filter(|name| mentioned.contains(*name)).cloned());
    }
    // What refers to a table may lose rows with it, and so on.
    let mut new: Vec<String> = suspects.iter().cloned().collect();
    while let Some(parent) = new.pop() {
        let refers = |text: &str| text.contains("references") && text.contains(&parent);
        let more = tables.iter().filter(|(name, text)| refers(text) && !suspects.contains(name));
        let more: Vec<String> = more.map(|(name, _)| name.clone()).collect();
        suspects.extend(more.iter().cloned());
        new.extend(more);
    }
    Some(suspects)
}

/// The tables whose rows are a program's own.
fn tables_of(schema: &Schema) -> impl Iterator<Item = &Object> {
    // The columns of a virtual table are not asked for.
    let is_plain = |object: &&Object| object.kind == "table" && !object.columns.is_empty();
    let modules: Vec<String> = schema
        .objects()
        .filter(|object| object.kind == "table" && object.columns.is_empty())
        .map(|object| format!("{}_", object.name.to_ascii_lowercase()))
        .collect();
    schema.objects().filter(is_plain).filter(move |object| {
        let name = object.name.to_ascii_lowercase();
        !modules.iter().any(|module| name.starts_with(module))
    })
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What of this table `now` does not have any more, in the columns that `through` has, too.
    pub(super) fn lost(&self, now: &Self, through: &Self, how: How) -> Option<String> {
        let common = |column: &&String| now.columns.contains(column) && through.columns.contains(column);
        let columns: Vec<&String> = self.columns.iter().filter(common).collect();
        let pick = |table: &Self| -> Vec<Row> {
            let at = |column: &&String| table.columns.iter().position(|other| other == *column);
            let places: Vec<usize> = columns.iter().filter_map(at).collect();
            table.rows.iter().map(|row| places.iter().filter_map(|&at| row.get(at).cloned()).collect()).collect()
        };
        let (before, mut after) = (pick(self), pick(now));
        let count = before.len();
        let some = |gone: usize| format!("{gone} of {count} row{}", if count == 1 { "" } else { "s" });
        if how == How::Exactly {
            let is_gone = |row: &&Row| match after.iter().position(|other| other == *row) {
                Some(at) => {
                    after.swap_remove(at);
                    false
                }
                None => true,
            };
            let gone: Vec<&Row> = before.iter().filter(is_gone).collect();
            let first = gone.first()?;
            return Some(format!(
                "{} missing or changed, such as {}",
                are(&some(gone.len()), gone.len()),
                shown(&columns, first)
            ));
        }
        if after.len() < count {
            return Some(format!("{} gone", are(&some(count - after.len()), count - after.len())));
        }
        let key: Option<Vec<usize>> =
            self.key.iter().map(|&at| columns.iter().position(|column| **column == self.columns[at])).collect();
        let key = key.filter(|key| !key.is_empty())?;
        let same = |row: &Row, other: &Row| key.iter().all(|&at| row[at] == other[at]);
        for row in &before {
            match after.iter().find(|other| same(row, other)) {
                None => return Some(format!("a row is missing: {}", shown(&columns, row))),
                Some(other) => {
                    let emptied = |&at: &usize| row[at] != Value::Null && other[at] == Value::Null;
                    if let Some(at) = (0..columns.len()).find(emptied) {
                        return Some(format!("`{}` has become NULL in {}", columns[at], shown(&columns, row)));
                    }
                }
            }
        }
        None
    }
}

fn are(some: &str, count: usize) -> String {
    format!("{some} {}", if count == 1 { "is" } else { "are" })
}

fn shown(columns: &[&String], row: &Row) -> String {
    let value = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => crate::quote::literal(text),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    let cells: Vec<String> =
        columns.iter().zip(row).map(|(column, cell)| format!("{column} = {}", value(cell))).collect();
    format!("({})", crate::excerpt::visible(&cells.join(", ")))
}
