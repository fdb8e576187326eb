//! One script to run and what it does to the history.

use crate::set::{Migration, Script, Step};
use crate::stored::Stored;

/// A migration to run in one direction.
pub(crate) struct Job<'s> {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) way: Way<'s>,
}

/// Which script, in which direction.
pub(crate) enum Way<'s> {
    /// The way up, which records the migration; its place in the set.
    Up(usize, &'s Migration<'s>),
    /// The program's way back, which forgets it.
    Down(Script<'s>),
    /// The stored way back.
    Stored(Stored),
}

impl Job<'_> {
    /// The script; `steps` is room for those of a stored one.
    pub(crate) fn script<'x>(&'x self, steps: &'x mut Vec<Step<'x>>) -> Script<'x> {
        match &self.way {
            Way::Up(_, migration) => migration.up,
            Way::Down(script) => *script,
            Way::Stored(stored) => {
                *steps = stored.steps();
                stored.script(steps)
            }
        }
    }

    /// The migration that it records; `None` for the way back.
    pub(crate) fn records(&self) -> Option<&Migration<'_>> {
        match &self.way {
            Way::Up(_, migration) => Some(migration),
            Way::Down(_) | Way::Stored(_) => None,
        }
    }
}
