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
    /// The value of an argument `key = value`, as modules of full-text indexes have them.
    pub(crate) fn option(&self, key: &str) -> Option<Name> {
        self.arguments.iter().find_map(|argument| {
            let (own, value) = argument.split_once('=')?;
            own.trim().eq_ignore_ascii_case(key).then(|| Name::new(unquote(value.trim())))
        })
    }
}
