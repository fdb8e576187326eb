//! What a database looks like, as far as `mark` compares it: tables with their columns, foreign keys and indexes,
//! views and triggers by name. CHECK constraints, the texts of views and triggers, and rows are not looked at.

use std::collections::{BTreeMap, btree_map};

use crate::db::Db;
use crate::error::Error;
use crate::excerpt::visible;
use crate::history::History;
use crate::repeatable::word;
use crate::set::Repeatable;
use crate::value::{Row, Value};

/// What [`Schema::differences`] covers, in words.
pub(crate) const COMPARED: &str = "tables, columns (type, NOT NULL, default, key), foreign keys and indexes; views and \
                                   triggers by name";

/// The objects of a database, but for the history's own.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// By type and name in lower case, as SQLite compares names.
    objects: BTreeMap<(String, String), Object>,
}

#[derive(Debug, Default)]
struct Object {
    name: String,
    /// What is known of it: a column, say, and of what type it is.
    facts: BTreeMap<String, String>,
    /// The columns in their order, which matters to `INSERT` and `SELECT *`.
    columns: Vec<String>,
}

impl Schema {
    /// Reads it from `main`.
    pub(crate) fn read(db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let mut schema = Self::default();
        let own = history.tables().map(|name| Value::Text(name.to_owned()));
        let mut query = |sql: &str, params: &[Value]| db.query("could not read the schema", sql, params);
        let sql = "SELECT type, name FROM main.sqlite_master WHERE type <> 'index' \
                   AND lower(substr(name, 1, 7)) <> 'sqlite_' AND tbl_name <> ?1 COLLATE NOCASE \
                   AND tbl_name <> ?2 COLLATE NOCASE AND tbl_name <> ?3 COLLATE NOCASE";
        for row in query(sql, &own)? {
            let [kind, name] = words(row);
            let key = (kind, name.to_ascii_lowercase());
            schema.objects.insert(key, Object { name, ..Object::default() });
        }
        for row in query(&of_tables("c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden", COLUMNS), &[])? {
            let [table, name, kind, not_null, default, key, hidden] = words(row);
            let Some(object) = schema.table(&table) else { continue };
            let mut fact = if kind.is_empty() { "no type".to_owned() } else { kind.to_ascii_uppercase() };
            for (given, words) in [
                (not_null != "0", " NOT NULL".to_owned()),
                (!default.is_empty(), format!(" DEFAULT {default}")),
                (key != "0", format!(" PRIMARY KEY ({key})")),
                (hidden != "0", " GENERATED".to_owned()),
            ] {
                if given {
                    fact.push_str(&words);
                }
            }
            object.columns.push(name.to_ascii_lowercase());
            object.facts.insert(format!("the column `{name}`"), fact);
        }
        let mut keys: BTreeMap<(String, String), [String; 5]> = BTreeMap::new();
        let sql = of_tables("f.id, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete", FOREIGN_KEYS);
        for row in query(&sql, &[])? {
            let [table, id, from, parent, to, update, delete] = words(row);
            match keys.entry((table, id)) {
                btree_map::Entry::Vacant(entry) => drop(entry.insert([from, parent, to, update, delete])),
                btree_map::Entry::Occupied(mut entry) => {
                    let [all_from, _, all_to, ..] = entry.get_mut();
                    all_from.push_str(&format!(", {from}"));
                    all_to.push_str(&format!(", {to}"));
                }
            }
        }
        for ((table, _), [from, parent, to, update, delete]) in keys {
            let fact = format!("on update {update}, on delete {delete}");
            schema.fact(&table, format!("the foreign key from ({from}) to {parent} ({to})"), fact);
        }
        let mut indexes: BTreeMap<(String, String), (String, String, String)> = BTreeMap::new();
        let sql = of_tables("i.name, i.\"unique\", i.origin, i.partial, x.name, x.\"desc\", x.coll", INDEXES);
        for row in query(&sql, &[])? {
            let [table, index, unique, origin, partial, column, descending, collation] = words(row);
            let mut column = if column.is_empty() { "an expression".to_owned() } else { column };
            if descending == "1" {
                column.push_str(" DESC");
            }
            if !matches!(collation.as_str(), "" | "BINARY") {
                column.push_str(&format!(" COLLATE {collation}"));
            }
            let flags = match (unique.as_str(), partial.as_str()) {
                ("1", "1") => "unique, partial",
                ("1", _) => "unique",
                (_, "1") => "partial",
                _ => "",
            };
            let (_, _, columns) =
                indexes.entry((table, index)).or_insert_with(|| (origin, flags.to_owned(), String::new()));
            columns.push_str(if columns.is_empty() { "" } else { ", " });
            columns.push_str(&column);
        }
        for ((table, index), (origin, flags, columns)) in indexes {
            match origin.as_str() {
                "c" => schema.fact(&table, format!("the index `{index}`"), format!("({columns}) {flags}")),
                "u" => schema.fact(&table, format!("UNIQUE ({columns})"), flags),
                // The primary key stands in the columns.
                _ => {}
            }
        }
        Ok(schema)
    }

    /// Leaves out what these make.
    pub(crate) fn without(mut self, repeatables: &[Repeatable<'_>]) -> Self {
        for object in repeatables.iter().flat_map(|repeatable| repeatable.objects) {
            self.objects.remove(&(word(object.kind).to_owned(), object.name.to_ascii_lowercase()));
        }
        self
    }

    /// How many objects it has.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    fn table(&mut self, name: &str) -> Option<&mut Object> {
        self.objects.get_mut(&("table".to_owned(), name.to_ascii_lowercase()))
    }

    fn fact(&mut self, table: &str, what: String, value: String) {
        if let Some(object) = self.table(table) {
            object.facts.insert(what, value.trim_end().to_owned());
        }
    }

    /// What this database has otherwise than `expected`, one sentence for each difference.
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        let mut out = Vec::new();
        for (key, object) in &expected.objects {
            let what = format!("the {} `{}`", key.0, object.name);
            match self.objects.get(key) {
                Some(found) => found.against(object, &what, &mut out),
                None => out.push(format!("{what} is missing")),
            }
        }
        let alone = self.objects.iter().filter(|(key, _)| !expected.objects.contains_key(key));
        out.extend(alone.map(|((kind, _), object)| format!("no migration makes the {kind} `{}`", object.name)));
        out.iter().map(|difference| visible(difference)).collect()
    }
}

impl Object {
    fn against(&self, expected: &Self, what: &str, out: &mut Vec<String>) {
        let before = out.len();
        for (fact, value) in &expected.facts {
            match self.facts.get(fact) {
                Some(found) if found == value => {}
                Some(found) => out.push(format!("{what}: {fact} is `{found}`, and `{value}` by the migrations")),
                None => out.push(format!("{what}: {fact} is missing")),
            }
        }
        let alone = self.facts.keys().filter(|fact| !expected.facts.contains_key(*fact));
        out.extend(alone.map(|fact| format!("{what}: no migration makes {fact}")));
        if out.len() == before && self.columns != expected.columns {
            let (found, made) = (self.columns.join(", "), expected.columns.join(", "));
            out.push(format!("{what}: its columns are ({found}), and ({made}) by the migrations"));
        }
    }
}

const COLUMNS: &str = "pragma_table_xinfo(m.name, 'main') c";
const FOREIGN_KEYS: &str = "pragma_foreign_key_list(m.name, 'main') f";
const INDEXES: &str = "pragma_index_list(m.name, 'main') i, pragma_index_xinfo(i.name, 'main') x";

/// A question about every table that is no virtual one: the module of those may not be there.
fn of_tables(columns: &str, source: &str) -> String {
    let only_keys = if source == INDEXES { " AND x.key = 1" } else { "" };
    let order = match source {
        COLUMNS => "c.cid",
        FOREIGN_KEYS => "f.id, f.seq",
        _ => "i.name, x.seqno",
    };
    format!(
        "SELECT m.name, {columns} FROM main.sqlite_master m, {source} WHERE m.type = 'table' \
         AND lower(m.sql) NOT LIKE 'create virtual%'{only_keys} ORDER BY m.name, {order}"
    )
}

/// The values of a row as text; nothing for NULL.
fn words<const N: usize>(row: Row) -> [String; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| match values.next() {
        Some(Value::Text(text)) => text,
        Some(Value::Integer(number)) => number.to_string(),
        _ => String::new(),
    })
}
