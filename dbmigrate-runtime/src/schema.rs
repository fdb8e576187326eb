//! What a database looks like, and how two of them differ: tables with their columns, foreign keys and indexes, views
//! and triggers. Their texts tell a difference where nothing else does; `mark` does not go by those, as two texts may
//! mean the same. Rows are not looked at.

use crate::db::Db;
use crate::error::Error;
use crate::excerpt::visible;
use crate::history::History;
use crate::names::ByName;
use crate::objects;
use crate::repeatable::word;
use crate::set::Repeatable;
use crate::value::{Row, Value, optional};

/// What [`Schema::differences`] covers, in words.
pub(crate) const COMPARED: &str = "tables, columns (type, NOT NULL, default, key), foreign keys and indexes; views and \
                                   triggers by name";

/// The objects of a database, but for the history's own.
#[derive(Default)]
pub(crate) struct Schema {
    /// By type and name.
    pub(crate) objects: ByName<Object>,
}

/// A table, a view or a trigger.
#[derive(Default, Clone)]
pub(crate) struct Object {
    /// `table`, `view` or `trigger`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// What made it and its indexes, as SQLite keeps it.
    pub(crate) text: String,
    /// What is known of it: a column, say, and of what type it is.
    pub(crate) facts: ByName<String>,
    /// The columns in their order, which matters to `INSERT` and `SELECT *`.
    pub(crate) columns: Vec<String>,
    /// Those of its primary key.
    pub(crate) key: Vec<String>,
}

/// One thing that a database has otherwise than another.
pub(crate) struct Difference<'d> {
    /// The object; as the other has it where both do.
    pub(crate) object: &'d Object,
    /// What of it.
    pub(crate) what: What<'d>,
}

/// What two databases have differently, of one object.
pub(crate) enum What<'d> {
    /// Only the other has it.
    Missing,
    /// The other does not have it.
    Added,
    /// A fact that only one of them has, or each in a way of its own: here, and there.
    Fact(&'d str, Option<&'d str>, Option<&'d str>),
    /// The order of the columns: here, and there.
    Columns(&'d [String], &'d [String]),
    /// Nothing but its text.
    Text,
}

impl Schema {
    /// Reads it from `main`.
    #[inline]
    pub(crate) fn read(db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let mut schema = Self::list(db, history)?;
        schema.look(db, None)?;
        Ok(schema)
    }

    /// The objects and their texts, without the facts.
    #[inline]
    pub(crate) fn list(db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let mut schema = Self::default();
        for row in objects::rows(db, history)? {
            let [kind, name, text, table] = words(row);
            if kind != "index" {
                schema.objects.insert(key(&kind, &name), Object { kind, name, text, ..Object::default() });
            } else if let Some(object) = schema.table(&table) {
                object.text.push_str(&text);
            }
        }
        Ok(schema)
    }

    /// Reads the facts of one table, or of all.
    #[inline]
    pub(crate) fn look(&mut self, db: &mut Db<'_>, table: Option<&str>) -> Result<(), Error> {
        let only = [optional(table)];
        let mut query = |sql: &str| db.query("could not read the schema", sql, &only);
        for row in query(&of_tables("c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden", COLUMNS))? {
            let [table, name, kind, not_null, default, place, hidden] = words(row);
            let Some(object) = self.table(&table) else { continue };
            let mut fact = if kind.is_empty() { "no type".to_owned() } else { kind.to_ascii_uppercase() };
            for (given, words) in [
                (not_null != "0", " NOT NULL".to_owned()),
                (!default.is_empty(), format!(" DEFAULT {default}")),
                (place != "0", format!(" PRIMARY KEY ({place})")),
                (hidden != "0", " GENERATED".to_owned()),
            ] {
                if given {
                    fact.push_str(&words);
                }
            }
            if place != "0" {
                object.key.push(name.to_ascii_lowercase());
            }
            object.columns.push(name.to_ascii_lowercase());
            object.facts.insert(format!("{COLUMN} `{name}`"), fact);
        }
        // The rows of one key follow each other, as do those of one index.
        let mut keys: Vec<[String; 7]> = Vec::new();
        let sql = of_tables("f.id, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete", FOREIGN_KEYS);
        for row in query(&sql)? {
            let row = words(row);
            match keys.last_mut() {
                Some([table, id, all_from, _, all_to, ..]) if *table == row[0] && *id == row[1] => {
                    all_from.push_str(&format!(", {}", row[2]));
                    all_to.push_str(&format!(", {}", row[4]));
                }
                _ => keys.push(row),
            }
        }
        for [table, _, from, parent, to, update, delete] in keys {
            let fact = format!("on update {update}, on delete {delete}");
            self.fact(&table, format!("the foreign key from ({from}) to {parent} ({to})"), fact);
        }
        let mut indexes: Vec<[String; 5]> = Vec::new();
        let sql = of_tables("i.name, i.\"unique\", i.origin, i.partial, x.name, x.\"desc\", x.coll", INDEXES);
        for row in query(&sql)? {
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
            match indexes.last_mut() {
                Some([of, name, .., columns]) if *of == table && *name == index => {
                    columns.push_str(&format!(", {column}"));
                }
                _ => indexes.push([table, index, origin, flags.to_owned(), column]),
            }
        }
        for [table, index, origin, flags, columns] in indexes {
            match origin.as_str() {
                "c" => self.fact(&table, format!("the index `{index}`"), format!("({columns}) {flags}")),
                "u" => self.fact(&table, format!("UNIQUE ({columns})"), flags),
                // The primary key stands in the columns.
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves out what these make.
    #[inline]
    pub(crate) fn without(mut self, repeatables: &[Repeatable<'_>]) -> Self {
        for object in repeatables.iter().flat_map(|repeatable| repeatable.objects) {
            self.objects.remove(&key(word(object.kind), object.name));
        }
        self
    }

    /// All of them.
    #[cfg(feature = "testing")]
    #[inline]
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().map(|(_, object)| object)
    }

    /// The table, view or trigger of a kind and name.
    #[cfg(feature = "testing")]
    #[inline]
    pub(crate) fn object(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.get(&key(kind, name))
    }

    /// How many objects it has.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    #[inline]
    fn table(&mut self, name: &str) -> Option<&mut Object> {
        self.objects.get_mut(&key("table", name))
    }

    #[inline]
    fn fact(&mut self, table: &str, what: String, value: String) {
        if let Some(object) = self.table(table) {
            object.facts.insert(what, value.trim_end().to_owned());
        }
    }

    /// What this database has otherwise than `other`, by kind and name; what only this one has comes last.
    #[inline]
    pub(crate) fn compare<'d>(&'d self, other: &'d Self) -> Vec<Difference<'d>> {
        let mut out = Vec::new();
        for (key, object) in other.objects.iter() {
            match self.objects.get(key) {
                Some(found) => out.extend(found.against(object).into_iter().map(|what| Difference { object, what })),
                None => out.push(Difference { object, what: What::Missing }),
            }
        }
        let alone = self.objects.iter().filter(|(key, _)| other.objects.get(key).is_none());
        out.extend(alone.map(|(_, object)| Difference { object, what: What::Added }));
        out
    }

    /// What this database has otherwise than what the migrations make, one sentence for each difference.
    #[inline]
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        self.compare(expected).iter().filter_map(sentence).map(|difference| visible(&difference)).collect()
    }
}

impl Object {
    #[inline]
    fn against<'d>(&'d self, other: &'d Self) -> Vec<What<'d>> {
        let mut out = Vec::new();
        for (fact, there) in other.facts.iter() {
            match self.facts.get(fact) {
                Some(here) if here == there => {}
                here => out.push(What::Fact(fact, here.map(String::as_str), Some(there))),
            }
        }
        let alone = self.facts.iter().filter(|(fact, _)| other.facts.get(fact).is_none());
        out.extend(alone.map(|(fact, here)| What::Fact(fact, Some(here), None)));
        if out.is_empty() && self.columns != other.columns {
            out.push(What::Columns(&self.columns, &other.columns));
        }
        if out.is_empty() && self.text != other.text {
            out.push(What::Text);
        }
        out
    }
}

/// A difference as `mark` says it.
#[inline]
fn sentence(difference: &Difference<'_>) -> Option<String> {
    let Object { kind, name, .. } = difference.object;
    let what = format!("the {kind} `{name}`");
    Some(match &difference.what {
        What::Missing => format!("{what} is missing"),
        What::Added => format!("no migration makes {what}"),
        What::Fact(fact, Some(here), Some(there)) => {
            format!("{what}: {fact} is `{here}`, and `{there}` in the migrations")
        }
        What::Fact(fact, None, _) => format!("{what}: {fact} is missing"),
        What::Fact(fact, ..) => format!("{what}: no migration makes {fact}"),
        What::Columns(here, there) => {
            format!("{what}: its columns are ({}), and ({}) in the migrations", here.join(", "), there.join(", "))
        }
        What::Text => return None,
    })
}

/// What the name of a fact about a column begins with.
pub(crate) const COLUMN: &str = "the column";
const COLUMNS: &str = "pragma_table_xinfo(m.name, 'main') c";
const FOREIGN_KEYS: &str = "pragma_foreign_key_list(m.name, 'main') f";
const INDEXES: &str = "pragma_index_list(m.name, 'main') i, pragma_index_xinfo(i.name, 'main') x";

/// A question about one table, or all, but for virtual ones: the module of those may not be there.
#[inline]
fn of_tables(columns: &str, source: &str) -> String {
    let only_keys = if source == INDEXES { " AND x.key = 1" } else { "" };
    let order = match source {
        COLUMNS => "c.cid",
        FOREIGN_KEYS => "f.id, f.seq",
        _ => "i.name, x.seqno",
    };
    format!(
        "SELECT m.name, {columns} FROM main.sqlite_master m, {source} WHERE m.type = 'table' \
         AND (?1 IS NULL OR m.name = ?1) AND lower(m.sql) NOT LIKE 'create virtual%'{only_keys} ORDER BY m.name, {order}"
    )
}

/// What an object goes by: its type, and its name in lower case, as SQLite compares names.
#[inline]
fn key(kind: &str, name: &str) -> String {
    format!("{kind} {}", name.to_ascii_lowercase())
}

/// The values of a row as text; nothing for NULL.
#[inline]
fn words<const N: usize>(row: Row) -> [String; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| match values.next() {
        Some(Value::Text(text)) => text,
        Some(Value::Integer(number)) => number.to_string(),
        _ => String::new(),
    })
}
