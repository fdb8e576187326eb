//! A view.

use super::Name;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// The names that it gives to its columns; empty if they come from the query.
    pub columns: Vec<Name>,
    /// The query, as written.
    pub select: String,
    /// The statement that SQLite stores for it.
    pub text: String,
}
