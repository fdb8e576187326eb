//! Keys, checks and foreign keys of a table.

use super::Name;

/// A constraint of a table, written beside a column or after all columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: Option<Name>,
    /// What it requires.
    pub rule: Rule,
    /// The column beside which it is written; `None` if it follows the columns. The place makes no difference.
    pub beside: Option<Name>,
}

/// What a constraint requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `PRIMARY KEY`.
    PrimaryKey(Key),
    /// `UNIQUE`.
    Unique(Key),
    /// `CHECK`: the text between the parentheses.
    Check(String),
    /// `FOREIGN KEY` or `REFERENCES`.
    ForeignKey(ForeignKey),
}

/// A primary key or a unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its columns, in order.
    pub columns: Vec<KeyColumn>,
    /// `ON CONFLICT`; `None` for `ABORT`, which is SQLite's default.
    pub conflict: Option<Conflict>,
    /// `AUTOINCREMENT`.
    pub autoincrement: bool,
}

/// A column of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: Name,
    /// `COLLATE` in the key, if it differs from that of the column.
    pub collation: Option<Name>,
    /// `DESC`.
    pub descending: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForeignKey {
    /// The child columns.
    pub columns: Vec<Name>,
    /// The parent table.
    pub parent: Name,
    /// The parent columns; empty if none are named, which means the primary key.
    pub parent_columns: Vec<Name>,
    /// `ON DELETE`.
    pub on_delete: Action,
    /// `ON UPDATE`.
    pub on_update: Action,
    /// `MATCH`, which SQLite parses and ignores.
    pub match_name: Option<Name>,
    /// `DEFERRABLE INITIALLY DEFERRED`. For every other form of that clause, SQLite checks immediately.
    pub deferred: bool,
}

/// What a foreign key does when the parent row is deleted or its key changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `NO ACTION`, which is the default.
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
    /// `CASCADE`.
    Cascade,
}

impl Action {
    /// The SQL keywords.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
            Self::Cascade => "CASCADE",
        }
    }
}

/// What `ON CONFLICT` asks for, other than `ABORT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// `ROLLBACK`.
    Rollback,
    /// `FAIL`.
    Fail,
    /// `IGNORE`.
    Ignore,
    /// `REPLACE`.
    Replace,
}

impl Conflict {
    /// The SQL keyword.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Fail => "FAIL",
            Self::Ignore => "IGNORE",
            Self::Replace => "REPLACE",
        }
    }
}
