//! What is wrong with the migrations of a program, as its test says it.

use std::fmt;

use crate::error::Error;
use crate::schema::{Difference, Object, What};

/// Everything that [`Testing::check_all`](crate::Testing::check_all) found wrong. `Debug` is the same as `Display`, so
/// that a test which returns it shows the message.
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// What went wrong before anything was tried.
    pub(super) fn before(first: &str, error: Error) -> Self {
        Self(vec![Fault { migration: first.to_owned(), leg: Leg::Up, kind: FaultKind::Stopped(error) }])
    }
}

/// One thing that went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The full name of the migration; of the last one, where all of them were on their way.
    pub migration: String,
    /// On which way.
    pub leg: Leg,
    /// What it is.
    pub kind: FaultKind,
}

/// A way that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leg {
    /// The way up.
    Up,
    /// The way back.
    Down,
    /// The way up, after the way back.
    UpAgain,
    /// All of them back, and up again.
    All,
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// It was stopped.
    Stopped(Error),
    /// Its Rust panicked, with this message.
    Panicked(String),
    /// It leads to another schema than it should.
    Schema {
        /// What the object is called.
        object: String,
        /// In what it differs: lower case, no final period.
        difference: String,
    },
    /// Rows of a table that stays are lost or others.
    Rows {
        /// The table.
        table: String,
        /// What is lost: lower case, no final period.
        difference: String,
    },
}

impl Faults {
    /// All of them, in the order in which they were found.
    #[must_use]
    pub fn all(&self) -> &[Fault] {
        &self.0
    }
}

impl FaultKind {
    /// In what a schema differs from the one that it should be; nothing where that is only how it is written.
    pub(super) fn schema(difference: &Difference<'_>) -> Option<Self> {
        let Object { kind, name, .. } = difference.object;
        let difference = match &difference.what {
            What::Missing => format!("the {kind} `{name}` is gone"),
            What::Added => format!("the {kind} `{name}` is there, and should not be"),
            What::Fact(fact, Some(here), Some(there)) => {
                format!("the {kind} `{name}`: {fact} is `{here}`, and was `{there}`")
            }
            What::Fact(fact, None, _) => format!("the {kind} `{name}`: {fact} is gone"),
            What::Fact(fact, ..) => format!("the {kind} `{name}`: {fact} is there, and should not be"),
            What::Columns(here, there) => {
                format!("the {kind} `{name}`: its columns are ({}), and were ({})", here.join(", "), there.join(", "))
            }
            What::Text if kind == "table" => return None,
            What::Text => format!("the {kind} `{name}` has another text"),
        };
        Some(Self::Schema { object: name.clone(), difference })
    }

    /// Whether it may be no more than that the rows which were put there are not wanted. That NULL is not, has to be
    /// decided before.
    pub(super) fn is_about_rows(&self) -> bool {
        let Self::Stopped(error) = self else { return false };
        let message = error.message();
        let line = message.lines().next().unwrap_or_default();
        error.is_assertion() || line.contains("constraint failed") && !line.contains("NOT NULL constraint failed")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} fault{} in the migrations", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { migration, leg, kind } = self;
        match leg {
            Leg::Up => write!(f, "`{migration}`: {kind}"),
            Leg::Down => write!(f, "`{migration}`, on its way back: {kind}"),
            Leg::UpAgain => write!(f, "`{migration}`, on its way up after its way back: {kind}"),
            Leg::All => write!(f, "all back and up again: {kind}"),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(error) => write!(f, "{error}"),
            Self::Panicked(message) => write!(f, "its Rust panicked: {message}"),
            Self::Schema { difference, .. } => f.write_str(difference),
            Self::Rows { table, difference } => write!(f, "the table `{table}`: {difference}"),
        }
    }
}
