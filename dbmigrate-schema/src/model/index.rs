//! An index that was made by a statement of its own.

use super::Name;

/// An index that was made by a statement of its own; what a key makes by itself belongs to its constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: Name,
    /// The table that it is for.
    pub table: Name,
    /// `UNIQUE`.
    pub unique: bool,
    /// What it sorts by.
    pub columns: Vec<IndexedColumn>,
    /// What follows `WHERE`.
    pub filter: Option<String>,
    /// The statement that SQLite keeps for it.
    pub text: String,
}

/// One part of what an index sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedColumn {
    /// The column or expression.
    pub by: Indexed,
    /// `COLLATE`, where it is not to be the column's.
    pub collation: Option<Name>,
    /// `DESC`.
    pub descending: bool,
}

/// What an index sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indexed {
    /// A column of the table.
    Column(Name),
    /// An expression, as it was written.
    Expression(String),
}
