//! What a SQLite schema is: read, compared and written, with SQLite itself as the judge.
//!
//! * [`Schema`] is the model. It is [read](Schema::read) from a database, or made from [statements](Schema::from_sql) or
//!   [migrations](Schema::from_migrations). It can be [`compare`]d with another, written as [SQL](Schema::to_sql) or
//!   [JSON](Schema::to_json), and drawn with [Mermaid](Schema::to_mermaid), with [Graphviz](Schema::to_dot) or as
//!   [SVG](Schema::to_svg).
//! * [`plan`](plan()) writes the SQL that leads from one schema to another, on a database that holds rows.
//! * [`replay`](replay()) runs a set of migrations on a database in memory: every up script in order, with the hooks and
//!   repeatables around them, and every down script after its up script. Migrations in Rust are run by a [`Program`].
//! * [`lint`] has the rules of `cargo dbmigrate check`, and [`try_out`] does what `cargo dbmigrate test` does.
//!
//! ```
//! use dbmigrate_schema::{Decisions, Schema, plan};
//!
//! let from = Schema::from_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")?;
//! let to = Schema::from_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX by_text ON notes (text)")?;
//! let plan = plan(&from, &to, &Decisions::default()).expect("there is nothing to decide");
//! assert_eq!(plan.to_sql(), "CREATE INDEX by_text ON notes (text);\n");
//! # Ok::<(), dbmigrate_core::Diagnostic>(())
//! ```
//!
//! SQLite judges the statements, and this crate reports the file and line to which it objects. It knows no terminal, and
//! writes to no database of a user.
//!
//! It has no features, and brings its own SQLite, through rusqlite with `bundled`. The minimum Rust version is 1.89. See
//! also [the guide](https://github.com/dbmigrate/dbmigrate/blob/main/docs/schema.md).

mod cell;
mod chance;
mod compare;
mod declared;
mod drops;
mod execute;
mod fill;
mod foreign_keys;
mod inverse;
pub mod lint;
mod migrated;
pub mod model;
mod observer;
mod parse;
mod plan;
mod program;
mod proof;
mod put_back;
mod quotes;
mod read;
mod renamed;
mod render;
mod repeatable;
mod replay;
mod scratch;
mod shadowed;
mod snapshot;
mod squash;
mod steady;
mod steps;
mod trial;
mod undo;
mod views;
mod violations;
mod wide;

pub use compare::{Change, ColumnChange, Difference, compare};
pub use declared::{Declared, Hint};
pub use fill::{FillError, Filled, FilledTable, fill};
pub use migrated::{IncrementalReplay, migrated};
pub use model::{Kind, Name, Object, Schema, Table};
pub use plan::{
    AllowedDrops, Decisions, DropTarget, Fill, Hazard, OLDEST, Plan, Planned, Rename, Undecided, Version, plan,
    reversed,
};
pub use program::Program;
pub use proof::{Claim, Failure, Loss, LossKind, Proof, Step, prove};
pub use read::{ReadError, ReadOptions};
pub use replay::{Replay, Stopped, replay};
pub use scratch::register as stand_in;
pub use snapshot::{SnapshotFile, check_snapshot, differences_but, snapshot_file};
pub use squash::{Squash, check_squash, squash};
pub use trial::{
    Emptied, Fault, FaultKind, LeftOut, Leg, MigrationTrial, Rows, TrialOptions, TrialReport, VersionTrial, Versions,
    try_out,
};
pub use undo::undo;
