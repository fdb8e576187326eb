//! One difference between two schemas, whoever compared them.

use std::fmt;

use crate::BoxError;
use crate::error::{Error, ErrorKind};

/// One way in which a schema differs from an earlier one. `Display` prints it as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaDifference {
    /// The kind of the object: `table`, `index`, `view`, `trigger`, or what the reader calls it.
    pub kind: String,
    /// The name of the object.
    pub name: String,
    /// The table or view to which an index or a trigger belongs, if known.
    pub table: Option<String>,
    /// What happened to it, in a word: `added`, `removed`, `changed`, or what the reader calls it.
    pub change: String,
    /// The same as a sentence.
    pub message: String,
}

impl fmt::Display for SchemaDifference {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Says in what the schema of a connection differs from the one that it was asked for before.
pub(crate) type Reader<'a, C> = dyn Fn(&C) -> Result<Vec<SchemaDifference>, BoxError> + 'a;

/// Names so many of the differences, and how many there are besides.
#[inline]
pub(crate) fn noted_differences(error: Error, differences: &[String], most: usize) -> Error {
    let error = differences.iter().take(most).fold(error, |error, it| error.note(it));
    match differences.len().saturating_sub(most) {
        0 => error,
        more => error.note(format_args!("and {more} more differences")),
    }
}

/// The error where such a reader has failed.
#[inline]
pub(crate) fn unreadable(cause: BoxError) -> Error {
    Error::new(ErrorKind::Sql, format_args!("could not read the schema: {cause}")).because(cause)
}
