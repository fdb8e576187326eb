//! One script to run and what it does to the history.

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::hooks::{Direction, Upcoming};
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

    /// What the program is told of it.
    pub(crate) fn upcoming(&self) -> Upcoming<'_> {
        let direction = if self.records().is_some() { Direction::Up } else { Direction::Down };
        Upcoming { number: self.number, name: &self.name, direction }
    }

    /// Tells the program that it is about to run, which may object.
    pub(crate) fn announce(&self, db: &mut Db<'_>) -> Result<(), Error> {
        db.session().before_each(&self.upcoming()).map_err(|cause| {
            let message = format!("the program's `before_each` stopped `{}`: {cause}", self.name);
            Error::new(ErrorKind::Hook, message).because(cause)
        })
    }

    /// Tells who looks on that its script has run.
    pub(crate) fn ran(&self, db: &mut Db<'_>) -> Result<(), Error> {
        db.session().ran(&self.upcoming()).map_err(|error| failed("could not look at what was done", error))
    }

    /// The migration that it records; `None` for the way back.
    pub(crate) fn records(&self) -> Option<&Migration<'_>> {
        match &self.way {
            Way::Up(_, migration) => Some(migration),
            Way::Down(_) | Way::Stored(_) => None,
        }
    }
}
