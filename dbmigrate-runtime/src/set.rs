//! A set of migrations as plain data.
//!
//! The generated module holds one [packed](crate::__private::PackedSet), `cargo dbmigrate` builds one from the files: both go into the
//! same [`Migrator`](crate::Migrator). There is no parser here; core split the scripts and said what a runner must know.
//! Rust code is named by an id, which the program's dispatcher turns into a call.

use crate::adoption::Adoption;
use crate::late::OrderProof;
use crate::parts::Parts;
use crate::snapshot::Snapshot;

/// The version of these types, and of what they are packed to. Generated code checks it at compile time.
pub const FORMAT: u32 = 3;

/// Fails the build of a program whose generated module is of another version: generated code calls it in a constant.
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
    /// The name of the set in the history; empty for the only one.
    pub name: &'a str,
    /// The history table, unquoted.
    pub table: &'a str,
    /// The migrations, by ascending number.
    pub migrations: &'a [Migration<'a>],
    /// `hooks/before_all.sql`: runs before all that a run applies, in a transaction of its own.
    pub before_all: Option<Script<'a>>,
    /// `hooks/after_all.sql`: runs after all that a run applies, in a transaction of its own. A run that dies
    /// before it leaves it out: it runs again after what the next run applies.
    pub after_all: Option<Script<'a>>,
    /// `repeatable/*.sql`, by name: run again when their content has changed, and after every migration.
    pub repeatables: &'a [Repeatable<'a>],
    /// How many of the migrations are sealed, from the first on.
    pub sealed: usize,
    /// The fingerprint of the schema that all of this leads to, where that is sealed.
    pub schema: Option<&'a str>,
    /// What the first migration stands for, where it is a squash.
    pub squash: Option<Squash<'a>>,
    /// What a fresh database may start from, in the place of its first migrations.
    pub snapshot: Option<Snapshot<'a>>,
    /// The history of another tool that databases may still have.
    pub adoption: Option<Adoption<'a>>,
    /// What of the runner it needs.
    pub parts: Parts,
    /// What the package's configuration says.
    pub rules: Rules,
}

impl Set<'_> {
    /// No migrations, in the usual table and under the usual rules, with all parts of the runner: for sets that are made by
    /// hand. The build names what its own sets need.
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

/// What the first migration of a set stands for: databases that have some of these get the others, and those that have
/// all of them have it.
#[derive(Debug, Clone, Copy)]
pub struct Squash<'a> {
    /// The full name of the first migration of the set, whose number is that of the last of these.
    pub name: &'a str,
    /// What it replaces, by ascending number. Where their files were pruned they have no file and no steps.
    pub migrations: &'a [Migration<'a>],
    /// What the first of them stands for in turn.
    pub inner: Option<&'a Squash<'a>>,
    /// Where the files were pruned: the last version of the program that has them.
    pub pruned: Option<&'a str>,
}

/// What `[package.metadata.migrations]` says about running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// One transaction for each migration, or one for all that are pending.
    pub transaction: TransactionMode,
    /// Enforcement of foreign keys for scripts that say nothing.
    pub foreign_keys: ForeignKeys,
    /// Which scripts the history keeps.
    pub store_sql: StoreSql,
    /// What to do with a pending migration whose number is below the newest applied one.
    pub out_of_order: OutOfOrder,
    /// What to do with a database that has migrations which the program does not know.
    pub newer_database: NewerDatabase,
}

impl Rules {
    /// What holds when the configuration says nothing.
    pub const DEFAULT: Self = Self {
        transaction: TransactionMode::Each,
        foreign_keys: ForeignKeys::On,
        store_sql: StoreSql::Down,
        out_of_order: OutOfOrder::Error,
        newer_database: NewerDatabase::Refuse,
    };
}

/// How many migrations share a transaction on a database that already has a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionMode {
    /// Each has its own.
    Each,
    /// All that are pending stand or fall together.
    All,
}

/// Enforcement of foreign keys while a script runs that says nothing itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignKeys {
    /// On, but off for scripts that drop a referenced table.
    On,
    /// Off.
    Off,
    /// As the connection has it, but off for scripts that drop a referenced table.
    Connection,
}

/// Which scripts the history keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreSql {
    /// The way back.
    Down,
    /// Both.
    All,
    /// Neither.
    None,
}

/// What to do with a pending migration below the newest applied one.
#[derive(Debug, Clone, Copy)]
pub enum OutOfOrder {
    /// Stop with an error.
    Error,
    /// Apply it, once it is proved that the order makes no difference.
    Apply(OrderProof),
}

impl OutOfOrder {
    /// Apply it. Programs that do not say so do not carry the proof.
    pub const APPLY: Self = Self::Apply(OrderProof::BY_REPLAY);
}

impl PartialEq for OutOfOrder {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Error) == matches!(other, Self::Error)
    }
}

impl Eq for OutOfOrder {}

/// What to do with a database that is ahead of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewerDatabase {
    /// Stop with an error.
    Refuse,
    /// Go on, and leave the repeatables as the newer program made them.
    Allow,
}

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration<'a> {
    /// The number that orders it.
    pub number: u64,
    /// The full name, as the history records it: `001_initial_schema`.
    pub name: &'a str,
    /// The file of the way up, relative to the package.
    pub file: &'a str,
    /// What the header comments say.
    pub metadata: Metadata<'a>,
    /// The versioned checksum of the way up.
    pub checksum: &'a str,
    /// The checksum of the text of the way up as it is written, with its comments; empty for Rust. A difference in it
    /// alone is worth a note and no more.
    pub text_checksum: &'a str,
    /// The chained checksum of this migration and all before it.
    pub chain: &'a str,
    /// The full names of the migrations that have to be applied before; those of another set as `set/name`.
    pub requires: &'a [&'a str],
    /// The way up.
    pub up: Script<'a>,
    /// The way back.
    pub down: Down<'a>,
}

/// A migration with its place in the set.
pub(crate) type Placed<'p, 's> = (usize, &'p Migration<'s>);

/// Views and triggers that are made anew when their file changes.
#[derive(Debug, Clone, Copy)]
pub struct Repeatable<'a> {
    /// The name of the file without its ending.
    pub name: &'a str,
    /// The versioned checksum of the script.
    pub checksum: &'a str,
    /// The chained checksum of all migrations and the repeatables up to this one.
    pub chain: &'a str,
    /// What the script makes, in order. It is taken away first.
    pub objects: &'a [Object<'a>],
    /// What makes them.
    pub script: Script<'a>,
}

/// A view or a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name, unquoted.
    pub name: &'a str,
    /// The table or the view that a trigger is on, unquoted.
    pub table: Option<&'a str>,
}

/// What can be made anew without losing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

/// What the header comments of a migration say.
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

/// The way back of a migration.
#[derive(Debug, Clone, Copy)]
pub enum Down<'a> {
    /// Nobody wrote one.
    Missing,
    /// There is none on purpose, for this reason.
    Irreversible(&'a str),
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
    /// The queries that have to answer with one true value before the first step.
    pub asserts: &'a [Statement<'a>],
    /// What to do, in order.
    pub steps: &'a [Step<'a>],
    /// Whether it runs inside a transaction.
    pub transaction: bool,
    /// Enforcement of foreign keys where the script says so; `None` leaves the choice to the runner.
    pub foreign_keys: Option<bool>,
    /// Whether "already exists" and "duplicate column name" skip a statement instead of failing.
    pub tolerate_existing: bool,
    /// The versioned checksum of this direction.
    pub checksum: &'a str,
    /// For a script without a transaction: the checksum of its first 0, 1, 2, … steps, so that one that was edited
    /// goes on only where what has run is unchanged. Empty for others.
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
    /// The first byte in the script's text.
    pub start: u32,
    /// The byte after the last, the final `;` not included.
    pub end: u32,
    /// What a runner without a parser must know of it.
    pub effect: Effect<'a>,
}

/// What a runner without a parser must know of a statement.
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
    /// Sets state of the connection (`PRAGMA`, `ATTACH`): replayed when a script without a transaction resumes.
    Session,
    /// `BEGIN` of a script without a transaction.
    Begin,
    /// `COMMIT` of a script without a transaction.
    Commit,
    /// Can't run inside a transaction.
    Bare {
        /// Whether running it twice does the same as once.
        idempotent: bool,
    },
}

/// Rust code that the program's dispatcher runs.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// What the dispatcher is asked for.
    pub id: u32,
    /// The name in messages: the step of a `call`, `up` or `down` of a `.rs` file.
    pub name: &'a str,
    /// The line of the `call` in the script's file; 1 for a `.rs` file.
    pub line: u32,
}
