//! A trigger.

use super::Name;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The table or view that it is on.
    pub table: Name,
    /// When it fires.
    pub timing: Timing,
    /// What it fires for.
    pub event: Event,
    /// The text after `WHEN`.
    pub when: Option<String>,
    /// The statements between `BEGIN` and `END`, as written.
    pub body: String,
    /// The statement that SQLite stores for it.
    pub text: String,
}

/// When a trigger fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timing {
    /// `BEFORE`, which is the default.
    Before,
    /// `AFTER`.
    After,
    /// `INSTEAD OF`.
    InsteadOf,
}

impl Timing {
    /// The SQL keywords.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "BEFORE",
            Self::After => "AFTER",
            Self::InsteadOf => "INSTEAD OF",
        }
    }
}

/// What a trigger fires for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `INSERT`.
    Insert,
    /// `DELETE`.
    Delete,
    /// `UPDATE` of these columns or, if there are none, of any column.
    Update(Vec<Name>),
}
