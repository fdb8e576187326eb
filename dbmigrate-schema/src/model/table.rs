//! An ordinary table.

use dbmigrate_core::token::unquote;

use super::{Column, Columns, Constraint, ForeignKey, Key, Name, Rule};

/// The names under which SQLite knows the rowid, where no column has them.
pub(crate) const ROWID_NAMES: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// An ordinary table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its columns, in order.
    pub columns: Columns,
    /// Its keys, checks and foreign keys, in the order in which they are written.
    pub constraints: Vec<Constraint>,
    /// `STRICT`.
    pub strict: bool,
    /// `WITHOUT ROWID`.
    pub without_rowid: bool,
    /// The statement that SQLite stores for it.
    pub text: String,
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &Name) -> Option<&Column> {
        self.columns.named(name)
    }

    /// The primary key.
    #[must_use]
    pub fn primary_key(&self) -> Option<&Key> {
        self.constraints.iter().find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey(key) => Some(key),
            _ => None,
        })
    }

    /// Whether the primary key has a column.
    pub(crate) fn is_in_primary_key(&self, column: &Name) -> bool {
        self.primary_key().is_some_and(|key| key.columns.iter().any(|part| part.name == *column))
    }

    /// A name for the rowid that no column has; none where columns have all of them, or where there is no rowid.
    pub(crate) fn free_rowid_name(&self) -> Option<&'static str> {
        let is_free = |name: &&str| !self.without_rowid && self.column(&Name::new(*name)).is_none();
        ROWID_NAMES.into_iter().find(is_free)
    }

    /// The foreign keys, in the order in which they are written.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.constraints.iter().filter_map(|constraint| match &constraint.rule {
            Rule::ForeignKey(key) => Some(key),
            _ => None,
        })
    }

    /// The column that is an alias of the rowid.
    ///
    /// That is an `INTEGER PRIMARY KEY`, but not one with `DESC` beside its column, because of an old bug in SQLite
    /// that is kept for compatibility.
    #[must_use]
    pub fn rowid_alias(&self) -> Option<&Column> {
        if self.without_rowid {
            return None;
        }
        let (constraint, key) = self.constraints.iter().find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey(key) => Some((constraint, key)),
            _ => None,
        })?;
        let [only] = key.columns.as_slice() else { return None };
        let column = self.column(&only.name)?;
        let integer = unquote(column.declared_type.as_deref()?).eq_ignore_ascii_case("INTEGER");
        (integer && !(only.descending && constraint.beside.is_some())).then_some(column)
    }
}
