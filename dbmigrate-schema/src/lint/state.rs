//! The schema as it is after each statement, kept up to date instead of read anew: a set of a thousand migrations is
//! followed in linear time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use rusqlite::types::ValueRef;
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
    /// The same, by their place in `sqlite_schema`.
    places: BTreeMap<i64, Rc<Known>>,
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

const ROWS: &str = "SELECT rowid, type, name, tbl_name, rootpage, CAST(sql AS BLOB) FROM main.sqlite_schema";

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

    pub(crate) fn virtual_tables(&self) -> impl Iterator<Item = &Rc<Known>> {
        self.links.virtual_tables().filter_map(|key| self.objects.get(key))
    }

    /// The tables with a foreign key that refers to something of this name.
    pub(crate) fn referring(&self, parent: &Name) -> impl Iterator<Item = &Rc<Known>> {
        self.links.referring(parent).filter_map(|key| self.objects.get(key))
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether an object has the text that was last seen of it.
    pub(super) fn is_written(&self, connection: &Connection, known: &Known) -> bool {
        let sql = "SELECT CAST(sql AS BLOB) FROM main.sqlite_schema WHERE rowid = ?1";
        let text = known.object.text().as_bytes();
        let is_text =
            connection.query_row(sql, [known.rowid], |row| Ok(row.get_ref(0)?.as_bytes_or_null()? == Some(text)));
        is_text.unwrap_or(false)
    }

    /// What is kept for the place of an object.
    #[cfg(test)]
    pub(super) fn at_its_place(&self, known: &Known) -> Option<&Rc<Known>> {
        self.places.get(&known.rowid)
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
            // Another one may have its place by now.
            if self.places.get(&old.rowid).is_some_and(|there| Rc::ptr_eq(there, old)) {
                self.places.remove(&old.rowid);
            }
        }
        if let Some(new) = &known {
            self.links.add(&new.object);
            self.places.insert(new.rowid, Rc::clone(new));
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
                let sql = format!("{ROWS} WHERE rowid = ?1");
                let now = connection.prepare(&sql)?.query_row([known.rowid], read).optional()?;
                let now = now.map(|row| Known { object: parse::object(row), ..*known });
                self.change((Kind::Table, name.clone()), now, &mut changed);
            }
            Look::New => {
                let mut statement = connection.prepare(&format!("{ROWS} WHERE rowid > ?1 ORDER BY rowid"))?;
                let mut rows = statement.query([self.newest])?;
                while let Some(row) = rows.next()? {
                    self.newest = row.get(0)?;
                    if is_followed(row)? {
                        let known = Known { object: parse::object(read(row)?), born, rowid: self.newest };
                        self.change(known.object.key(), Some(known), &mut changed);
                    }
                }
            }
            Look::Gone(key) => {
                let Some(known) = self.objects.get(key) else { return Ok(changed) };
                let there = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE rowid = ?1), \
                             (SELECT ifnull(max(rowid), 0) FROM main.sqlite_schema)";
                let (is_there, newest) =
                    connection.query_row(there, [known.rowid], |row| <(bool, i64)>::try_from(row))?;
                if is_there {
                    return Ok(changed);
                }
                let gone: Vec<Key> = std::iter::once(key).chain(self.links.of(&key.1)).cloned().collect();
                gone.into_iter().for_each(|key| self.change(key, None, &mut changed));
                self.newest = newest;
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
        let mut statement = connection.prepare(&format!("{ROWS} ORDER BY rowid"))?;
        let mut rows = statement.query([])?;
        self.newest = 0;
        // Both are in the order of their places: what is as it was costs one comparison.
        let mut known = self.places.iter().peekable();
        let (mut found, mut left) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let place: i64 = row.get(0)?;
            self.newest = place;
            while let Some((_, gone)) = known.next_if(|(was, _)| **was < place) {
                left.push(gone.object.key());
            }
            if let Some((_, there)) = known.next_if(|(was, _)| **was == place) {
                if there.is_as_in(row)? {
                    continue;
                }
                left.push(there.object.key());
            }
            if is_followed(row)? {
                found.push((place, read(row)?));
            }
        }
        left.extend(known.map(|(_, gone)| gone.object.key()));
        let is_virtual = |(_, row): &(i64, parse::Row)| row.kind == Kind::VirtualTable;
        if self.virtual_tables().next().is_some() || found.iter().any(is_virtual) {
            let shadows = crate::read::shadow_tables(connection)?;
            found.retain(|(_, row)| !shadows.contains(&row.table));
        }
        let mut seen = HashSet::new();
        for (place, row) in found {
            let key = (row.kind, row.name.clone());
            // A table keeps its birth through every change of its text.
            let born = self.objects.get(&key).map_or(born, |known| known.born);
            seen.insert(key.clone());
            self.change(key, Some(Known { object: parse::object(row), born, rowid: place }), changed);
        }
        left.into_iter().filter(|key| !seen.contains(key)).for_each(|key| self.change(key, None, changed));
        Ok(())
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

fn read(row: &Row<'_>) -> rusqlite::Result<parse::Row> {
    let kind = match Kind::of(row.get_ref(1)?.as_str()?) {
        Kind::Table if row.get::<_, Option<i64>>(4)?.unwrap_or(0) == 0 => Kind::VirtualTable,
        kind => kind,
    };
    let (name, table) = (Name::new(row.get_ref(2)?.as_str()?), Name::new(row.get_ref(3)?.as_str()?));
    Ok(parse::Row { kind, name, table, text: String::from_utf8_lossy(row.get_ref(5)?.as_bytes()?).into_owned() })
}

/// Whether a row stands for something that a statement made, and not SQLite by itself.
fn is_followed(row: &Row<'_>) -> rusqlite::Result<bool> {
    let name = row.get_ref(2)?.as_bytes()?;
    let is_own = name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"sqlite_"));
    Ok(!is_own && row.get_ref(5)? != ValueRef::Null)
}

impl Known {
    /// Whether a row of `sqlite_schema` still says the same.
    fn is_as_in(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let name = self.object.name();
        let table = self.object.table().unwrap_or(name);
        for (column, text) in [(5, self.object.text()), (2, name.as_str()), (3, table.as_str())] {
            if row.get_ref(column)?.as_bytes_or_null()? != Some(text.as_bytes()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

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
