//! Tests of a program's migrations: a trial of all of them, and migrated databases for other tests.
//!
//! In the trial, the real engine runs each migration up, down and up again, Rust included, with a few rows in every
//! table; then all of them down and up. There is no parser here that knows what a statement does:
//! `cargo dbmigrate test` finds out more about SQL.

mod beside;
mod database;
mod fault;
mod fill;
mod rows;
mod seed;
mod shelf;
mod template;
mod trial;

use std::fmt;
use std::panic::Location;

use crate::BoxError;
use crate::driver::Backend;
use crate::error::{Error, ErrorKind};
use crate::hooks::Hooks;
use crate::migrator::Migrator;
use crate::requires::elsewhere;
use crate::set::{Migration, Set};
pub use fault::{Fault, FaultKind, Faults, Leg};
use seed::{Seed, identity_of};
use trial::Trial;

/// Tries the migrations of a program, or makes databases for its tests; see [`Migrator::testing`].
pub struct Testing<'a, B: Backend> {
    migrator: Migrator<'a, B>,
    /// With its identity, if it holds nothing.
    on_connect: Option<Connect<'a, B::Connection>>,
    seeds: Vec<Seed<'a, B::Connection>>,
    template_key: Option<String>,
    /// Whether no template is kept for other processes.
    fresh: bool,
    /// Numbers of migrations, and tables in lower case whose rows they are meant to change.
    may_change: Vec<(u64, String)>,
}

impl<B: Backend> fmt::Debug for Testing<'_, B> {
    #[inline]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Testing").finish_non_exhaustive()
    }
}

type Connect<'a, C> = (Box<OnConnect<'a, C>>, Option<String>);

type OnConnect<'a, C> = dyn Fn(&mut C) -> Result<(), BoxError> + 'a;

/// The result of a trial without faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tested {
    /// The number of migrations that went up.
    pub ups: usize,
    /// The number of migrations that went down and up again.
    pub downs: usize,
    /// Migrations that rejected the generated rows, and were tried without them.
    pub without_rows: Vec<String>,
    /// Tables for which no acceptable row was found.
    pub empty: Vec<String>,
}

impl<'a, B: Backend> Migrator<'a, B> {
    /// For a test of the program: tries the migrations on databases in memory, or provides a migrated database.
    #[must_use]
    pub fn testing(self) -> Testing<'a, B> {
        Testing {
            migrator: self,
            on_connect: None,
            seeds: Vec::new(),
            template_key: None,
            fresh: false,
            may_change: Vec::new(),
        }
    }
}

impl<'a, B: Backend> Testing<'a, B> {
    /// Sets a function that is called first with every connection, to register functions and collations of the program.
    /// If it captures a value, [`Testing::database`] makes each database from the migrations, unless there is a
    /// [`Testing::template_key`].
    #[must_use]
    #[track_caller]
    pub fn on_connect(mut self, call: impl Fn(&mut B::Connection) -> Result<(), BoxError> + 'a) -> Self {
        let identity = (size_of_val(&call) == 0).then(|| identity_of(&call, Location::caller()));
        self.on_connect = Some((Box::new(call), identity));
        self
    }

    /// Declares that a migration is meant to change or remove rows of a table. This is not needed for tables that its
    /// SQL names in `UPDATE` and `DELETE`.
    #[must_use]
    pub fn may_change(mut self, number: impl Into<u64>, table: &str) -> Self {
        self.may_change.push((number.into(), table.to_ascii_lowercase()));
        self
    }

    /// Runs every migration up, down if it has a down script, and up again, on a database in memory; then all of them
    /// down and up.
    ///
    /// After a down script, the schema has to be what it was before the migration, and after the second time up what it
    /// was after the first. No row may be lost in a table that still exists. Every table gets a few rows that fit its
    /// types and keys. A table that accepts none stays empty, and a migration that rejects its rows (because of a new
    /// constraint, or an assertion) is tried without them; the result lists both. The callbacks of the migrator, such
    /// as [`Migrator::before_each`], are not called. Parts of a schema that no PRAGMA reports, such as the
    /// `CHECK` constraints of a table, are compared by `cargo dbmigrate check`.
    ///
    /// If a set builds on others, name them with [`Migrator::beside`]: they are applied first, as far as they do not
    /// require this set.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/migrations.rs")); }
    /// # use example::migrations;
    /// // The whole of a test.
    /// let tested = migrations::migrator().testing().check_all()?;
    /// assert_eq!((tested.ups, tested.downs), (2, 1));
    /// # Ok::<(), dbmigrate_runtime::Faults>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that went wrong, each with the migration, and the table or object.
    pub fn check_all(mut self) -> Result<Tested, Faults> {
        self.migrator.hooks = Hooks::default();
        let set = self.migrator.set().map_err(|error| Faults::before("", error))?;
        // There is no other set.
        let own = |migration: &Migration<'a>| -> Vec<&'a str> {
            migration.requires.iter().copied().filter(|name| elsewhere(name).is_none()).collect()
        };
        let requires: Vec<Vec<&str>> = set.migrations.iter().map(own).collect();
        let alone = set.migrations.iter().zip(&requires);
        let migrations: Vec<Migration<'_>> =
            alone.map(|(migration, requires)| Migration { requires, ..*migration }).collect();
        Trial::new(&self, &Set { migrations: &migrations, squash: None, snapshot: None, ..*set })?.walk()
    }
}

fn could_not_open(error: BoxError) -> Error {
    Error::new(ErrorKind::Sql, format_args!("could not open a database for a test: {error}")).because(error)
}
