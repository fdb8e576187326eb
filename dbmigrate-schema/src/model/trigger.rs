//! A trigger.

use super::Name;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The table or view that it watches.
    pub table: Name,
    /// When it runs.
    pub timing: Timing,
    /// What makes it run.
    pub event: Event,
    /// What follows `WHEN`.
    pub when: Option<String>,
    /// The statements between `BEGIN` and `END`, as they were written.
    pub body: String,
    /// The statement that SQLite keeps for it.
    pub text: String,
}

/// When a trigger runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timing {
    /// `BEFORE`, which is also what no word means.
    Before,
    /// `AFTER`.
    After,
    /// `INSTEAD OF`.
    InsteadOf,
}

impl Timing {
    /// The words of SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "BEFORE",
            Self::After => "AFTER",
            Self::InsteadOf => "INSTEAD OF",
        }
    }
}

/// What makes a trigger run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `INSERT`.
    Insert,
    /// `DELETE`.
    Delete,
    /// `UPDATE`, of these columns or, where there are none, of any.
    Update(Vec<Name>),
}
