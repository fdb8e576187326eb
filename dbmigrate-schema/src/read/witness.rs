//! What SQLite's pragmas say of tables and indexes, against the model.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::token::{tokens, unquote};
use rusqlite::{Connection, Row};

use crate::model::{Column, ForeignKey, Index, Indexed, Name, Object, Opaque, Table};

/// The answers of the pragmas, each asked once for all tables that it is about.
#[derive(Default)]
pub(super) struct Witness {
    columns: HashMap<Name, Vec<SeenColumn>>,
    foreign_keys: HashMap<Name, Vec<SeenKey>>,
    indexes: HashMap<Name, Vec<SeenPart>>,
    /// Whether a table is STRICT, and WITHOUT ROWID.
    options: HashMap<Name, (bool, bool)>,
}

struct SeenColumn {
    name: Name,
    declared_type: String,
    not_null: bool,
    has_default: bool,
    /// Its place in the primary key, from 1; else 0.
    in_key: u32,
    /// 2 and 3: generated, virtual and stored.
    hidden: u8,
}

struct SeenKey {
    parent: Name,
    columns: Vec<(Name, Option<Name>)>,
    on_update: String,
    on_delete: String,
}

struct SeenPart {
    /// None for an expression.
    column: Option<Name>,
    descending: bool,
}

/// Tables of rows: a virtual one may want a module that is not there.
const COLUMNS: &str = "SELECT m.name, x.name, x.type, x.\"notnull\", x.dflt_value IS NOT NULL, x.pk, x.hidden \
    FROM main.sqlite_schema AS m, pragma_table_xinfo(m.name, 'main') AS x WHERE m.type = 'table' AND m.rootpage > 0 \
    AND (?1 IS NULL OR m.name = ?1 COLLATE NOCASE)";
const FOREIGN_KEYS: &str = "SELECT m.name, f.seq, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete \
    FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name, 'main') AS f \
    WHERE m.type = 'table' AND m.rootpage > 0 AND (?1 IS NULL OR m.name = ?1 COLLATE NOCASE)";
const INDEXES: &str = "SELECT m.name, x.name, x.\"desc\" \
    FROM main.sqlite_schema AS m, pragma_index_xinfo(m.name, 'main') AS x \
    WHERE m.type = 'index' AND m.sql IS NOT NULL AND x.key AND (?1 IS NULL OR m.tbl_name = ?1 COLLATE NOCASE)";
const OPTIONS: &str = "SELECT name, strict, wr FROM pragma_table_list WHERE schema = 'main' \
    AND (?1 IS NULL OR name = ?1 COLLATE NOCASE)";
/// So many tables are asked about one by one; more at once, with all others.
const FEW: usize = 8;

impl Witness {
    /// What is said of these tables and their indexes.
    pub(super) fn new(connection: &Connection, tables: &HashSet<&Name>) -> rusqlite::Result<Self> {
        let mut seen = Self::default();
        if tables.len() > FEW {
            seen.ask(connection, None)?;
        } else {
            tables.iter().try_for_each(|table| seen.ask(connection, Some(table.as_str())))?;
        }
        Ok(seen)
    }

    /// Asks about one table, or all.
    fn ask(&mut self, connection: &Connection, table: Option<&str>) -> rusqlite::Result<()> {
        let seen = self;
        let each = |sql: &str, take: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>| {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([table])?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok::<(), rusqlite::Error>(())
        };
        each(COLUMNS, &mut |row| {
            let column = SeenColumn {
                name: name(row, 1)?,
                declared_type: row.get(2)?,
                not_null: row.get(3)?,
                has_default: row.get(4)?,
                in_key: row.get(5)?,
                hidden: row.get(6)?,
            };
            seen.columns.entry(name(row, 0)?).or_default().push(column);
            Ok(())
        })?;
        each(FOREIGN_KEYS, &mut |row| {
            let keys = seen.foreign_keys.entry(name(row, 0)?).or_default();
            let column = (name(row, 3)?, row.get::<_, Option<String>>(4)?.map(Name::new));
            match keys.last_mut() {
                Some(key) if row.get::<_, i64>(1)? > 0 => key.columns.push(column),
                _ => keys.push(SeenKey {
                    parent: name(row, 2)?,
                    columns: vec![column],
                    on_update: row.get(5)?,
                    on_delete: row.get(6)?,
                }),
            }
            Ok(())
        })?;
        each(INDEXES, &mut |row| {
            let column = row.get::<_, Option<String>>(1)?.map(Name::new);
            let part = SeenPart { column, descending: row.get(2)? };
            seen.indexes.entry(name(row, 0)?).or_default().push(part);
            Ok(())
        })?;
        each(OPTIONS, &mut |row| {
            seen.options.insert(name(row, 0)?, (row.get(1)?, row.get(2)?));
            Ok(())
        })
    }

    /// The object, or its text alone where SQLite says something else of it.
    pub(super) fn check(&self, object: Object) -> Object {
        let objection = match &object {
            Object::Table(table) => self.objection_to_table(table),
            Object::Index(index) => self.objection_to_index(index),
            _ => None,
        };
        let Some(about) = objection else { return object };
        Object::Opaque(Opaque {
            kind: object.kind(),
            name: object.name().clone(),
            table: object.table().cloned(),
            text: object.text().to_owned(),
            why: format!("SQLite reports something else about {about}"),
        })
    }

    fn objection_to_table(&self, table: &Table) -> Option<String> {
        if self.options.get(&table.name) != Some(&(table.strict, table.without_rowid)) {
            return Some("its options".to_owned());
        }
        let seen = of(&self.columns, &table.name);
        if seen.len() != table.columns.len() {
            return Some("the number of its columns".to_owned());
        }
        let odd = table.columns.iter().zip(seen).find(|(column, seen)| !is_same_column(column, seen));
        if let Some((column, _)) = odd {
            return Some(format!("the column `{}`", column.name));
        }
        let mut key: Vec<_> = seen.iter().filter(|column| column.in_key > 0).collect();
        key.sort_by_key(|column| column.in_key);
        let own = table.primary_key().map_or([].as_slice(), |key| key.columns.as_slice());
        if !key.iter().map(|column| &column.name).eq(distinct(own.iter().map(|column| &column.name))) {
            return Some("its primary key".to_owned());
        }
        let own: Vec<_> = table.foreign_keys().collect();
        let seen = of(&self.foreign_keys, &table.name);
        // SQLite lists the last one first.
        if own.len() != seen.len() || !own.iter().zip(seen.iter().rev()).all(|(own, seen)| is_same_key(own, seen)) {
            return Some("its foreign keys".to_owned());
        }
        None
    }

    fn objection_to_index(&self, index: &Index) -> Option<String> {
        let seen = of(&self.indexes, &index.name);
        let same = seen.len() == index.columns.len()
            && seen.iter().zip(&index.columns).all(|(seen, own)| {
                let by = match (&own.by, &seen.column) {
                    (Indexed::Column(own), Some(seen)) => own == seen,
                    (Indexed::Expression(_), None) => true,
                    _ => false,
                };
                by && seen.descending == own.descending
            });
        (!same).then(|| "its columns".to_owned())
    }
}

fn name(row: &Row<'_>, at: usize) -> rusqlite::Result<Name> {
    row.get::<_, String>(at).map(Name::new)
}

fn of<'a, T>(seen: &'a HashMap<Name, Vec<T>>, name: &Name) -> &'a [T] {
    seen.get(name).map_or(&[], Vec::as_slice)
}

/// A key may name a column twice; the second time means nothing.
fn distinct<'a>(names: impl Iterator<Item = &'a Name>) -> Vec<&'a Name> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

fn is_same_column(own: &Column, seen: &SeenColumn) -> bool {
    let hidden = match &own.generated {
        None => 0,
        Some(generated) if generated.stored => 3,
        Some(_) => 2,
    };
    // The key of a table without rowids is not null by itself.
    let not_null = own.not_null.is_some() == seen.not_null || (seen.not_null && seen.in_key > 0);
    own.name == seen.name
        && hidden == seen.hidden
        && not_null
        // A generated column keeps its expression in the place of the default.
        && (own.default.is_some() == seen.has_default || own.generated.is_some())
        && plain(own.declared_type.as_deref().unwrap_or("")) == plain(&seen.declared_type)
}

/// A type without what SQLite keeps or takes off, depending on its version: blanks, comments and quotes.
fn plain(declared_type: &str) -> String {
    let words = tokens(declared_type).filter(|token| !token.is_blank());
    let words = words.map(|token| unquote(token.text(declared_type)).to_ascii_lowercase());
    words.collect::<String>().split_whitespace().collect()
}

fn is_same_key(own: &ForeignKey, seen: &SeenKey) -> bool {
    own.parent == seen.parent
        && own.on_update.as_str() == seen.on_update
        && own.on_delete.as_str() == seen.on_delete
        && own.columns.iter().eq(seen.columns.iter().map(|(from, _)| from))
        && own.parent_columns.iter().eq(seen.columns.iter().filter_map(|(_, to)| to.as_ref()))
}
