//! A set as the generated module contains it: packed, and unpacked once something has to be done.
//!
//! A start with nothing pending unpacks nothing, because what it needs is not packed. The rest is in two files: all
//! texts, and numbers that say which text is what. So a program carries little more than its scripts, has nothing to
//! relocate when it is loaded, and its compiler sees two literals. `dbmigrate-build` writes the files, and does not
//! read them.

use std::fmt;
use std::sync::OnceLock;

use crate::adoption::TakesOver;
use crate::error::{Error, ErrorKind};
use crate::latest::Latest;
use crate::parts::Parts;
use crate::set::{Rules, Set};
use crate::snapshot::StartsFrom;

mod reader;
pub(crate) mod unpack;

pub(crate) use reader::Reader;

/// All migrations of one history, packed. The build writes it; it is unpacked to a [`Set`].
pub struct PackedSet {
    contents: PackedData,
    /// `None` where they can't be read.
    set: OnceLock<Option<&'static Set<'static>>>,
}

/// The data of a packed set, as the generated module has them.
#[derive(Debug, Clone, Copy)]
pub struct PackedData {
    /// [`Set::name`].
    pub name: &'static str,
    /// [`Set::table`].
    pub table: &'static str,
    /// The chained checksum of all migrations and repeatables; empty if there are none.
    pub chain: &'static str,
    /// The number of migrations.
    pub migrations: usize,
    /// The number of repeatables.
    pub repeatables: usize,
    /// [`Set::rules`].
    pub rules: Rules,
    /// [`Set::parts`].
    pub parts: Parts,
    /// The code that starts from the snapshot, if there is one.
    pub snapshot: Option<StartsFrom>,
    /// The code that takes over the history of another tool, if there is one.
    pub adoption: Option<TakesOver>,
    /// All texts.
    pub texts: &'static str,
    /// What each text is.
    pub data: &'static [u8],
    /// A hash of both.
    pub seal: u64,
}

impl PackedSet {
    /// Creates a set that is not unpacked yet.
    #[must_use]
    #[inline]
    pub const fn new(contents: PackedData) -> Self {
        Self { contents, set: OnceLock::new() }
    }

    /// What a start with nothing pending asks for.
    pub(crate) const fn latest(&self) -> Latest<'static> {
        let PackedData { name, table, chain, migrations, repeatables, .. } = self.contents;
        Latest { name, table, chain, has_migrations: migrations > 0, has_repeatables: repeatables > 0 }
    }

    /// The set, which is unpacked once per process.
    ///
    /// # Errors
    ///
    /// [`Error::is_set`] if the data are not what the build wrote.
    pub fn set(&'static self) -> Result<&'static Set<'static>, Error> {
        self.set.get_or_init(|| unpack::unpack(&self.contents)).ok_or_else(|| {
            Error::new(ErrorKind::Set, "the migrations in this program are not those that its build script wrote")
                .hint("build it again: `cargo clean`, then `cargo build`")
        })
    }
}

impl fmt::Debug for PackedSet {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackedSet").field("name", &self.contents.name).finish_non_exhaustive()
    }
}
