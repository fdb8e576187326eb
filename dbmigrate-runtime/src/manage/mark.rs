//! Records migrations as applied without running them, for a database that already has what they make.
//!
//! Before anything is recorded, the migrations that the history would then contain run on a database in memory, and the
//! two schemas are compared. Rows are not compared.

use super::in_force::settled;
use super::replay::replay;
use crate::compare::{KnownHistory, Match, look, write_head};
use crate::comparison::{Comparison, Replay, compare, covers, noted};
use crate::db::Db;
use crate::driver::{Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::migrator::Migrator;
use crate::options::Options;
use crate::row_state::RowState;
use crate::schema::Schema;
use crate::session::Session;
use crate::set::{Migration, OutOfOrder, Set};
use crate::status::State;
use crate::up;

/// Which migrations are to be recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal<'g> {
    /// All that are pending.
    Latest,
    /// All that are pending, up to and including this number.
    To(u64),
    /// These.
    Only(&'g [u64]),
}

/// The result of `mark`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marked {
    /// The numbers and full names of the migrations that now count as applied.
    pub recorded: Vec<(u64, String)>,
    /// How the database compares with what the migrations make.
    pub comparison: Comparison,
    /// What was compared, in words.
    pub covers: &'static str,
}

/// Records migrations without running them.
pub(crate) fn mark(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    goal: Goal<'_>,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<Marked, Error> {
    settled(session, set, options, beside, |session, set, beside| record(session, set, options, goal, beside, replay))
}

fn record(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    goal: Goal<'_>,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<Marked, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let found = look(&mut db, set)?;
    let known = found.known();
    known.map_or(Ok(()), KnownHistory::refuse_old)?;
    if wanted(set, known, goal)?.is_empty() {
        return Ok(Marked { recorded: Vec::new(), comparison: Comparison::Nothing, covers: covers(&mut db) });
    }
    db.transaction(|db| {
        let history = History::new(set);
        let found = look(db, set)?;
        let known = found.known();
        known.map_or(Ok(()), KnownHistory::refuse_old)?;
        let wanted = wanted(set, known, goal)?;
        let is_held = |migration: &&Migration<'_>| {
            known.is_some_and(|known| known.has(migration.number))
                || wanted.binary_search_by_key(&migration.number, |wanted| wanted.number).is_ok()
        };
        let held: Vec<Migration<'_>> = set.migrations.iter().filter(is_held).copied().collect();
        let (comparison, covers) = compare(db, set, &held, false, beside, replay)?;
        if !options.allow_mismatch {
            refuse(&comparison, &wanted, goal, covers)?;
        }
        if known.is_none_or(|known| known.head.is_none()) {
            history.create(db)?;
        }
        for migration in &wanted {
            history.insert(db, options, migration, RowState::Applied, None)?;
        }
        write_head(db, set)?;
        let recorded = wanted.iter().map(|migration| (migration.number, migration.name.to_owned())).collect();
        Ok(Marked { recorded, comparison, covers })
    })
}

/// What is to be recorded, by ascending number: pending, and asked for.
fn wanted<'s>(
    set: &'s Set<'s>,
    known: Option<&KnownHistory<'_>>,
    goal: Goal<'_>,
) -> Result<Vec<&'s Migration<'s>>, Error> {
    let asked: &[u64] = match &goal {
        Goal::Latest => &[],
        Goal::To(number) => std::slice::from_ref(number),
        Goal::Only(numbers) => numbers,
    };
    for number in asked {
        // An error for a number that no migration has.
        up::goal(set, Some(*number))?;
    }
    let is_asked = |number: u64| match goal {
        Goal::Latest => true,
        Goal::To(last) => number <= last,
        Goal::Only(numbers) => numbers.contains(&number),
    };
    let has = |number: u64| known.is_some_and(|known| known.has(number));
    let is_stopped = |matched: &&Match<'_>| matches!(matched.state, State::Interrupted { .. });
    let mut stopped = known.into_iter().flat_map(|known| &known.matches).filter(is_stopped);
    if let Some(stopped) = stopped.find(|matched| is_asked(matched.number)) {
        let name = stopped.row.as_ref().map_or("", |row| row.name.as_str());
        return Err(Error::new(ErrorKind::Interrupted, format_args!("`{name}` was interrupted"))
            .hint(format_args!("to see how far it got, and how to continue: `cargo dbmigrate repair {name}`")));
    }
    let pending = set.migrations.iter().filter(|migration| !has(migration.number));
    let (wanted, left): (Vec<&Migration<'_>>, Vec<_>) = pending.partition(|migration| is_asked(migration.number));
    let newest = known.and_then(|known| known.newest_first().next()).map_or(0, |(matched, _)| matched.number);
    let last = wanted.last().map_or(0, |migration| migration.number);
    // Those would be late from then on.
    let skipped: Vec<&str> = left
        .into_iter()
        .filter(|migration| (newest + 1..last).contains(&migration.number))
        .map(|migration| migration.name)
        .collect();
    if !skipped.is_empty() && set.rules.out_of_order == OutOfOrder::Error {
        return Err(Error::new(
            ErrorKind::Late,
            format_args!("these would stay pending below an applied one: `{}`", skipped.join("`, `")),
        )
        .hint(format_args!("to record them too: `cargo dbmigrate mark --to {last}`"))
        .hint("or apply them first: `cargo dbmigrate up --to` each"));
    }
    Ok(wanted)
}

fn refuse(comparison: &Comparison, wanted: &[&Migration<'_>], goal: Goal<'_>, covers: &str) -> Result<(), Error> {
    let last = wanted.last().map_or("", |migration| migration.name);
    let which = match goal {
        Goal::Latest => String::new(),
        Goal::To(number) => format!("--to {number} "),
        Goal::Only(_) => wanted.iter().map(|migration| format!("{} ", migration.number)).collect(),
    };
    let force =
        format!("to record them anyway: `cargo dbmigrate mark {which}--force` (`allow_mismatch()` of the migrator)");
    let (error, nothing) = match comparison {
        Comparison::Nothing | Comparison::Same(_) => return Ok(()),
        Comparison::Impossible(why) => {
            let message = format!("the database can't be compared with the migrations up to `{last}`");
            (Error::new(ErrorKind::Mismatch, message).note(why), "check whether it has what they make")
        }
        Comparison::Different(differences) => {
            let message = format!("the database does not have what the migrations up to `{last}` make");
            (
                noted(Error::new(ErrorKind::Mismatch, message), differences, covers),
                "name the last one whose changes it has: `cargo dbmigrate mark --to TARGET`",
            )
        }
    };
    Err(error.note("nothing was recorded").hint(nothing).hint(force))
}

impl<B: Backend> Migrator<'_, B> {
    /// Records all pending migrations as applied without running them. This is a baseline, for a database that already
    /// has what they make. First they run on a database in memory, and the two schemas are compared.
    ///
    /// # Errors
    ///
    /// [`Error::is_mismatch`] if the schemas differ or cannot be compared, unless [`Migrator::allow_mismatch`] was
    /// called; or an error of the database. Nothing is recorded then.
    pub fn mark(&self, connection: &mut B::Connection) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), Goal::Latest)
    }

    /// Like [`Migrator::mark`], up to and including this number.
    ///
    /// # Errors
    ///
    /// As [`Migrator::mark`], and if no migration has this number.
    pub fn mark_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), Goal::To(number.into()))
    }

    /// Like [`Migrator::mark`], for these migrations only.
    ///
    /// # Errors
    ///
    /// As [`Migrator::mark_to`], and if others below them would remain pending.
    pub fn mark_only(&self, connection: &mut B::Connection, numbers: &[u64]) -> Result<Marked, Error> {
        self.mark_by(&mut self.session(connection), Goal::Only(numbers))
    }

    /// As [`Migrator::mark`], on any driver. The backend opens the database in memory; without a backend, nothing can
    /// be compared.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn mark_with(&self, driver: &mut impl Driver) -> Result<Marked, Error> {
        self.mark_by(&mut self.plain(driver), Goal::Latest)
    }

    /// As [`Migrator::mark_to`], on any driver; see [`Migrator::mark_with`].
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn mark_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Marked, Error> {
        self.mark_by(&mut self.plain(driver), Goal::To(number.into()))
    }

    pub(crate) fn mark_by(&self, session: &mut dyn Session, goal: Goal<'_>) -> Result<Marked, Error> {
        let (set, others, schema) = (self.set()?, self.others()?, self.schema.as_deref());
        let replay =
            |_: &mut Db<'_>, sets: &[Set<'_>]| Ok(replay::<B, _>(sets, &self.options, None, schema, Schema::read)?.0);
        mark(session, set, &self.options, goal, &others, &replay)
    }
}
