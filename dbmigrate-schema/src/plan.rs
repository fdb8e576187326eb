//! Plans the SQL that leads from one schema to another, on a database that holds rows.
//!
//! What SQLite can change in place is changed in place, and everything else by a rebuild. Nothing is lost on the way:
//! no row, no rowid, no `AUTOINCREMENT` id, no index, view or trigger. What two schemas do not say (a rename, a value
//! for a column that had none, whether something may be dropped) is asked, never guessed. SQLite itself works out what
//! a rename does to the rest of the schema, on a database in memory.

mod alter;
mod bench;
mod conversion;
mod decisions;
mod dependents;
mod doubts;
mod names;
mod neighbours;
mod pair;
mod rebuild;
mod searches;
mod steps;
mod text;
mod undecided;

pub(crate) use conversion::{duplicates, misfit, on_one_line};
pub use decisions::{AllowedDrops, Decisions, DropTarget, Fill, Hazard, OLDEST, Rename, Version, reversed};
pub(crate) use dependents::names_in;
pub(crate) use pair::{is_never_null, is_rowid_name};
pub use undecided::Undecided;

use crate::model::Schema;

/// The content of a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The statements, in order.
    pub statements: Vec<Planned>,
    /// Whether the statements are safe only with foreign keys off, which has to be set outside their transaction.
    pub foreign_keys_off: bool,
    /// Queries that have to return one true value before the first statement.
    pub asserts: Vec<String>,
}

/// One statement of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The statement, without its `;`.
    pub sql: String,
    /// A remark for the reader, on one line or several.
    pub comment: Option<String>,
}

impl Planned {
    fn new(sql: String) -> Self {
        Self { sql, comment: None }
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// Plans the change from one schema to another.
///
/// ```
/// use dbmigrate_schema::{Decisions, Schema, plan};
///
/// let from = Schema::from_sql("CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT)")?;
/// let to = Schema::from_sql("CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT, size INT NOT NULL DEFAULT 0)")?;
///
/// let plan = plan(&from, &to, &Decisions::default()).expect("there is nothing to decide");
/// assert_eq!(plan.to_sql(), "ALTER TABLE teams ADD COLUMN size INT NOT NULL DEFAULT 0;\n");
/// # Ok::<(), dbmigrate_core::Diagnostic>(())
/// ```
///
/// # Errors
///
/// Everything that a person has to decide, and everything that cannot be planned.
pub fn plan(from: &Schema, to: &Schema, decisions: &Decisions) -> Result<Plan, Vec<Undecided>> {
    steps::plan(from, to, decisions)
}
