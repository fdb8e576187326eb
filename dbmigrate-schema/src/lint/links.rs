//! What hangs on a table or view: its indexes and triggers, the views and triggers whose text names it, and the tables
//! that refer to it.

use std::collections::{HashMap, HashSet};

use super::state::Key;
use crate::model::{Kind, Name, Object};
use crate::plan::names_in;

type ByName = HashMap<Name, HashSet<Key>>;

/// Kept up to date with the schema, so that nobody has to look at all of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    belongings: ByName,
    naming: ByName,
    referring: ByName,
    virtual_tables: HashSet<Key>,
}

impl Links {
    pub(super) fn add(&mut self, object: &Object) {
        let key = object.key();
        if key.0 == Kind::VirtualTable {
            self.virtual_tables.insert(key.clone());
        }
        self.links(object, |links, name| {
            links.entry(name).or_default().insert(key.clone());
        });
    }

    pub(super) fn remove(&mut self, object: &Object) {
        let key = object.key();
        self.virtual_tables.remove(&key);
        self.links(object, |links, name| {
            if let Some(keys) = links.get_mut(&name) {
                keys.remove(&key);
                if keys.is_empty() {
                    links.remove(&name);
                }
            }
        });
    }

    /// Goes through what an object hangs on.
    fn links(&mut self, object: &Object, mut each: impl FnMut(&mut ByName, Name)) {
        object.table().into_iter().for_each(|owner| each(&mut self.belongings, owner.clone()));
        match object {
            Object::Table(table) => {
                let parents: HashSet<Name> = table.foreign_keys().map(|key| key.parent.clone()).collect();
                parents.into_iter().for_each(|parent| each(&mut self.referring, parent));
            }
            _ if matches!(object.kind(), Kind::View | Kind::Trigger) => {
                names_in(object).into_iter().for_each(|name| each(&mut self.naming, name));
            }
            _ => {}
        }
    }

    /// The indexes and triggers of a table or view.
    pub(super) fn of(&self, table: &Name) -> impl Iterator<Item = &Key> {
        self.belongings.get(table).into_iter().flatten()
    }

    /// The views and triggers whose text holds this name, for whatever.
    pub(super) fn naming(&self, name: &Name) -> impl Iterator<Item = &Key> {
        self.naming.get(name).into_iter().flatten()
    }

    /// The tables with a foreign key to something of this name.
    pub(super) fn referring(&self, parent: &Name) -> impl Iterator<Item = &Key> {
        self.referring.get(parent).into_iter().flatten()
    }

    pub(super) fn virtual_tables(&self) -> impl Iterator<Item = &Key> {
        self.virtual_tables.iter()
    }
}
