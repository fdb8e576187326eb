//! What a replay has to know of the program's connections.

/// How a replay begins, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// `base`: the file, relative to the package, with `/`, that makes what is there before the first migration; none
    /// where that begins with an empty database.
    pub base: Option<String>,
    /// `functions` and `collations`.
    pub stubs: Stubs,
}

/// The names that the program registers on its connections and SQLite as it comes does not have. In a replay they
/// stand in for what they name: a function answers NULL, a collation compares bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stubs {
    /// Functions, each with any number of arguments.
    pub functions: Vec<String>,
    /// Collations.
    pub collations: Vec<String>,
}
