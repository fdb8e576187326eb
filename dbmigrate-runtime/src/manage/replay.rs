//! What migrations make on a database in memory that a migrator opens by itself.

use std::path::Path;

use crate::db::Db;
use crate::difference::{Reader, SchemaDifference};
use crate::driver::{Access, Backend};
use crate::error::Error;
use crate::history::History;
use crate::hooks::Hooks;
use crate::options::Options;
use crate::replay::fill;
use crate::session::{Bound, Dispatch};
use crate::set::Set;

/// Runs sets on a database in memory of this backend, in one order, and reads what that has then. So does `schema`, which
/// says what differs from when it was asked before, and from then on what differs from this. `code` is that of the first.
pub(crate) fn replay<B: Backend, T>(
    sets: &[Set<'_>],
    options: &Options,
    code: Option<&Dispatch<'_, B::Connection>>,
    schema: Option<&Reader<'_, B::Connection>>,
    read: fn(&mut Db<'_>, &History<'_>) -> Result<T, Error>,
) -> Result<(T, Vec<SchemaDifference>), String> {
    let mut memory = B::open(Path::new(":memory:"), Access::Create).map_err(|error| error.to_string())?;
    let hooks = Hooks::default();
    fill(&mut Bound::<B> { driver: B::driver(&mut memory), code, hooks: &hooks, schema }, sets, options, read)
}
