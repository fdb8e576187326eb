//! Rows that are not what they have to be, as data and as a sentence.

use std::fmt;

use crate::model::Name;

/// What has happened to the rows of a table that should have stayed as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The table.
    pub table: Name,
    /// A column that has another value now, where its row is still there.
    pub column: Option<String>,
    /// What it is.
    pub kind: LossKind,
    /// How many rows it is about.
    pub rows: usize,
    /// How many the table had.
    pub of: usize,
    /// One of them.
    pub example: String,
    /// What is there in its place.
    pub instead: Option<String>,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Rows are gone, or are others now.
    Gone,
    /// There are rows that nobody wrote.
    FromNowhere,
    /// The counter of an `AUTOINCREMENT` has gone back.
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
            LossKind::FromNowhere => write!(f, "table `{table}` gets the row {example} from nowhere"),
            LossKind::Counter => {
                let after = self.instead.as_ref().map_or("at its start".to_owned(), |after| format!("at {after}"));
                write!(f, "table `{table}` gives ids again: its counter stood at {example} and is {after}")
            }
        }
    }
}
