//! The SQLite migration runner that ships inside a program.
//!
//! It applies the pending migrations of a [`Set`] to a database, through the program's own connection, and reports the
//! state of the database. With the feature `manage` it also rolls migrations back, and repairs a history that differs
//! from the program. It has no dependencies, and does not link SQLite: `links = "sqlite3"` allows only one such crate
//! in a build, and that is the program's. Instead, [`rusqlite_driver!`] expands an adapter against the caller's
//! rusqlite, of any version from 0.29 to 0.43.
//!
//! `cargo dbmigrate init` sets up a package: a build script registers the files of `migrations/` with
//! [dbmigrate-build], and [`include_migrations!`] includes the module that it generates.
//!
//! ```
//! # #[cfg(any())] // The build script of a program has to be there.
//! dbmigrate_runtime::include_migrations!(pub mod migrations);
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
//! # use example::migrations;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut connection = rusqlite::Connection::open_in_memory()?;
//! for migration in migrations::migrator().up(&mut connection)?.applied {
//!     println!("applied {}", migration.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every failure is an [`Error`], whose message says what went wrong, where, and what to do next. A program can match
//! on [`Error::kind`], or ask by a predicate:
//!
//! ```
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
//! # use example::migrations;
//! # let mut connection = rusqlite::Connection::open_in_memory()?;
//! # connection.execute_batch("CREATE TABLE notes (id)")?;
//! match migrations::migrator().up(&mut connection) {
//!     Err(error) if error.is_existing_schema() => eprintln!("this database is not ours: {error}"),
//!     Err(error) if error.is_newer_database() => eprintln!("update this program: {error}"),
//!     report => println!("{} applied", report?.applied.len()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate has no SQL parser. `dbmigrate-core` splits the scripts when the program is built, and the generated
//! module contains them, packed, with everything that the runner has to know about them. The types of a
//! [`Set`] are the format of that data and grow with the versions of this crate: use the same version of
//! dbmigrate-build and dbmigrate-runtime, which the generated code checks when it is compiled.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `cli` | `Migrator::cli`, `Together::cli` and the module `cli`: `status`, `up`, `down` and the other database commands, for a program's own binary |
//! | `manage` | everything beyond applying migrations: `down` and its variants, `redo`, `rehearse`, `reset`, `mark`, `forget`, `repair`, `verify_schema`, fingerprints of schemas, and copies on request (`back_up`, `backups`, `copy_to`, `restore`). A program that only migrates its database at startup does not need it, and saves a tenth of the compile time of this crate. Enable it with `cargo add dbmigrate-runtime --features manage` |
//! | `testing` | `Migrator::testing`: databases for tests, and a test of all migrations. It belongs in `[dev-dependencies]`: `cargo add --dev dbmigrate-runtime --features testing` |
//!
//! No feature is on by default, and no migration file needs one. `cli` and `testing` enable `manage`. The minimum Rust
//! version is 1.85.
//!
//! # More
//!
//! [The guide](https://github.com/dbmigrate/dbmigrate/tree/main/docs): [in the program](https://github.com/dbmigrate/dbmigrate/blob/main/docs/in-the-program.md),
//! [tests](https://github.com/dbmigrate/dbmigrate/blob/main/docs/testing.md), [pools and other libraries](https://github.com/dbmigrate/dbmigrate/blob/main/docs/pools.md),
//! [several sets](https://github.com/dbmigrate/dbmigrate/blob/main/docs/sets.md).
//!
//! [dbmigrate-build]: https://docs.rs/dbmigrate-build

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adoption;
mod assertion;
mod backup;
mod batch;
#[cfg(feature = "cli")]
pub mod cli;
mod code;
mod compare;
mod comparison;
mod copy;
mod db;
mod dependent;
mod diff;
mod difference;
mod driver;
mod drops;
mod elsewhere;
mod entries;
mod error;
mod excerpt;
mod file_lock;
mod foreign_keys;
mod guard;
mod hidden;
mod histories;
mod history;
mod history_row;
mod hooks;
mod include;
mod interrupted;
mod job;
mod journal;
mod kept;
mod late;
mod latest;
mod lazy_set;
#[cfg(feature = "manage")]
mod manage;
mod messages;
mod migrator;
mod names;
mod neighbours;
mod no_backend;
mod no_transaction;
mod normal;
mod notes;
mod objects;
mod old_history;
mod one_set;
#[cfg(feature = "cli")]
mod one_way;
mod options;
mod order;
mod packed;
mod parts;
mod plan;
mod put_back;
mod quote;
mod records;
mod repeatable;
#[cfg(feature = "cli")]
mod replace;
mod replaced;
mod replay;
mod report;
mod requires;
mod row_state;
mod rows;
mod runner;
mod rusqlite_driver;
mod schema;
mod script;
mod session;
mod set;
mod snapshot;
mod sorted;
mod squash;
mod status;
mod step_lock;
mod stored;
mod suggested;
mod tables;
mod take_over;
#[cfg(feature = "testing")]
mod testing;
mod together;
mod unknown;
mod up;
mod value;
mod verify;
mod violations;
mod with_driver;
#[cfg(not(feature = "cli"))]
mod without_cli;
#[cfg(not(feature = "manage"))]
mod without_manage;
#[cfg(not(feature = "testing"))]
mod without_testing;

pub use adoption::{Adopted, Adoption, OldHistory, OldShape, TakenOver, TakesOver};
pub use backup::{Backup, BackupWhen};
pub use batch::Batch;
pub use comparison::Comparison;
pub use difference::SchemaDifference;
pub use driver::{Access, Backend, Driver};
pub use error::{Error, ErrorKind};
pub use histories::history_tables;
pub use history_row::HistoryRow;
pub use hooks::{Direction, Progress, Upcoming};
pub use kept::Kept;
pub use late::{OrderConflict, OrderProof};
#[cfg(feature = "manage")]
pub use manage::{
    Marked, Rehearsal, Rehearse, Rehearsed, Repair, Repairs, ResetPlan, Restored, SetRehearsal, Stopped, VerifiedSchema,
};
pub use migrator::Migrator;
pub use no_backend::NoBackend;
pub use notes::Note;
pub use options::JournalMode;
pub use parts::Parts;
pub use plan::Planned;
pub use quote::identifier as quote_identifier;
pub use repeatable::{RepeatableEntry, RepeatableState};
pub use report::{Done, Repeated, Report};
pub use row_state::RowState;
pub use rows::Rows;
pub use set::{
    Code, Down, Effect, ForeignKeys, Metadata, Migration, NewerDatabase, Object, ObjectKind, OutOfOrder, Repeatable,
    Rules, Script, Set, Squash, Statement, Step, StoreSql, TransactionMode,
};
pub use snapshot::{Snapshot, Started, StartsFrom};
pub use status::{Entry, State, Status};
#[cfg(feature = "testing")]
pub use testing::{Fault, FaultKind, Faults, Leg, Tested, Testing};
pub use together::{SetReport, SetStatus, Together};
pub use unknown::UnknownMigration;
pub use value::{Row, Value};
pub use verify::{Problem, Verification};

/// Any error, as code migrations return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What only generated code and the macros of this crate name. It can change with every version.
#[doc(hidden)]
pub mod __private {
    pub use crate::driver::boxed;
    pub use crate::packed::{PackedData, PackedSet};
    pub use crate::set::{FORMAT, check_format};
    pub use crate::unknown::unknown_code;
}
