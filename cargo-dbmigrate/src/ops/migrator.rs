//! The migrator as every command of this program makes it.

use dbmigrate_runtime::{Migrator, Set};

use crate::ops::driver::Rusqlite;
use crate::ops::space;

/// What the history records for migrations that this program applied.
const TOOL: &str = concat!("cargo-dbmigrate ", env!("CARGO_PKG_VERSION"));

/// A migrator for a set.
pub(crate) fn migrator<'a>(set: &'a Set<'a>) -> Migrator<'a, Rusqlite> {
    Migrator::new(set).tool(TOOL).free_space(space::free)
}
