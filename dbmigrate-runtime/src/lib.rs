//! The SQLite migration runner that ships inside a program.
//!
//! It applies the pending migrations of a [`Set`] to a database through the program's own connection, rolls them
//! back, says where a database stands, and settles what differs. It has no dependency and links no SQLite (`links = "sqlite3"` allows one
//! in a build, and that one is the program's): [`rusqlite_driver!`] expands an adapter against the caller's rusqlite.
//!
//! ```text
//! dbmigrate_runtime::include_migrations!(pub mod migrations);
//!
//! migrations::migrator().up(&mut connection)?;
//! ```
//!
//! There is no SQL parser here: `dbmigrate-core` splits the scripts when the program is built, and the generated
//! module holds spans and what a runner must know of them.

mod adoption;
mod assertion;
mod backup;
mod batch;
#[cfg(feature = "cli")]
pub mod cli;
mod code;
mod compare;
mod copy;
mod db;
mod dependent;
mod diff;
mod difference;
mod down;
mod driver;
mod entries;
mod error;
mod excerpt;
mod file_lock;
mod foreign_keys;
mod forget;
mod format;
mod guard;
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
mod mark;
mod migrator;
mod neighbours;
mod no_backend;
mod no_transaction;
mod normal;
mod notes;
mod objects;
mod old_history;
#[cfg(feature = "cli")]
mod one_way;
mod options;
mod order;
mod plan;
mod quote;
mod records;
mod rehearsal;
mod repair;
mod repeatable;
#[cfg(feature = "cli")]
mod replace;
mod replay;
mod report;
mod requires;
mod reset;
mod restore;
mod runner;
mod rusqlite_driver;
mod schema;
mod script;
mod session;
mod set;
mod snapshot;
mod squash;
mod status;
mod step_lock;
mod stored;
mod take_over;
mod testing;
mod together;
mod unknown;
mod up;
mod value;
mod verify;
mod verify_schema;
mod violations;
mod with_driver;

pub use adoption::{Adopted, Adoption, OldHistory, OldShape, TakenOver, TakesOver};
pub use backup::{Backup, BackupWhen};
pub use batch::Batch;
pub use difference::SchemaDifference;
pub use driver::{Access, Backend, Driver};
pub use error::{Error, ErrorKind};
pub use format::check_format;
pub use histories::history_tables;
pub use history_row::HistoryRow;
pub use hooks::{Direction, Progress, Upcoming};
pub use kept::Kept;
pub use late::{OrderConflict, OrderProof};
pub use mark::{Comparison, Marked};
pub use migrator::Migrator;
pub use no_backend::NoBackend;
pub use notes::Note;
pub use options::JournalMode;
pub use plan::Planned;
pub use quote::identifier as quote_identifier;
pub use rehearsal::{Rehearsal, Rehearse, Rehearsed};
pub use repair::{Repair, Repairs, Stopped};
pub use repeatable::{RepeatableEntry, RepeatableState};
pub use report::{Done, Repeated, Report};
pub use reset::ResetPlan;
pub use restore::Restored;
pub use set::{
    Code, Down, Effect, FORMAT, ForeignKeys, Metadata, Migration, NewerDatabase, Object, ObjectKind, OutOfOrder,
    Repeatable, Rules, Script, Set, Squash, Statement, Step, StoreSql, TransactionMode,
};
pub use snapshot::{Snapshot, Started, StartsFrom};
pub use status::{Entry, State, Status};
pub use testing::{Fault, FaultKind, Faults, Leg, Tested, Testing};
pub use together::{SetRehearsal, SetReport, SetStatus, Together};
pub use unknown::{UnknownMigration, unknown_code};
pub use value::{Row, Value};
pub use verify::{Problem, Verification};
pub use verify_schema::VerifiedSchema;

/// Any error, as code migrations return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
