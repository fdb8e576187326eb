//! A column of a table.

use super::{Conflict, Name};

/// A column, with what belongs to it alone.
///
/// Keys, checks and references stand among the table's [`constraints`](super::Table::constraints), wherever they
/// were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// The type as it was written; none where there is none.
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
    /// What SQLite makes of the type: the five rules of its documentation, in their order.
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

/// What a column prefers its values to be.
///
/// `ANY` in a `STRICT` table takes values as they are; elsewhere it is numeric by the rules, as here.
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
    /// `ON CONFLICT`; `ABORT`, what SQLite does anyway, is none.
    pub conflict: Option<Conflict>,
}

/// `DEFAULT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Default {
    /// What follows the keyword, as it was written, with the parentheses where there are some.
    pub text: String,
    /// Whether it is one literal value, which a column can be added with to a table that holds rows.
    pub constant: bool,
}

impl Default {
    /// Whether it says `NULL`, which is what no default means.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text.trim_matches(['(', ')', ' ']).eq_ignore_ascii_case("NULL")
    }
}

/// `GENERATED ALWAYS AS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// What stands between the parentheses.
    pub expression: String,
    /// `STORED`, where the alternative is `VIRTUAL`.
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
