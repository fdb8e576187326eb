//! What hangs on a table or view: its indexes and triggers, and the views and triggers whose text names it.

use std::collections::{HashMap, HashSet};

use super::state::Key;
use crate::model::{Kind, Name, Object};
use crate::plan::names_in;

/// Kept up to date with the schema, so that nobody has to look at all of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    belongings: HashMap<Name, HashSet<Key>>,
    naming: HashMap<Name, HashSet<Key>>,
}

impl Links {
    pub(super) fn add(&mut self, object: &Object) {
        let key = key(object);
        if let Some(owner) = object.table() {
            self.belongings.entry(owner.clone()).or_default().insert(key.clone());
        }
        for name in naming(object) {
            self.naming.entry(name).or_default().insert(key.clone());
        }
    }

    pub(super) fn remove(&mut self, object: &Object) {
        let key = key(object);
        let take = |links: &mut HashMap<Name, HashSet<Key>>, name: &Name| {
            if let Some(keys) = links.get_mut(name) {
                keys.remove(&key);
                if keys.is_empty() {
                    links.remove(name);
                }
            }
        };
        if let Some(owner) = object.table() {
            take(&mut self.belongings, owner);
        }
        for name in naming(object) {
            take(&mut self.naming, &name);
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
}

fn key(object: &Object) -> Key {
    (object.kind(), object.name().clone())
}

fn naming(object: &Object) -> HashSet<Name> {
    match object.kind() {
        Kind::View | Kind::Trigger => names_in(object),
        _ => HashSet::new(),
    }
}
