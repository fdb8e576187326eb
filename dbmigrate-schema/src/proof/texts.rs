//! Names in double quotes of columns that go: SQLite takes them for texts from then on, and says nothing.
//!
//! A schema may have such texts on purpose. What was a name in an object before is none.

use std::collections::HashMap;

use dbmigrate_core::Diagnostic;
use dbmigrate_core::token::unquote;
use rusqlite::Connection;

use super::contents::Pair;
use super::state::use_of;
use crate::model::{Kind, Name, Object, Schema};
use crate::quotes::{Words, all_words, as_text, has_quotes};

/// The words in double quotes of a schema, before a step.
pub(super) struct Quoted(HashMap<(Kind, Name), Words>);

impl Quoted {
    /// Reads those of all that works.
    pub(super) fn read(connection: &Connection, from: &Schema) -> rusqlite::Result<Self> {
        if !from.objects.iter().any(|object| has_quotes(object.text())) {
            return Ok(Self(HashMap::new()));
        }
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

    /// What a step has made texts of, in the schema that it leads to.
    pub(super) fn become_texts(
        &self,
        connection: &Connection,
        pairs: &[Pair],
        to: &Schema,
    ) -> rusqlite::Result<Vec<Diagnostic>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let words = all_words(connection)?;
        let found = to.objects.iter().filter_map(|object| {
            let now = words.get(&object.key()).filter(|now| !now.texts.is_empty())?;
            let pair = pairs.iter().find(|pair| object.kind() == Kind::Table && pair.table() == object.name());
            let name = pair.map_or(object.name(), Pair::table_before);
            let before = self.0.get(&(object.kind(), name.clone()))?;
            let word = now.texts.iter().find(|word| before.names.contains(&Name::new(unquote(word))))?;
            Some(problem(object, word))
        });
        Ok(found.collect())
    }
}

fn problem(object: &Object, word: &str) -> Diagnostic {
    let (kind, name, text) = (object.kind(), object.name(), as_text(word));
    let message = format!("{word} in the {kind} `{name}` is a string from now on: there is no longer such a column");
    Diagnostic::error("proof", message)
        .note("SQLite silently takes an unknown name in double quotes for a string")
        .help(format!("remove it from the {kind}, or write `{text}` if the string is meant"))
}
