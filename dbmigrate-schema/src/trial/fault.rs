//! What is wrong with a migration that was tried with rows.

use std::fmt;

use dbmigrate_core::Diagnostic;

use crate::compare::Difference;
use crate::proof::Loss;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The direction in which it showed.
    pub leg: Leg,
    /// The kind.
    pub kind: FaultKind,
}

/// A direction that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Up again, after going down.
    UpAgain,
    /// The rows of a file that are inserted after the up script.
    Rows,
    /// From an older version to the last one.
    Versions,
}

/// A kind of fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// SQLite rejects it.
    Refused(Diagnostic),
    /// The down script makes a different schema than the one before; this is a difference.
    Schema(Difference),
    /// Rows that should be the same are not.
    Rows(Loss),
    /// SQLite finds something wrong with the database.
    State(String),
}

impl Leg {
    /// A stable kebab-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::UpAgain => "up-again",
            Self::Rows => "rows",
            Self::Versions => "versions",
        }
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::UpAgain => "up again after down",
            Self::Rows => "rows added after it",
            Self::Versions => "from it to the newest",
        })
    }
}

/// One sentence for people: lower case, no final period.
impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(diagnostic) => f.write_str(&diagnostic.message),
            Self::Schema(difference) => write!(f, "compared with before, {difference}"),
            Self::Rows(loss) => write!(f, "{loss}"),
            Self::State(what) => f.write_str(what),
        }
    }
}
