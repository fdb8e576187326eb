//! The callbacks of a program while its migrations run, and its own way to copy a database that only it can read.
//!
//! No callback gets the connection: only a migration changes a database, so that every change is recorded and can be
//! undone.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::BoxError;
use crate::report::Done;

/// The direction in which a migration runs.
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
    /// The number.
    pub number: u64,
    /// The full name.
    pub name: &'m str,
    /// The direction.
    pub direction: Direction,
}

/// How far a script has come; reported right before each of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'m> {
    /// The full name of the migration, or the file of a hook or a repeatable.
    pub name: &'m str,
    /// The direction.
    pub direction: Direction,
    /// The step that is about to run, from 1.
    pub step: usize,
    /// The number of steps.
    pub of: usize,
    /// How long the script has been running.
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

impl Hooks<'_> {
    /// A step is about to run.
    pub(crate) fn progress(&self, progress: &Progress<'_>) {
        if let Some(hook) = &self.on_progress {
            hook(progress);
        }
    }
}

type BeforeEach<'a> = dyn Fn(&Upcoming<'_>) -> Result<(), BoxError> + 'a;
type AfterEach<'a> = dyn Fn(&Done) + 'a;
type OnProgress<'a> = dyn Fn(&Progress<'_>) + 'a;
type BackupWith<'a> = dyn Fn(&Path) -> Result<(), BoxError> + 'a;
