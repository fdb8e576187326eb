//! A column of a table.

use super::{Conflict, Name};

/// A column, with the clauses that belong to it alone.
///
/// Keys, checks and foreign keys are among the table's [`constraints`](super::Table::constraints), wherever they are
/// written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// The type as written, if there is one.
    pub declared_type: Option<String>,
    /// `NOT NULL`.
    pub not_null: Option<NotNull>,
    /// `DEFAULT`.
    pub default: Option<Default>,
    /// `COLLATE`.
    pub collation: Option<Name>,
    /// `GENERATED ALWAYS AS`.
    pub generated: Option<Generated>,
}

impl Column {
    /// The affinity that SQLite derives from the type: the five rules of its documentation, in their order.
    #[must_use]
    pub fn affinity(&self) -> Affinity {
        self.declared_type.as_deref().map_or(Affinity::Blob, Affinity::of)
    }
}

impl Affinity {
    /// That of a type that is written in SQL.
    pub(crate) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["BLOB"]) {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

/// The affinity of a column.
///
/// `ANY` in a `STRICT` table keeps values as they are; elsewhere it has NUMERIC affinity, which is what this returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Affinity {
    /// `INT…`.
    Integer,
    /// `…CHAR…`, `CLOB`, `TEXT`.
    Text,
    /// `BLOB`, or no type.
    Blob,
    /// `REAL`, `FLOA…`, `DOUB…`.
    Real,
    /// Everything else.
    Numeric,
}

/// `NOT NULL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNull {
    /// The name of the constraint.
    pub name: Option<Name>,
    /// `ON CONFLICT`; `None` for `ABORT`, which is SQLite's default.
    pub conflict: Option<Conflict>,
}

/// `DEFAULT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Default {
    /// What follows the keyword, as written, including parentheses.
    pub text: String,
    /// Whether it is a single literal value, with which a column can be added to a table that has rows.
    pub constant: bool,
}

impl Default {
    /// Whether it is `NULL`, which is the same as no default.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text.trim_matches(['(', ')', ' ']).eq_ignore_ascii_case("NULL")
    }
}

/// `GENERATED ALWAYS AS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The text between the parentheses.
    pub expression: String,
    /// `STORED`; otherwise it is `VIRTUAL`.
    pub stored: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinity_follows_the_five_rules() {
        for (declared, expect) in [
            ("INTEGER", Affinity::Integer),
            ("unsigned big int", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("FLOATING POINT", Affinity::Integer),
            ("nvarchar(100)", Affinity::Text),
            ("CLOB", Affinity::Text),
            ("BLOB", Affinity::Blob),
            ("double precision", Affinity::Real),
            ("STRING", Affinity::Numeric),
            ("BOOLEAN", Affinity::Numeric),
            ("", Affinity::Numeric),
        ] {
            let mut column = Column {
                name: Name::new("a"),
                declared_type: Some(declared.to_owned()),
                not_null: None,
                default: None,
                collation: None,
                generated: None,
            };
            assert_eq!(column.affinity(), expect, "{declared}");
            column.declared_type = None;
            assert_eq!(column.affinity(), Affinity::Blob);
        }
    }
}
