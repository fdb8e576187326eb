//! The schema as it is after each statement, kept up to date instead of read anew: a set of a thousand migrations is
//! followed in linear time.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::links::Links;
use crate::model::{Index, Kind, Name, Object, Table, Trigger, View};
use crate::parse;

/// An object's kind and name.
pub(crate) type Key = (Kind, Name);

/// An object of the schema, and what is known of its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) object: Object,
    /// The place in the set of the migration that made it; none where something else did.
    pub(crate) born: Option<usize>,
    /// Its place in `sqlite_schema`.
    rowid: i64,
}

/// What there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    objects: HashMap<Key, Rc<Known>>,
    links: Links,
    /// The highest rowid of `sqlite_schema`.
    newest: i64,
}

/// What became of an object: as it was, and as it is.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) key: Key,
    pub(crate) before: Option<Rc<Known>>,
    pub(crate) after: Option<Rc<Known>>,
}

/// What has to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// What is new.
    New,
    /// Whether this has gone, and with it what belonged to it.
    Gone(Key),
    /// The text of one table.
    Table(Name),
    /// All.
    Everything,
}

const COLUMNS: &str = "SELECT type, name, tbl_name, rootpage, CAST(sql AS BLOB), rowid FROM main.sqlite_schema \
                       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

impl State {
    pub(crate) fn get(&self, kind: Kind, name: &Name) -> Option<&Rc<Known>> {
        self.objects.get(&(kind, name.clone()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<Known>> {
        self.objects.values()
    }

    /// The indexes and triggers of a table or view.
    pub(crate) fn of_table(&self, table: &Name) -> impl Iterator<Item = &Rc<Known>> {
        self.links.of(table).filter_map(|key| self.objects.get(key))
    }

    /// The views and triggers whose text holds this name.
    pub(crate) fn naming(&self, name: &Name) -> impl Iterator<Item = &Rc<Known>> {
        self.links.naming(name).filter_map(|key| self.objects.get(key))
    }

    /// Takes changes back, the newest first.
    pub(super) fn take_back(
        &mut self,
        connection: &Connection,
        changes: impl Iterator<Item = Changed>,
    ) -> rusqlite::Result<()> {
        changes.for_each(|changed| self.set(changed.key, changed.before));
        self.find_newest(connection)
    }

    /// Puts something into the place of what was there.
    pub(super) fn set(&mut self, key: Key, known: Option<Rc<Known>>) {
        if let Some(old) = self.objects.get(&key) {
            self.links.remove(&old.object);
        }
        if let Some(new) = &known {
            self.links.add(&new.object);
        }
        match known {
            Some(known) => drop(self.objects.insert(key, known)),
            None => drop(self.objects.remove(&key)),
        }
    }

    /// Reads what has changed, and says so. What is new was made by the migration at this place.
    pub(super) fn look(
        &mut self,
        connection: &Connection,
        look: &Look,
        born: Option<usize>,
    ) -> rusqlite::Result<Vec<Changed>> {
        let mut changed = Vec::new();
        match look {
            Look::Table(name) => {
                let Some(known) = self.get(Kind::Table, name).cloned() else { return Ok(changed) };
                let sql = format!("{COLUMNS} AND rowid = ?1");
                let now = connection.prepare(&sql)?.query_row([known.rowid], |row| read(row, known.born)).optional()?;
                self.change((Kind::Table, name.clone()), now, &mut changed);
            }
            Look::New => {
                let sql = format!("{COLUMNS} AND rowid > ?1 ORDER BY rowid");
                let new: Vec<Known> = connection
                    .prepare(&sql)?
                    .query_map([self.newest], |row| read(row, born))?
                    .collect::<rusqlite::Result<_>>()?;
                for known in new {
                    self.change((known.object.kind(), known.object.name().clone()), Some(known), &mut changed);
                }
                self.find_newest(connection)?;
            }
            Look::Gone(key) => {
                let Some(known) = self.objects.get(key) else { return Ok(changed) };
                let there = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE rowid = ?1)";
                if connection.prepare(there)?.query_row([known.rowid], |row| row.get(0))? {
                    return Ok(changed);
                }
                let gone: Vec<Key> = std::iter::once(key).chain(self.links.of(&key.1)).cloned().collect();
                gone.into_iter().for_each(|key| self.change(key, None, &mut changed));
                self.find_newest(connection)?;
            }
            Look::Everything => self.all(connection, born, &mut changed)?,
        }
        Ok(changed)
    }

    fn all(
        &mut self,
        connection: &Connection,
        born: Option<usize>,
        changed: &mut Vec<Changed>,
    ) -> rusqlite::Result<()> {
        let shadows = crate::read::shadow_tables(connection)?;
        let mut statement = connection.prepare(&format!("{COLUMNS} ORDER BY rowid"))?;
        let mut rows = statement.query([])?;
        let mut seen = HashSet::new();
        while let Some(row) = rows.next()? {
            let (key, table) = (key(row)?, Name::new(row.get::<_, String>(2)?));
            if shadows.contains(&table) {
                continue;
            }
            let known = self.objects.get(&key);
            let same = known.is_some_and(|known| {
                row.get_ref(4).ok().and_then(|text| text.as_bytes().ok()) == Some(known.object.text().as_bytes())
                    && row.get(5) == Ok(known.rowid)
                    && known.object.table().is_none_or(|own| *own == table)
            });
            if !same {
                // A table keeps its birth through every change of its text.
                let born = known.map_or(born, |known| known.born);
                let now = read(row, born)?;
                self.change(key.clone(), Some(now), changed);
            }
            seen.insert(key);
        }
        let gone: Vec<Key> = self.objects.keys().filter(|key| !seen.contains(key)).cloned().collect();
        gone.into_iter().for_each(|key| self.change(key, None, changed));
        self.find_newest(connection)
    }

    /// What comes has a higher rowid than all that is there, be it kept here or not.
    fn find_newest(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let newest = "SELECT ifnull(max(rowid), 0) FROM main.sqlite_schema";
        self.newest = connection.query_row(newest, [], |row| row.get(0))?;
        Ok(())
    }

    fn change(&mut self, key: Key, now: Option<Known>, changed: &mut Vec<Changed>) {
        let (before, after) = (self.objects.get(&key).cloned(), now.map(Rc::new));
        self.set(key.clone(), after.clone());
        changed.push(Changed { key, before, after });
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let kind = match row.get::<_, String>(0)?.as_str() {
        "table" if row.get::<_, Option<i64>>(3)?.unwrap_or(0) == 0 => Kind::VirtualTable,
        "table" => Kind::Table,
        "index" => Kind::Index,
        "view" => Kind::View,
        _ => Kind::Trigger,
    };
    Ok((kind, Name::new(row.get::<_, String>(1)?)))
}

fn read(row: &Row<'_>, born: Option<usize>) -> rusqlite::Result<Known> {
    let (kind, name) = key(row)?;
    let text = String::from_utf8_lossy(&row.get::<_, Vec<u8>>(4)?).into_owned();
    let object = parse::object(parse::Row { kind, name, table: Name::new(row.get::<_, String>(2)?), text });
    Ok(Known { object, born, rowid: row.get(5)? })
}

impl Known {
    pub(crate) fn table(&self) -> Option<&Table> {
        self.object.as_table()
    }

    pub(crate) fn index(&self) -> Option<&Index> {
        match &self.object {
            Object::Index(index) => Some(index),
            _ => None,
        }
    }

    pub(crate) fn view(&self) -> Option<&View> {
        match &self.object {
            Object::View(view) => Some(view),
            _ => None,
        }
    }

    pub(crate) fn trigger(&self) -> Option<&Trigger> {
        match &self.object {
            Object::Trigger(trigger) => Some(trigger),
            _ => None,
        }
    }
}
