//! The configuration of a set: `[package.metadata.migrations]` in the package's manifest.
//!
//! What shapes the set or the history stands in the package only, because a published package does not carry its
//! workspace; `[workspace.metadata.migrations]` gives defaults to what only tools use. Command line arguments and the
//! environment are not known here.

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

/// How a set is laid out, recorded and run. Its [`Default`] is what a manifest that says nothing means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether the package's manifest holds the table at all.
    pub declared: bool,
    /// The name of the set, from `sets.NAME`; empty for the one that the package's own keys describe.
    pub set: String,
    /// `dir`: the folder of the migrations, relative to the package, with `/`.
    pub dir: String,
    /// `layout`: whose files those are. What the numbers are is then read from them.
    pub layout: Layout,
    /// `database`: the path of the database that tools use, relative to the package.
    pub database: Option<String>,
    /// `table`: the history table.
    pub table: String,
    /// `numbering`: what the numbers are.
    pub numbering: Numbering,
    /// `width`: the digits of a sequential number, at least.
    pub width: usize,
    /// `start`: the first sequential number.
    pub start: u64,
    /// `reserved`: numbers without a file, each with its reason.
    pub reserved: BTreeMap<u64, String>,
    /// `reversible`: whether a new migration is given a way back to fill in.
    pub reversible: bool,
    /// `transaction`: what one transaction holds.
    pub transaction: TransactionMode,
    /// `foreign-keys`: enforcement for the files that say nothing about it.
    pub foreign_keys: ForeignKeys,
    /// `store-sql`: which scripts the history keeps.
    pub store_sql: StoreSql,
    /// `out-of-order`: what a pending migration before an applied one means.
    pub out_of_order: OutOfOrder,
    /// `newer-database`: what a database that knows more migrations than the program means.
    pub newer_database: NewerDatabase,
    /// `backup`: the copies that tools keep of a database; `None` where they keep none by themselves.
    pub backup: Option<Backup>,
    /// `runner`: the binary target that runs sets with Rust in them.
    pub runner: Option<String>,
    /// `schema`: the file that declares the schema, relative to the package, with `/`.
    pub schema: String,
    /// `fixtures`: the folder with rows of the team's own to test with, relative to the package, with `/`.
    pub fixtures: Option<String>,
    /// `min-sqlite`: the oldest SQLite that runs the migrations, as major and minor number; none where it is not declared.
    pub min_sqlite: Option<(u32, u32)>,
    /// `replay`: what replays begin with, and what they stand in for.
    pub replay: Replay,
    /// `lints`: what is done about findings of the linter; those of the workspace first, then those of the package.
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
    /// The set as messages name it: its name, or that it has none.
    #[must_use]
    pub fn title(&self) -> String {
        if self.set.is_empty() { "the set without a name".to_owned() } else { format!("the set `{}`", self.set) }
    }

    /// The table of the manifest that describes the set.
    #[must_use]
    pub fn table_name(&self) -> String {
        if self.set.is_empty() { TABLE.to_owned() } else { format!("[package.metadata.migrations.sets.{}]", self.set) }
    }

    /// The tables in which a database keeps the history of the set.
    #[must_use]
    pub fn history_tables(&self) -> [String; 3] {
        history_tables(&self.table)
    }

    /// A number as this set writes it: `001`, or `20240115103000`.
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

/// The copies that tools keep of a database before they take something away from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backup {
    /// `keep`: how many, where the manifest says so.
    pub keep: Option<u64>,
    /// `dir`: the folder, relative to the package; that of the database without it.
    pub dir: Option<String>,
}

/// What the numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Numbering {
    /// One after the other, without gaps.
    Sequential,
    /// `YYYYMMDDHHMMSS`; gaps mean nothing.
    Timestamp,
}

/// What one transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionMode {
    /// One migration.
    Each,
    /// All that are pending.
    All,
}

/// Enforcement of foreign keys for files that say nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForeignKeys {
    /// On, but off where a file drops a referenced table.
    On,
    /// Off.
    Off,
    /// As the connection has it.
    Connection,
}

/// Which scripts the history keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreSql {
    /// The ways back.
    Down,
    /// The ways up and back.
    All,
    /// Neither.
    None,
}

/// What a pending migration before an applied one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutOfOrder {
    /// An error.
    Error,
    /// It is applied late.
    Apply,
}

/// What a database that knows more migrations than the program means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewerDatabase {
    /// An error.
    Refuse,
    /// The program runs on it.
    Allow,
}
