//! How a migrator holds its set, and the other sets of its database: unpacked, or packed until something has to be
//! done.

use crate::driver::Backend;
use crate::error::Error;
use crate::hooks::Hooks;
use crate::latest::Latest;
use crate::migrator::Migrator;
use crate::options::Options;
use crate::packed::PackedSet;
use crate::set::Set;

/// A set that may be packed.
#[derive(Clone, Copy)]
pub(crate) enum LazySet<'a> {
    Set(&'a Set<'a>),
    Packed(&'static PackedSet),
}

impl<'a> LazySet<'a> {
    pub(crate) fn latest(self) -> Latest<'a> {
        match self {
            Self::Set(set) => set.latest(),
            Self::Packed(packed) => packed.latest(),
        }
    }

    pub(crate) fn set(self) -> Result<&'a Set<'a>, Error> {
        match self {
            Self::Set(set) => Ok(set),
            Self::Packed(packed) => packed.set(),
        }
    }
}

impl<'a, B: Backend> Migrator<'a, B> {
    /// A migrator for a set.
    #[must_use]
    pub fn new(set: &'a Set<'a>) -> Self {
        Self::holding(LazySet::Set(set))
    }

    /// A migrator for a set that the build has packed, as the generated module makes it.
    #[doc(hidden)]
    #[must_use]
    pub fn packed(set: &'static PackedSet) -> Self {
        Self::holding(LazySet::Packed(set))
    }

    fn holding(lazy_set: LazySet<'a>) -> Self {
        let (options, hooks) = (Options::default(), Hooks::default());
        Self { lazy_set, options, code: None, code_captures: false, hooks, schema: None, beside: Vec::new() }
    }

    /// Declares that the set of another migrator is in the same database: what it makes is not drift, and what it
    /// requires is not rolled back. To apply several sets, use [`Together`](crate::Together).
    #[must_use]
    pub fn beside<O: Backend>(self, other: &Migrator<'a, O>) -> Self {
        self.beside_set(other.lazy_set)
    }

    pub(crate) fn beside_set(mut self, other: LazySet<'a>) -> Self {
        self.beside.push(other);
        self
    }

    /// The name of the set; empty for a set without a name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.lazy_set.latest().name
    }

    /// The set.
    ///
    /// # Errors
    ///
    /// [`Error::is_set`] if the program does not contain the data that its build wrote.
    pub fn set(&self) -> Result<&'a Set<'a>, Error> {
        self.lazy_set.set()
    }
}
