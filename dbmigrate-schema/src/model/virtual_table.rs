//! A virtual table.

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
