//! An index that has a statement of its own.

use super::Name;

/// An index that has a statement of its own. The automatic index of a key belongs to its constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: Name,
    /// The table.
    pub table: Name,
    /// `UNIQUE`.
    pub unique: bool,
    /// The indexed columns and expressions.
    pub columns: Vec<IndexedColumn>,
    /// The text after `WHERE`.
    pub filter: Option<String>,
    /// The statement that SQLite stores for it.
    pub text: String,
}

/// One indexed column or expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedColumn {
    /// The column or expression.
    pub by: Indexed,
    /// `COLLATE`, if it differs from that of the column.
    pub collation: Option<Name>,
    /// `DESC`.
    pub descending: bool,
}

/// What is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indexed {
    /// A column of the table.
    Column(Name),
    /// An expression, as written.
    Expression(String),
}
