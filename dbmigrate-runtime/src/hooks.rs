//! What a program is told while its migrations run, and how it makes a copy of a database that only it can read.
//!
//! None of them gets the connection: what changes a database is a migration, so that it is recorded and undone as one.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::BoxError;
use crate::report::Done;

/// Which way a migration runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is rolled back.
    Down,
}

impl Direction {
    /// The command that goes this way.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// A migration that is about to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upcoming<'m> {
    /// Its number.
    pub number: u64,
    /// Its full name.
    pub name: &'m str,
    /// Which way it runs.
    pub direction: Direction,
}

/// How far a script has come: said right before each of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'m> {
    /// The full name of the migration, or the file of a hook or a repeatable.
    pub name: &'m str,
    /// Which way it runs.
    pub direction: Direction,
    /// The step that is about to run, from 1.
    pub step: usize,
    /// How many steps there are.
    pub of: usize,
    /// For how long the script has been running.
    pub elapsed: Duration,
}

/// The calls that a program asked for. An `Rc` is dropped by less code than a `Box`, in each program.
#[derive(Default)]
pub(crate) struct Hooks<'a> {
    pub(crate) before_each: Option<Rc<BeforeEach<'a>>>,
    pub(crate) after_each: Option<Rc<AfterEach<'a>>>,
    pub(crate) on_progress: Option<Rc<OnProgress<'a>>>,
    pub(crate) backup_with: Option<Rc<BackupWith<'a>>>,
}

impl Hooks<'static> {
    /// None of them.
    pub(crate) const NONE: &'static Self =
        &Self { before_each: None, after_each: None, on_progress: None, backup_with: None };
}

type BeforeEach<'a> = dyn Fn(&Upcoming<'_>) -> Result<(), BoxError> + 'a;
type AfterEach<'a> = dyn Fn(&Done) + 'a;
type OnProgress<'a> = dyn Fn(&Progress<'_>) + 'a;
pub(crate) type BackupWith<'a> = dyn Fn(&Path) -> Result<(), BoxError> + 'a;
