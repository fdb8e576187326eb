//! How far work in batches has come, for `in_batches` of [`rusqlite_driver!`](crate::rusqlite_driver).

/// One batch of many, as `in_batches` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// Its number, from 1.
    pub number: u64,
    /// The rows that the batches before it have changed.
    pub rows: u64,
}

impl Batch {
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn first() -> Self {
        Self { number: 1, rows: 0 }
    }

    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn next(self, rows: usize) -> Self {
        Self { number: self.number + 1, rows: self.rows + rows as u64 }
    }
}
