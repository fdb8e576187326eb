//! The snapshot from which a new database may start in place of its first migrations, as data of the set.

use std::fmt;
use std::time::Duration;

use crate::packed::{Reader, unpack};
use crate::runner::start;
use crate::set::Script;

/// What the first migrations of a set make of an empty database, proved and sealed.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The number of the last migration that it stands for.
    pub number: u64,
    /// The chained checksum of that migration and all before it. If that of the set is different, the snapshot is not
    /// used.
    pub chain: &'a str,
    /// The script that makes the schema and the rows.
    pub script: Script<'a>,
    /// The code that starts from it. Programs without a snapshot do not carry it.
    pub by: StartsFrom,
}

/// The code that lets a database start from a snapshot.
#[derive(Clone, Copy)]
pub struct StartsFrom {
    pub(crate) start: start::StartFn,
    pub(crate) unpack: fn(&mut Reader, StartsFrom) -> Snapshot<'static>,
}

impl StartsFrom {
    /// The runner's own.
    pub const SNAPSHOT: Self = Self { start: start::start, unpack: unpack::snapshot };
}

impl fmt::Debug for StartsFrom {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartsFrom")
    }
}

/// Reports that a new database started from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Started {
    /// The file of the snapshot, relative to the package.
    pub file: String,
    /// The number of migrations that it stands for: the first of those that were applied. None of them ran, so neither
    /// the history nor the report has a duration for them.
    pub migrations: usize,
    /// How long applying the snapshot took, without the commit.
    pub duration: Duration,
}
