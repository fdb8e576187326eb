//! The history of another tool, as plain data: where it is, and what each of its records means here. The runner knows
//! no other tool. The queries that read a history come with the data, and the code behind them is linked only into
//! programs whose set names it.

use std::fmt;

use crate::comparison::Comparison;
use crate::driver::Backend;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::packed::{Reader, unpack};
use crate::report::Report;
use crate::{old_history, take_over, up};

/// The history of another tool, which is taken over by the first [`Migrator::up`](crate::Migrator::up) that finds it.
#[derive(Debug, Clone, Copy)]
pub struct Adoption<'a> {
    /// The tool, for messages and for the rows that are recorded: `sqlx`.
    pub from: &'a str,
    /// The table of its history, unquoted; `None` if it stores its history elsewhere.
    pub table: Option<&'a str>,
    /// The shapes that this table may have, by release of the tool. The first one that fits is read. Without a table,
    /// there is one.
    pub shapes: &'a [OldShape<'a>],
    /// Whether it records only the newest applied migration, which implies all before it.
    pub newest_only: bool,
    /// Whether the table is kept.
    pub keep: bool,
    /// The name of that table after it was taken over: its own, unless that is the name of our history.
    pub aside: Option<&'a str>,
    /// The statement that removes it, if it is not kept.
    pub remove: &'a str,
    /// What its records mean, in the order of the migrations.
    pub migrations: &'a [Adopted<'a>],
    /// The code that takes it over.
    pub by: TakesOver,
}

/// One shape of the table of an old history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldShape<'a> {
    /// The columns that identify the shape, in lower case.
    pub columns: &'a [&'a str],
    /// The query for what is applied, in order: the key, the checksum and the time (`YYYY-MM-DD HH:MM:SS`, UTC), each a
    /// text. The last two are NULL if unknown.
    pub applied: &'a str,
    /// The query for what forbids to take the history over: the key and the reason, each a text. Empty if nothing can
    /// forbid it.
    pub forbids: &'a str,
}

/// The meaning of a record of an old history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted<'a> {
    /// The key under which the old tool recorded the migration.
    pub key: &'a str,
    /// The checksum that the old tool recorded, if it keeps any.
    pub checksum: Option<&'a str>,
    /// The number of the migration.
    pub number: u64,
}

/// The code that takes over a history.
#[derive(Clone, Copy)]
pub struct TakesOver {
    pub(crate) read: old_history::ReadFn,
    pub(crate) look: old_history::LookFn,
    pub(crate) unknown: old_history::UnknownFn,
    pub(crate) edited: old_history::EditedFn,
    pub(crate) convert: take_over::ConvertFn,
    pub(crate) up: up::AdoptThenUpFn,
    pub(crate) unpack: fn(&mut Reader, TakesOver) -> Adoption<'static>,
}

impl TakesOver {
    /// The runner's own.
    pub const HISTORIES: Self = Self {
        read: old_history::read,
        look: old_history::look,
        unknown: old_history::unknown,
        edited: old_history::edited,
        convert: take_over::convert,
        up: up::adopt_then_up,
        unpack: unpack::adoption,
    };
}

impl fmt::Debug for TakesOver {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TakesOver")
    }
}

/// A history of another tool that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenOver {
    /// The tool.
    pub from: String,
    /// The numbers and full names of the migrations that it recorded, which our history now records.
    pub migrations: Vec<(u64, String)>,
    /// How the database compares with what these migrations make.
    pub comparison: Comparison,
    /// What was compared, in words.
    pub covers: &'static str,
    /// The table of the old history, if it was kept.
    pub kept: Option<String>,
}

/// A history of another tool that has not been taken over yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldHistory {
    /// The tool.
    pub from: String,
    /// The keys of migrations that it applied and this program does not know.
    pub unknown: Vec<String>,
}

impl<B: Backend> Migrator<'_, B> {
    /// Takes over the history of another tool without applying anything; [`Migrator::up`] does this first. If there is
    /// no such history, or if it was taken over already, this does nothing: [`Report::adopted`] tells which.
    ///
    /// # Errors
    ///
    /// [`Error::is_adoption`] if the history cannot be taken over, or an error of the database. Nothing is changed
    /// then.
    #[inline]
    pub fn adopt(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        up::adopt(&mut self.session(connection), self.set()?, &self.options)
    }
}
