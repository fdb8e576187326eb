//! Names in double quotes of columns that go, and texts in double quotes of which a new column has the name: SQLite takes
//! the one for the other from then on, and says nothing.
//!
//! A schema may have such texts on purpose. What was a name in an object before is none, and what was a text is no name.

use std::collections::HashMap;

use dbmigrate_core::Diagnostic;
use dbmigrate_core::token::unquote;
use rusqlite::Connection;

use super::contents::Pair;
use super::state::use_of;
use crate::model::{Kind, Name, Object, Schema, Table};
use crate::quotes::{Found, all_words, as_text};
use crate::shadowed;

/// The words in double quotes of a schema, before a step.
pub(super) struct Quoted(Found);

impl Quoted {
    /// Reads those of all that works.
    pub(super) fn read(connection: &Connection, from: &Schema) -> rusqlite::Result<Self> {
        let mut words = all_words(connection)?;
        for object in &from.objects {
            let fails = |sql: String| connection.prepare(&sql).is_err();
            let key = object.key();
            let is_asked = matches!(object, Object::View(_) | Object::Trigger(_)) && words.contains_key(&key);
            // Of what SQLite can't read nobody knows what is a text.
            if is_asked && use_of(connection, object).is_none_or(fails) {
                words.remove(&key);
            }
        }
        Ok(Self(words))
    }

    /// What a step has made of texts and names, in the schema that it leads to.
    pub(super) fn turned<'s>(
        &self,
        connection: &Connection,
        pairs: &[Pair],
        (from, to): (&'s Schema, &'s Schema),
    ) -> rusqlite::Result<Vec<Diagnostic>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let words = all_words(connection)?;
        let by_name = |schema: &'s Schema| schema.tables().map(|table| (&table.name, table)).collect::<HashMap<_, _>>();
        let (before, after): (HashMap<&Name, &Table>, HashMap<&Name, &Table>) = (by_name(from), by_name(to));
        let of_pairs: HashMap<&Name, &Name> = pairs.iter().map(|pair| (pair.table(), pair.table_before())).collect();
        let table_before = |name: &Name| before.get(*of_pairs.get(name)?).copied();
        let found = to.objects.iter().filter_map(|object| {
            let now = words.get(&object.key())?;
            let name = match object {
                Object::Table(table) => *of_pairs.get(&table.name).unwrap_or(&&table.name),
                other => other.name(),
            };
            let before = self.0.get(&(object.kind(), name.clone()))?;
            let was_column = |word: &&String| before.names.contains(&Name::new(unquote(word)));
            let is_column = |word: &&String| now.names.contains(&Name::new(unquote(word)));
            if let Some(word) = now.texts.iter().find(was_column) {
                return Some(became_text(object, word));
            }
            let word = match object {
                Object::Table(table) => {
                    let was = table_before(&table.name)?;
                    shadowed::in_table(was, &now.text, &shadowed::new_columns(was, table))
                }
                Object::Index(index) => {
                    let new = shadowed::new_columns(table_before(&index.table)?, after.get(&index.table)?);
                    match from.object(Kind::Index, &index.name) {
                        Some(Object::Index(was)) => shadowed::in_index(was, &now.text, &new),
                        _ => None,
                    }
                }
                // Another text may mean the column.
                _ => before.texts.iter().find(is_column).filter(|_| before.text == now.text).map(String::as_str),
            };
            Some(became_column(object, word?))
        });
        Ok(found.collect())
    }
}

fn became_text(object: &Object, word: &str) -> Diagnostic {
    let (kind, name, text) = (object.kind(), object.name(), as_text(word));
    let message = format!("{word} in the {kind} `{name}` is a string from now on: there is no longer such a column");
    Diagnostic::error("proof", message)
        .note("SQLite silently takes an unknown name in double quotes for a string")
        .help(format!("remove it from the {kind}, or write `{text}` if the string is meant"))
}

fn became_column(object: &Object, word: &str) -> Diagnostic {
    let (kind, name, text) = (object.kind(), object.name(), as_text(word));
    let message = format!("{word} in the {kind} `{name}` is a column from now on: it was a string");
    Diagnostic::error("proof", message)
        .note("SQLite takes a word in double quotes for a string only as long as there is no such column")
        .help(format!("write `{text}` if the string is meant; put the table before it if the column is"))
}
