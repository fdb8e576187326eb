//! Keys, checks and references of a table.

use super::Name;

/// A constraint of a table, written beside a column or after all columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: Option<Name>,
    /// What it demands.
    pub rule: Rule,
    /// The column that it was written beside; none for one that follows the columns. Where it stands means nothing.
    pub beside: Option<Name>,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `PRIMARY KEY`.
    PrimaryKey(Key),
    /// `UNIQUE`.
    Unique(Key),
    /// `CHECK`: what stands between the parentheses.
    Check(String),
    /// `FOREIGN KEY` or `REFERENCES`.
    ForeignKey(ForeignKey),
}

/// A primary key or a unique one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its columns in their order.
    pub columns: Vec<KeyColumn>,
    /// `ON CONFLICT`; `ABORT`, what SQLite does anyway, is none.
    pub conflict: Option<Conflict>,
    /// `AUTOINCREMENT`.
    pub autoincrement: bool,
}

/// A column of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: Name,
    /// `COLLATE` of the key, where it is not to be the column's.
    pub collation: Option<Name>,
    /// `DESC`.
    pub descending: bool,
}

/// A reference to another table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForeignKey {
    /// The columns that refer.
    pub columns: Vec<Name>,
    /// The table that they refer to.
    pub parent: Name,
    /// The columns that they refer to; empty where none are named, which means the primary key.
    pub parent_columns: Vec<Name>,
    /// `ON DELETE`.
    pub on_delete: Action,
    /// `ON UPDATE`.
    pub on_update: Action,
    /// `MATCH`, which SQLite reads and disregards.
    pub match_name: Option<Name>,
    /// `DEFERRABLE INITIALLY DEFERRED`. SQLite checks at once for every other way of writing that clause.
    pub deferred: bool,
}

/// What a reference does when its parent goes away or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `NO ACTION`, which is also what no clause means.
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
    /// The words of SQL.
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
    /// The word of SQL.
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
