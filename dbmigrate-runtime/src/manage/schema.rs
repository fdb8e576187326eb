//! Schemas that are read again and again.

use crate::db::Db;
use crate::error::Error;
use crate::history::History;
use crate::schema::{COLUMN, Object, Schema};

/// So many tables are looked at one by one; more at once.
const FEW: usize = 8;

impl Schema {
    /// Reads it again, from `main`: nothing can be new about a table whose text, and that of its indexes, is the same.
    pub(crate) fn read_again(&self, db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let mut schema = Self::list(db, history)?;
        for (key, known) in self.objects.iter() {
            if let Some(object) = schema.objects.get_mut(key).filter(|object| object.text == known.text) {
                *object = known.clone();
            }
        }
        let is_known = |key: &str, object: &Object| self.objects.get(key).is_some_and(|it| it.text == object.text);
        let tables = schema.objects.iter().filter(|(key, object)| object.kind == "table" && !is_known(key, object));
        let changed: Vec<String> = tables.map(|(_, object)| object.name.clone()).collect();
        if changed.len() > FEW {
            return Self::read(db, history);
        }
        changed.iter().try_for_each(|table| schema.look(db, Some(table)))?;
        Ok(schema)
    }
}

impl Object {
    /// What is known of it besides its columns.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        let facts = self.facts.iter().map(|(fact, value)| (fact.as_str(), value.as_str()));
        facts.filter(|(fact, _)| !fact.starts_with(COLUMN))
    }
}
