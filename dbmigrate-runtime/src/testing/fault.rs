//! The faults of a program's migrations, as its test reports them.

use std::fmt;

use crate::error::Error;
use crate::schema::{Difference, Object, What};

/// Everything that [`Testing::check_all`](crate::Testing::check_all) found wrong. `Debug` prints the same as `Display`,
/// so that a test which returns it shows the message.
pub struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// What went wrong before anything was tried.
    pub(super) fn before(first: &str, error: Error) -> Self {
        Self(vec![Fault { migration: first.to_owned(), leg: Leg::Up, kind: FaultKind::Stopped(error) }])
    }
}

/// One fault.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The full name of the migration; that of the last one, if all of them were run.
    pub migration: String,
    /// The direction in which it occurred.
    pub leg: Leg,
    /// The kind of fault.
    pub kind: FaultKind,
}

/// A direction that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leg {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Up again, after going down.
    UpAgain,
    /// All migrations down, and up again.
    All,
}

/// A kind of fault.
#[derive(Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// The migration failed.
    Stopped(Error),
    /// Its Rust code panicked, with this message.
    Panicked(String),
    /// It makes a different schema than it should.
    Schema {
        /// The object.
        object: String,
        /// The difference: lower case, no final period.
        difference: String,
    },
    /// Rows of a table that still exists were lost or changed.
    Rows {
        /// The table.
        table: String,
        /// What was lost: lower case, no final period.
        difference: String,
    },
}

impl Faults {
    /// All faults, in the order in which they were found.
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
            What::Missing => format!("the {kind} `{name}` is missing"),
            What::Added => format!("the {kind} `{name}` should not exist"),
            What::Fact(fact, Some(here), Some(there)) => {
                format!("the {kind} `{name}`: {fact} is `{here}`, and was `{there}`")
            }
            What::Fact(fact, None, _) => format!("the {kind} `{name}`: {fact} is missing"),
            What::Fact(fact, ..) => format!("the {kind} `{name}`: {fact} should not exist"),
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
            Leg::Down => write!(f, "`{migration}` (down): {kind}"),
            Leg::UpAgain => write!(f, "`{migration}` (up again after down): {kind}"),
            Leg::All => write!(f, "all down and up again: {kind}"),
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
