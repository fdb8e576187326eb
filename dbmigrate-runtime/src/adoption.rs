//! The history that another tool kept before this one, as plain data: where it stands, and what each of its records
//! means here. The runner knows no tool. What reads a history are queries that come with the data, and the code behind
//! them is linked only into programs whose set names it.

use std::fmt;

use crate::comparison::Comparison;
use crate::driver::Backend;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::packed::{Reader, unpack};
use crate::report::Report;
use crate::{old_history, take_over, up};

/// The history of another tool, to be taken over by the first [`Migrator::up`](crate::Migrator::up) that finds it.
#[derive(Debug, Clone, Copy)]
pub struct Adoption<'a> {
    /// The tool, for messages and for the rows that are recorded: `sqlx`.
    pub from: &'a str,
    /// The table that it kept, unquoted; none where it kept something else.
    pub table: Option<&'a str>,
    /// How that table may look, by release of the tool: the first one that fits is read. Without a table there is one.
    pub shapes: &'a [OldShape<'a>],
    /// Whether it records only the newest of what is applied, which means all before that too.
    pub newest_only: bool,
    /// Whether the table stays.
    pub keep: bool,
    /// The name of that table beside ours: its own, unless that is the name of the history.
    pub aside: Option<&'a str>,
    /// What takes it away where it does not stay.
    pub remove: &'a str,
    /// What its records mean, in the order of the migrations.
    pub migrations: &'a [Adopted<'a>],
    /// What does all of it.
    pub by: TakesOver,
}

/// One look of an old history's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldShape<'a> {
    /// The columns by which it is told, in lower case.
    pub columns: &'a [&'a str],
    /// Asks for what is applied, in order: the key, the checksum and the time (`YYYY-MM-DD HH:MM:SS`, UTC), each a text,
    /// the last two NULL where it is not known.
    pub applied: &'a str,
    /// Asks for what forbids to take it over: the key and the reason, each a text. Empty where nothing can.
    pub forbids: &'a str,
}

/// What a record of an old history means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted<'a> {
    /// The key that the old tool gave it.
    pub key: &'a str,
    /// The checksum that the old tool had for it, where it kept any.
    pub checksum: Option<&'a str>,
    /// The number of the migration.
    pub number: u64,
}

/// The code that takes a history over.
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
    /// The numbers and full names of the migrations that its history holds, and ours now.
    pub migrations: Vec<(u64, String)>,
    /// How the database compares with what these make.
    pub comparison: Comparison,
    /// What is compared, in words.
    pub covers: &'static str,
    /// The table of the old history, where it was kept.
    pub kept: Option<String>,
}

/// A history of another tool that was not taken over yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OldHistory {
    /// The tool.
    pub from: String,
    /// The keys of what it applied and this program does not know.
    pub unknown: Vec<String>,
}

impl<B: Backend> Migrator<'_, B> {
    /// Takes the history of another tool over, without applying anything: what [`Migrator::up`] does first. It does
    /// nothing where there is none, or it was taken over already: [`Report::adopted`] says which.
    ///
    /// # Errors
    ///
    /// [`Error::is_adoption`] where it can't be, and what the database says. Nothing is changed then.
    #[inline]
    pub fn adopt(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        up::adopt(&mut self.session(connection), self.set()?, &self.options)
    }
}
