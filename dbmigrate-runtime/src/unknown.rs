//! What generated code says of names, numbers and ids that it does not know.

use std::fmt;

use crate::BoxError;

/// A name or a number that no migration of the program has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMigration {
    asked: String,
}

impl UnknownMigration {
    /// For what was asked.
    #[must_use]
    #[inline]
    pub fn new(asked: impl fmt::Display) -> Self {
        Self { asked: asked.to_string() }
    }
}

impl fmt::Display for UnknownMigration {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no migration `{}`", self.asked)
    }
}

impl std::error::Error for UnknownMigration {}

/// The answer of a generated dispatcher to an id that is not its own.
#[must_use]
#[inline]
pub fn unknown_code(id: u32) -> BoxError {
    format!("the generated module has no code number {id}").into()
}
