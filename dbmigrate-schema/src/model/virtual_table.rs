//! A virtual table.

use dbmigrate_core::token::{tokens, unquote};

use super::Name;

/// A virtual table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualTable {
    /// Its name.
    pub name: Name,
    /// The module that implements it.
    pub module: Name,
    /// The arguments of the module, as written: in its own language, not SQL.
    pub arguments: Vec<String>,
    /// The statement that SQLite stores for it.
    pub text: String,
}

impl VirtualTable {
    /// The table or view with the text of a full-text table, if that is not the table itself.
    #[must_use]
    pub fn content(&self) -> Option<Name> {
        if !["fts4", "fts5"].contains(&self.module.folded().as_str()) {
            return None;
        }
        let content = self.option("content");
        // With an empty name the words are kept here and the text nowhere.
        content.filter(|name| !name.as_str().is_empty())
    }

    /// The value of an argument that is `key = value`.
    pub(crate) fn option(&self, key: &str) -> Option<Name> {
        self.arguments.iter().find_map(|argument| {
            let (own, value) = argument.split_once('=')?;
            own.trim().eq_ignore_ascii_case(key).then(|| Name::new(unquote(value.trim())))
        })
    }

    /// The columns of a full-text table, whose arguments are these and options.
    pub(crate) fn text_columns(&self) -> Vec<Name> {
        let columns = self.arguments.iter().filter_map(|argument| {
            let mut words = tokens(argument).filter(|token| !token.is_blank());
            let (name, next) = (words.next()?, words.next());
            // `name = value` is an option.
            next.is_none_or(|next| next.text(argument) != "=").then(|| Name::new(unquote(name.text(argument))))
        });
        columns.collect()
    }
}
