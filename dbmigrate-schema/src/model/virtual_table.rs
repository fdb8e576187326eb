//! A virtual table.

use dbmigrate_core::token::unquote;

use super::Name;

/// A virtual table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualTable {
    /// Its name.
    pub name: Name,
    /// The module that implements it.
    pub module: Name,
    /// What the module is given, as it was written: its own language, not SQL.
    pub arguments: Vec<String>,
    /// The statement that SQLite keeps for it.
    pub text: String,
}

impl VirtualTable {
    /// The table or view that holds the text of a full-text table, where that is another than itself.
    #[must_use]
    pub fn content(&self) -> Option<Name> {
        if !["fts4", "fts5"].contains(&self.module.folded().as_str()) {
            return None;
        }
        let content = self.arguments.iter().find_map(|argument| {
            let (key, value) = argument.split_once('=')?;
            key.trim().eq_ignore_ascii_case("content").then(|| unquote(value.trim()))
        });
        // With an empty name the words are kept here and the text nowhere.
        content.filter(|name| !name.is_empty()).map(Name::new)
    }
}
