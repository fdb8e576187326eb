//! One script to run and what it does to the history: a migration in one direction, a hook, or a repeatable.

use std::rc::Rc;
use std::time::Duration;

use crate::db::{Db, failed};
use crate::error::{Error, ErrorKind};
use crate::hooks::{Direction, Upcoming};
use crate::report::Done;
use crate::set::{Migration, Repeatable, Script};

/// A script to run.
pub(crate) struct Job<'s> {
    /// The number of the migration; 0 for what is none.
    pub(crate) number: u64,
    pub(crate) way: Way<'s>,
}

/// Which script, in which direction.
#[cfg_attr(not(feature = "manage"), allow(dead_code, reason = "only `manage` rolls back, with the same runner"))]
pub(crate) enum Way<'s> {
    /// A migration, which is recorded, and its place in the set.
    Up(usize, &'s Migration<'s>),
    /// The down script of a migration, whose record is deleted.
    Back(Rc<dyn Back + 's>),
    /// The hook before a run.
    Before(&'s Script<'s>),
    /// The hook after a run.
    After(&'s Script<'s>),
    /// A repeatable, which has a record of its own.
    Repeat(&'s Repeatable<'s>),
}

/// A down script. It is behind a trait so that a program that never rolls back does not link the code for it.
pub(crate) trait Back {
    /// The full name of the migration, as the history has it.
    fn name(&self) -> &str;
    /// The script without the steps, which take a buffer where the down script was read from the history.
    fn outline(&self) -> Script<'_>;
    /// As [`Job::script`].
    fn script<'x>(&'x self, buffer: &'x mut ScriptBuffer<'x>) -> &'x Script<'x>;
}

/// Where a script stands that is not in the set as it runs.
#[derive(Default)]
pub(crate) struct ScriptBuffer<'x> {
    #[cfg(feature = "manage")]
    pub(crate) steps: Vec<crate::set::Step<'x>>,
    pub(crate) script: Option<Script<'x>>,
}

/// What shares a transaction.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// Nothing, as many as the group says, or all.
    Migration,
    /// Nothing.
    Before,
    /// Nothing.
    After,
    /// All of them.
    Repeatable,
}

impl<'s> Job<'s> {
    /// A script that is no migration.
    pub(crate) fn beside(way: Way<'s>) -> Self {
        Self { number: 0, way }
    }
}

impl Job<'_> {
    pub(crate) fn kind(&self) -> Kind {
        match self.way {
            Way::Up(..) | Way::Back(_) => Kind::Migration,
            Way::Before(_) => Kind::Before,
            Way::After(_) => Kind::After,
            Way::Repeat(_) => Kind::Repeatable,
        }
    }

    pub(crate) fn direction(&self) -> Direction {
        match self.way {
            Way::Back(_) => Direction::Down,
            _ => Direction::Up,
        }
    }

    /// The full name of the migration, or the file of a hook or a repeatable.
    #[inline(never)]
    pub(crate) fn name(&self) -> &str {
        match &self.way {
            Way::Up(_, migration) => migration.name,
            Way::Back(back) => back.name(),
            Way::Before(_) | Way::After(_) | Way::Repeat(_) => self.file(),
        }
    }

    /// The command that runs it.
    pub(crate) fn command(&self) -> &'static str {
        self.direction().command()
    }

    /// The script; `buffer` is for what is not in the set as it runs.
    pub(crate) fn script<'x>(&'x self, buffer: &'x mut ScriptBuffer<'x>) -> &'x Script<'x> {
        let made = match &self.way {
            Way::Up(_, migration) => return &migration.up,
            Way::Back(back) => return back.script(buffer),
            Way::Before(script) | Way::After(script) => Script { transaction: true, ..**script },
            Way::Repeat(repeatable) => Script { transaction: true, ..repeatable.script },
        };
        buffer.script.insert(made)
    }

    /// The file of the script.
    #[inline(never)]
    pub(crate) fn file(&self) -> &str {
        match &self.way {
            Way::Up(_, migration) => migration.up.file,
            Way::Back(back) => back.outline().file,
            Way::Before(script) | Way::After(script) => script.file,
            Way::Repeat(repeatable) => repeatable.script.file,
        }
    }

    /// Whether it runs in a transaction.
    pub(crate) fn is_in_transaction(&self) -> bool {
        match &self.way {
            Way::Up(_, migration) => migration.up.transaction,
            Way::Back(back) => back.outline().transaction,
            Way::Before(_) | Way::After(_) | Way::Repeat(_) => true,
        }
    }

    /// Whether Rust is one of its steps.
    #[inline(never)]
    pub(crate) fn has_code(&self) -> bool {
        match &self.way {
            Way::Up(_, migration) => migration.up.has_code(),
            // A stored one has none, as that has no way to be written down.
            Way::Back(back) => back.outline().has_code(),
            Way::Before(script) | Way::After(script) => script.has_code(),
            Way::Repeat(repeatable) => repeatable.script.has_code(),
        }
    }

    /// What is reported of it, before it has run.
    #[inline(never)]
    pub(crate) fn done(&self) -> Done {
        let (steps, notes) = (Vec::new(), Vec::new());
        Done { number: self.number, name: self.name().to_owned(), duration: Duration::ZERO, steps, notes }
    }

    /// What the program is told of it.
    pub(crate) fn upcoming(&self) -> Upcoming<'_> {
        Upcoming { number: self.number, name: self.name(), direction: self.direction() }
    }

    /// Tells the program that a migration is about to run, to which it may object.
    pub(crate) fn announce(&self, db: &mut Db<'_>) -> Result<(), Error> {
        if self.kind() != Kind::Migration {
            return Ok(());
        }
        db.session().before_each(&self.upcoming()).map_err(|cause| {
            Error::new(ErrorKind::Hook, format_args!("stopped before `{}`: {cause}", self.name()))
                .hint("the next run continues there")
                .because(cause)
        })
    }

    /// Tells who looks on that the script of a migration has run.
    pub(crate) fn ran(&self, db: &mut Db<'_>) -> Result<(), Error> {
        if self.kind() != Kind::Migration {
            return Ok(());
        }
        db.session().ran(&self.upcoming()).map_err(|error| failed("could not read what was done", error))
    }

    /// The migration that it records; `None` for all but the way up.
    pub(crate) fn records(&self) -> Option<&Migration<'_>> {
        match &self.way {
            Way::Up(_, migration) => Some(migration),
            _ => None,
        }
    }
}
