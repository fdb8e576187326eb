//! A set of migrations as plain data.
//!
//! The generated module contains one [packed](crate::__private::PackedSet); `cargo dbmigrate` builds one from the files. Both are
//! run by the same [`Migrator`](crate::Migrator). There is no parser here: core has split the scripts, and describes
//! what a runner has to know about each statement. Rust code is named by an id, which the program's dispatcher turns
//! into a call.

use crate::adoption::Adoption;
use crate::late::OrderProof;
use crate::parts::Parts;
use crate::snapshot::Snapshot;

/// The version of these types and of their packed form. Generated code checks it at compile time.
pub const FORMAT: u32 = 4;

/// Fails the build of a program whose generated module has another version. Generated code calls it in a constant.
///
/// # Panics
///
/// If `generated` is not [`FORMAT`]; in a constant, that is a compile error.
#[inline]
pub const fn check_format(generated: u32) {
    assert!(
        generated == FORMAT,
        "the migrations were generated for another version of `dbmigrate-runtime`: use one version of it and of \
         `dbmigrate-build`"
    );
}

const _: () = check_format(FORMAT);

/// All migrations of one history, in order.
#[derive(Debug, Clone, Copy)]
pub struct Set<'a> {
    /// The name of the set in the history; empty for a set without a name.
    pub name: &'a str,
    /// The history table, unquoted.
    pub table: &'a str,
    /// The migrations, by ascending number.
    pub migrations: &'a [Migration<'a>],
    /// `hooks/before_all.sql`: runs before everything that a run applies, in a transaction of its own.
    pub before_all: Option<Script<'a>>,
    /// `hooks/after_all.sql`: runs after everything that a run applies, in a transaction of its own. If a run dies
    /// before it, it is skipped, until the next run has applied something.
    pub after_all: Option<Script<'a>>,
    /// `repeatable/*.sql`, by name: run again when their content has changed, and after every migration.
    pub repeatables: &'a [Repeatable<'a>],
    /// How many migrations are sealed, counted from the first.
    pub sealed: usize,
    /// The fingerprint of the schema that the whole set makes, if it is sealed.
    pub schema: Option<&'a str>,
    /// What the first migration stands for, if it is a squash.
    pub squash: Option<Squash<'a>>,
    /// The snapshot from which a new database may start, in place of its first migrations.
    pub snapshot: Option<Snapshot<'a>>,
    /// The history of another tool, which databases may still have.
    pub adoption: Option<Adoption<'a>>,
    /// The parts of the runner that the set needs.
    pub parts: Parts,
    /// The rules in the package's configuration.
    pub rules: Rules,
}

impl Set<'_> {
    /// A set without migrations, with the usual history table, the default rules and all parts of the runner: for sets
    /// that are made by hand. The build names the parts that its own sets need.
    pub const EMPTY: Self = Self {
        name: "",
        table: "_migrations",
        migrations: &[],
        before_all: None,
        after_all: None,
        repeatables: &[],
        sealed: 0,
        schema: None,
        squash: None,
        snapshot: None,
        adoption: None,
        parts: Parts::ALL,
        rules: Rules::DEFAULT,
    };

    /// The same, for what may meet in a database what no script of the program does.
    #[inline]
    pub(crate) fn with_all_parts(&self) -> Self {
        Self { parts: Parts::ALL, ..*self }
    }
}

/// The migrations for which the first migration of a set stands. A database that has some of them gets the others; one
/// that has all of them counts as having the squash.
#[derive(Debug, Clone, Copy)]
pub struct Squash<'a> {
    /// The full name of the squash, which is the first migration of the set and has the number of the last one that it
    /// replaces.
    pub name: &'a str,
    /// The replaced migrations, by ascending number. If their files were pruned, they have no file and no steps.
    pub migrations: &'a [Migration<'a>],
    /// The squash for which the first of them stands, if any.
    pub inner: Option<&'a Squash<'a>>,
    /// If the files were pruned: the last version of the program that has them.
    pub pruned: Option<&'a str>,
}

/// The rules in `[package.metadata.migrations]` for running a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// One transaction for each migration, or one for everything that is pending.
    pub transaction: TransactionMode,
    /// Foreign key enforcement for scripts that do not set it.
    pub foreign_keys: ForeignKeys,
    /// Which scripts the history stores.
    pub store_sql: StoreSql,
    /// What to do about a pending migration whose number is below the newest applied one.
    pub out_of_order: OutOfOrder,
    /// What to do about a database with migrations that the program does not know.
    pub newer_database: NewerDatabase,
}

impl Rules {
    /// The rules if the configuration sets none.
    pub const DEFAULT: Self = Self {
        transaction: TransactionMode::Each,
        foreign_keys: ForeignKeys::On,
        store_sql: StoreSql::Down,
        out_of_order: OutOfOrder::Error,
        newer_database: NewerDatabase::Refuse,
    };
}

/// How many migrations share a transaction, on a database that already has a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionMode {
    /// Each migration has its own.
    Each,
    /// Everything that is pending has one, and is applied completely or not at all.
    All,
}

/// Foreign key enforcement while a script runs that does not set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignKeys {
    /// On, except for scripts that drop a referenced table.
    On,
    /// Off.
    Off,
    /// As the connection has it, except off for scripts that drop a referenced table.
    Connection,
}

/// Which scripts the history stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreSql {
    /// The down script.
    Down,
    /// Both directions.
    All,
    /// Neither.
    None,
}

/// What to do about a pending migration below the newest applied one.
#[derive(Debug, Clone, Copy)]
pub enum OutOfOrder {
    /// Stop with an error.
    Error,
    /// Apply it, once it is proved that the order makes no difference.
    Apply(OrderProof),
}

impl OutOfOrder {
    /// Apply it. Programs without this rule do not carry the proof.
    pub const APPLY: Self = Self::Apply(OrderProof::BY_REPLAY);
}

impl PartialEq for OutOfOrder {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Error) == matches!(other, Self::Error)
    }
}

impl Eq for OutOfOrder {}

/// What to do about a database that is ahead of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewerDatabase {
    /// Stop with an error.
    Refuse,
    /// Continue, and leave the repeatables as the newer program made them.
    Allow,
}

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration<'a> {
    /// The number, which determines the order.
    pub number: u64,
    /// The full name, as the history records it: `001_initial_schema`.
    pub name: &'a str,
    /// The file of the up script, relative to the package.
    pub file: &'a str,
    /// The header comments.
    pub metadata: Metadata<'a>,
    /// The versioned checksum of the up script.
    pub checksum: &'a str,
    /// The checksum of the text of the up script including comments; empty for Rust. If only this one differs, that is
    /// a remark and not a problem.
    pub text_checksum: &'a str,
    /// The chained checksum of this migration and all before it.
    pub chain: &'a str,
    /// The full names of the migrations that have to be applied before this one; those of another set as `set/name`.
    pub requires: &'a [&'a str],
    /// The up script.
    pub up: Script<'a>,
    /// The down script.
    pub down: Down<'a>,
}

/// A migration with its place in the set.
pub(crate) type Placed<'p, 's> = (usize, &'p Migration<'s>);

/// Views and triggers that are recreated when their file changes.
#[derive(Debug, Clone, Copy)]
pub struct Repeatable<'a> {
    /// The name of the file without the extension.
    pub name: &'a str,
    /// The versioned checksum of the script.
    pub checksum: &'a str,
    /// The chained checksum of all migrations and the repeatables up to this one.
    pub chain: &'a str,
    /// The objects that the script creates, in order. They are dropped first.
    pub objects: &'a [Object<'a>],
    /// The script that creates them.
    pub script: Script<'a>,
}

/// A view or a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Whether it is a view or a trigger.
    pub kind: ObjectKind,
    /// Its name, unquoted.
    pub name: &'a str,
    /// The table or view that a trigger is on, unquoted.
    pub table: Option<&'a str>,
}

/// An object that can be recreated without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

/// The header comments of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// `-- Migration:`
    pub title: Option<&'a str>,
    /// `-- Date:`
    pub date: Option<&'a str>,
    /// `-- Description:`
    pub description: Option<&'a str>,
    /// `-- Version:`
    pub version: Option<&'a str>,
}

/// The down script of a migration.
#[derive(Debug, Clone, Copy)]
pub enum Down<'a> {
    /// There is none.
    Missing,
    /// There is deliberately none, for this reason.
    Irreversible(&'a str),
    /// The one in this file has no statement although the up script has some, so it would undo nothing.
    Empty(&'a str),
    /// The script.
    Script(Script<'a>),
}

/// One direction of a migration: statements and code in order.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// The file, relative to the package.
    pub file: &'a str,
    /// The whole normalised text of that file; empty for Rust.
    pub text: &'a str,
    /// Queries that have to return one true value before the first step.
    pub asserts: &'a [Statement<'a>],
    /// The steps, in order.
    pub steps: &'a [Step<'a>],
    /// Whether it runs inside a transaction.
    pub transaction: bool,
    /// Foreign key enforcement, if the script sets it; `None` leaves the choice to the runner.
    pub foreign_keys: Option<bool>,
    /// Whether "already exists" and "duplicate column name" skip a statement instead of failing it.
    pub tolerate_existing: bool,
    /// The versioned checksum of this direction.
    pub checksum: &'a str,
    /// For a script without a transaction: the checksums of its first 0, 1, 2, … steps, so that an edited script
    /// continues only if the completed steps are unchanged. Empty for other scripts.
    pub prefixes: &'a [&'a str],
}

impl<'a> Script<'a> {
    /// Its statements, in order, but for those that it asserts.
    #[inline]
    pub(crate) fn statements(&self) -> impl Iterator<Item = &'a Statement<'a>> + use<'a> {
        self.steps.iter().filter_map(|step| match step {
            Step::Sql(statement) => Some(statement),
            Step::Code(_) => None,
        })
    }

    /// Whether Rust is one of its steps.
    #[inline(never)]
    pub(crate) fn has_code(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Code(_)))
    }

    /// The text of a statement; `None` where that lies outside of the script's.
    pub(crate) fn sql(&self, statement: &Statement<'_>) -> Option<&'a str> {
        self.text.get(statement.start as usize..statement.end as usize)
    }

    /// The checksum of its first steps, if it runs without a transaction and has as many.
    #[inline]
    pub(crate) fn prefix(&self, steps: usize) -> Option<&'a str> {
        self.prefixes.get(steps).copied()
    }
}

/// One step of a script.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A statement: a span of the script's text.
    Sql(Statement<'a>),
    /// Rust: a whole `.rs` migration, or a `call` step between statements.
    Code(Code<'a>),
}

/// One SQL statement: a span of its script's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The offset of the first byte in the script's text.
    pub start: u32,
    /// The offset after the last byte, without the final `;`.
    pub end: u32,
    /// What a runner without a parser has to know about it.
    pub effect: Effect<'a>,
}

/// What a runner without a parser has to know about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Nothing.
    None,
    /// `DROP TABLE` of a table in `main`.
    DropTable(&'a str),
    /// `ALTER TABLE … DROP COLUMN` of a table in `main`.
    DropColumn(&'a str),
    /// `UPDATE`, `DELETE` or `REPLACE` on a table in `main`.
    Write(&'a str),
    /// It changes state of the connection (`PRAGMA`, `ATTACH`), and is repeated when a script without a transaction
    /// resumes.
    Session,
    /// `BEGIN` of a script without a transaction.
    Begin,
    /// `COMMIT` of a script without a transaction.
    Commit,
    /// It cannot run inside a transaction.
    Bare {
        /// Whether running it twice has the same effect as running it once.
        idempotent: bool,
    },
}

/// Rust code that the program's dispatcher runs.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// The id that is passed to the dispatcher.
    pub id: u32,
    /// The name in messages: the step of a `call`, or `up` or `down` of a `.rs` file.
    pub name: &'a str,
    /// The line of the `call` in the script's file; 1 for a `.rs` file.
    pub line: u32,
}
