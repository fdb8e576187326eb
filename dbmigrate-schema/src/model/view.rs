//! A view.

use super::Name;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// The names that it gives to its columns; empty where it leaves that to the query.
    pub columns: Vec<Name>,
    /// The query, as it was written.
    pub select: String,
    /// The statement that SQLite keeps for it.
    pub text: String,
}
