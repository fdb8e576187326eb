//! Lost and changed rows, as data and as a sentence.

use std::fmt;

use crate::model::Name;

/// A loss in a table whose rows should have stayed the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The table.
    pub table: Name,
    /// The column whose value has changed, if its row still exists.
    pub column: Option<String>,
    /// The kind of loss.
    pub kind: LossKind,
    /// How many rows are affected.
    pub rows: usize,
    /// How many rows the table had.
    pub of: usize,
    /// One of the affected rows.
    pub example: String,
    /// What exists in its place.
    pub instead: Option<String>,
}

/// A kind of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Rows were deleted or changed.
    Gone,
    /// There are rows that nobody wrote.
    FromNowhere,
    /// The counter of an `AUTOINCREMENT` went back.
    Counter,
}

impl LossKind {
    /// A stable kebab-case name: `gone`, `from-nowhere` or `counter`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::FromNowhere => "from-nowhere",
            Self::Counter => "counter",
        }
    }
}

/// One sentence for people: lower case, no final period.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, example, .. } = self;
        match self.kind {
            LossKind::Gone => {
                write!(f, "table `{table}` does not keep the row {example}")?;
                if self.rows > 1 { write!(f, ", and {} more", self.rows - 1) } else { Ok(()) }
            }
            LossKind::FromNowhere => write!(f, "table `{table}` has the new row {example}"),
            LossKind::Counter => {
                let after = self.instead.as_ref().map_or("at its start".to_owned(), |after| format!("at {after}"));
                write!(f, "table `{table}` would reuse ids: its counter was {example} and is {after}")
            }
        }
    }
}
