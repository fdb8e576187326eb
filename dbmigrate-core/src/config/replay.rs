//! What a replay has to know of the program's connections.

/// The names that the program registers on its connections and SQLite as it comes does not have. In a replay they
/// stand in for what they name: a function answers NULL, a collation compares bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stubs {
    /// Functions, each with any number of arguments.
    pub functions: Vec<String>,
    /// Collations.
    pub collations: Vec<String>,
}

impl Stubs {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.collations.is_empty()
    }
}
