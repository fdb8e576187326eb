//! The configuration of a set: `[package.metadata.migrations]` in the package's manifest.
//!
//! Keys that shape the set or its history are in the package only, because a published package does not carry its
//! workspace; `[workspace.metadata.migrations]` gives defaults for keys that only tools use. Command line arguments and
//! the environment are not known here.

use std::collections::BTreeMap;

mod lints;
mod read;
mod replay;

pub use lints::{LintLevel, LintSetting};
pub(crate) use read::read_set_parts;
pub use read::{keys, read, read_sets, workspace_keys};
pub use replay::{Replay, Stubs};

pub use crate::tool::Layout;

/// The table in a package's manifest.
pub const TABLE: &str = "[package.metadata.migrations]";

/// The digits of a timestamp, `YYYYMMDDHHMMSS`.
pub(crate) const TIMESTAMP_DIGITS: usize = 14;

/// The most digits that `width` may ask for.
pub(crate) const MAX_WIDTH: usize = 20;

/// How a set is laid out, recorded and run. [`Default`] is the configuration of a manifest without any keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether the package's manifest has the table at all.
    pub declared: bool,
    /// The name of the set, from `sets.NAME`; empty for the set that the package's own keys describe.
    pub set: String,
    /// `dir`: the folder of the migrations, relative to the package, with `/`.
    pub dir: String,
    /// `layout`: the tool whose files these are. The kind of numbers is then derived from them.
    pub layout: Layout,
    /// `database`: the path of the database that tools use, relative to the package.
    pub database: Option<String>,
    /// `table`: the history table.
    pub table: String,
    /// `numbering`: the kind of numbers.
    pub numbering: Numbering,
    /// `width`: the minimum number of digits of a sequential number.
    pub width: usize,
    /// `start`: the first sequential number.
    pub start: u64,
    /// `reserved`: numbers for which there is no file, each with its reason.
    pub reserved: BTreeMap<u64, String>,
    /// `reversible`: whether a new migration gets a down script to fill in.
    pub reversible: bool,
    /// `transaction`: what one transaction contains.
    pub transaction: TransactionMode,
    /// `foreign-keys`: enforcement for files that do not set it.
    pub foreign_keys: ForeignKeys,
    /// `store-sql`: which scripts the history stores.
    pub store_sql: StoreSql,
    /// `out-of-order`: what to do about a pending migration before an applied one.
    pub out_of_order: OutOfOrder,
    /// `newer-database`: what to do about a database with migrations that the program does not know.
    pub newer_database: NewerDatabase,
    /// `backup`: the copies that tools make of a database; `None` if they make none by themselves.
    pub backup: Option<Backup>,
    /// `runner`: the binary target that runs sets with Rust in them.
    pub runner: Option<String>,
    /// `schema`: the file that declares the schema, relative to the package, with `/`.
    pub schema: String,
    /// `fixtures`: the folder with the team's own rows for tests, relative to the package, with `/`.
    pub fixtures: Option<String>,
    /// `min-sqlite`: the oldest SQLite that runs the migrations, as major and minor number; `None` if it is not
    /// declared.
    pub min_sqlite: Option<(u32, u32)>,
    /// `replay`: what a replay starts with, and for what it has stand-ins.
    pub replay: Replay,
    /// `lints`: the levels of lint rules; first those of the workspace, then those of the package.
    pub lints: Vec<LintSetting>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            declared: false,
            set: String::new(),
            dir: "migrations".to_owned(),
            layout: Layout::House,
            database: None,
            table: "_migrations".to_owned(),
            numbering: Numbering::Sequential,
            width: 3,
            start: 1,
            reserved: BTreeMap::new(),
            reversible: true,
            transaction: TransactionMode::Each,
            foreign_keys: ForeignKeys::On,
            store_sql: StoreSql::Down,
            out_of_order: OutOfOrder::Error,
            newer_database: NewerDatabase::Refuse,
            backup: Some(Backup::default()),
            runner: None,
            schema: "schema.sql".to_owned(),
            fixtures: None,
            min_sqlite: None,
            replay: Replay::default(),
            lints: Vec::new(),
        }
    }
}

impl Config {
    /// The set as messages call it: by its name, or as the set without a name.
    #[must_use]
    pub fn title(&self) -> String {
        if self.set.is_empty() { "the set without a name".to_owned() } else { format!("the set `{}`", self.set) }
    }

    /// The table of the manifest that describes the set.
    #[must_use]
    pub fn table_name(&self) -> String {
        if self.set.is_empty() { TABLE.to_owned() } else { format!("[package.metadata.migrations.sets.{}]", self.set) }
    }

    /// The tables in which a database stores the history of the set.
    #[must_use]
    pub fn history_tables(&self) -> [String; 3] {
        history_tables(&self.table)
    }

    /// A number in the form of this set: `001`, or `20240115103000`.
    #[must_use]
    pub fn digits(&self, number: u64) -> String {
        let width = match self.numbering {
            Numbering::Sequential => self.width.min(MAX_WIDTH),
            Numbering::Timestamp => TIMESTAMP_DIGITS,
        };
        format!("{number:0width$}")
    }
}

/// The tables of a history of this name.
#[must_use]
pub fn history_tables(table: &str) -> [String; 3] {
    [table.to_owned(), format!("{table}_head"), format!("{table}_repeatable")]
}

/// The copies that tools make of a database before they remove something from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backup {
    /// `keep`: how many, if the manifest says so.
    pub keep: Option<u64>,
    /// `dir`: the folder, relative to the package; by default that of the database.
    pub dir: Option<String>,
}

/// The kind of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Numbering {
    /// Consecutive, without gaps.
    Sequential,
    /// `YYYYMMDDHHMMSS`; gaps have no meaning.
    Timestamp,
}

/// What one transaction contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionMode {
    /// One migration.
    Each,
    /// Everything that is pending.
    All,
}

/// Foreign key enforcement for files that do not set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForeignKeys {
    /// On, except where a file drops a referenced table.
    On,
    /// Off.
    Off,
    /// As the connection has it.
    Connection,
}

/// Which scripts the history stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreSql {
    /// The down scripts.
    Down,
    /// The scripts of both directions.
    All,
    /// Neither.
    None,
}

/// What to do about a pending migration before an applied one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutOfOrder {
    /// It is an error.
    Error,
    /// Apply it.
    Apply,
}

/// What to do about a database with migrations that the program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewerDatabase {
    /// It is an error.
    Refuse,
    /// The program runs on it.
    Allow,
}
