//! What a `#[test]` of a program asks of its migrations: that all of them are tried, or a database that has them.
//!
//! In the trial each goes up, back and up again by the real engine, Rust included, with a few rows in every table; then
//! all go back and up. What a statement does is not known here, as there is no parser: `cargo dbmigrate test` tells more
//! of SQL.

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

/// Tries the migrations of a program, or makes databases for its tests: [`Migrator::testing`].
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

/// What was tried, and found to be right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tested {
    /// How many migrations went up.
    pub ups: usize,
    /// How many went back and up again.
    pub downs: usize,
    /// The migrations that turned away the rows that were put there, so that they were tried without.
    pub without_rows: Vec<String>,
    /// The tables in which no row was found that they take.
    pub empty: Vec<String>,
}

impl<'a, B: Backend> Migrator<'a, B> {
    /// For a test of the program: tries the migrations on databases in memory, or gives it a migrated database.
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
    /// Is called with every connection first: for functions and collations that the program registers. Where it captures
    /// something, [`Testing::database`] makes each database anew, unless there is a [`Testing::template_key`].
    #[must_use]
    #[track_caller]
    pub fn on_connect(mut self, call: impl Fn(&mut B::Connection) -> Result<(), BoxError> + 'a) -> Self {
        let identity = (size_of_val(&call) == 0).then(|| identity_of(&call, Location::caller()));
        self.on_connect = Some((Box::new(call), identity));
        self
    }

    /// Says that a migration is meant to change rows of a table, or to take some away. What `UPDATE` and `DELETE` of
    /// its SQL name is known without it.
    #[must_use]
    pub fn may_change(mut self, number: impl Into<u64>, table: &str) -> Self {
        self.may_change.push((number.into(), table.to_ascii_lowercase()));
        self
    }

    /// Takes every migration up, back where there is a way, and up again, on a database in memory; then all of them
    /// back and up.
    ///
    /// After a way back the schema has to be the one before, and after the way up again the one after. No row of a
    /// table that stays may be lost. Into every table go a few rows of what types and keys ask for: where it takes
    /// none, it stays empty, and where a migration turns them away (a constraint that is new, an assertion) it is
    /// tried without rows. Both are named in what it returns. The calls of the migrator, such as
    /// [`Migrator::before_each`], are not called. What is a text to SQLite alone (the checks of a table) is compared by
    /// `cargo dbmigrate check`.
    ///
    /// A set that builds on others is told of them by [`Migrator::beside`]: they come up first, as far as they go without it.
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
    /// All that went wrong, each with the migration, and the table or object.
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
