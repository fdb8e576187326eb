//! Late migrations: pending below an applied one, which `out-of-order = "apply"` permits.
//!
//! The database then runs its migrations in a different order than a new database, which runs them by number. Before
//! anything is written, both orders run on databases in memory, and the two schemas are compared. If they differ, or
//! cannot be compared, nothing runs. Rows are not compared.

mod order;
mod replays;

use std::fmt;

use self::order::Order;
use self::replays::{Difference, Replays};
use crate::compare::KnownHistory;
use crate::difference::noted_differences;
use crate::error::{Error, ErrorKind};
use crate::excerpt::{Place, visible};
use crate::names::Names;
use crate::options::Options;
use crate::session::Session;
use crate::set::{Effect, Migration, Set};
use crate::sorted::sorted;
use crate::status::State;

/// At most this many differences stand in an error.
const SHOWN: usize = 10;

/// How it is proved that the order of migrations makes no difference.
#[derive(Clone, Copy)]
pub struct OrderProof {
    pub(crate) prove: ProveFn,
}

impl OrderProof {
    /// Both orders run on databases in memory.
    pub const BY_REPLAY: Self = Self { prove };
}

impl fmt::Debug for OrderProof {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderProof")
    }
}

/// Refuses migrations that come late and whose order matters. What was proved once is not proved again.
type ProveFn = for<'s> fn(
    &mut dyn Session,
    &Set<'_>,
    &Options,
    &KnownHistory<'s>,
    &[(usize, &'s Migration<'s>)],
    &mut Proved,
) -> Result<(), Error>;

/// What was proved in a run.
#[derive(Default)]
pub(crate) struct Proved {
    /// The numbers in their order.
    order: Vec<u64>,
    /// What the proof does not speak of.
    pub(crate) doubts: Vec<String>,
}

#[inline]
fn prove<'s>(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    known: &KnownHistory<'s>,
    pending: &[(usize, &'s Migration<'s>)],
    proved: &mut Proved,
) -> Result<(), Error> {
    let Some(arrivals) = Arrivals::of(known, pending) else { return Ok(()) };
    let order: Vec<u64> = arrivals.applied.iter().chain(&arrivals.pending).map(|it| it.number).collect();
    if order != proved.order {
        arrivals.prove(session, set, options).map_err(|refusal| arrivals.refuse(refusal))?;
        // What was late at first is what is said of all of it.
        if proved.order.is_empty() {
            proved.doubts = arrivals.doubts();
        }
        proved.order = order;
    }
    Ok(())
}

/// Two migrations whose order makes a difference to the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderConflict {
    /// The full name of the late migration.
    pub late: String,
    /// The full name of the migration above it that ran before it.
    pub other: String,
    /// How the schema differs from the one that the order of the numbers makes, or why the migrations fail in this
    /// order; one sentence each.
    pub differences: Vec<String>,
}

/// Why a late migration may not run.
pub(crate) enum Refusal {
    /// The order matters.
    Conflict(OrderConflict),
    /// Nobody can tell, for this reason.
    Unproven(String),
}

/// The order in which a database will have run its migrations, as far as the program has them.
pub(crate) struct Arrivals<'s> {
    /// The applied ones, as they are recorded.
    applied: Vec<&'s Migration<'s>>,
    /// What runs then, by ascending number.
    pending: Vec<&'s Migration<'s>>,
    /// Those of them that come late, by number.
    late: Vec<u64>,
    /// The applied ones that the program does not have.
    unknown: Vec<String>,
}

impl<'s> Arrivals<'s> {
    /// Those of a database, if any comes late.
    #[inline]
    pub(crate) fn of(known: &KnownHistory<'s>, pending: &[(usize, &'s Migration<'s>)]) -> Option<Self> {
        let is_late = |number: u64| {
            let at = known.matches.binary_search_by_key(&number, |matched| matched.number);
            at.is_ok_and(|at| known.matches[at].state == State::Late)
        };
        let late: Vec<u64> = pending.iter().map(|(_, it)| it.number).filter(|number| is_late(*number)).collect();
        if late.is_empty() {
            return None;
        }
        let mut applied: Vec<(u64, &Migration<'_>)> = Vec::new();
        let mut unknown = Vec::new();
        for (matched, row) in known.newest_first().filter(|(matched, _)| matched.state.is_applied()) {
            match matched.migration {
                Some(migration) => applied.push((u64::try_from(row.id).unwrap_or(0), migration)),
                None => unknown.push(row.name.clone()),
            }
        }
        let applied = sorted(applied, |(id, _)| *id).into_iter().map(|(_, migration)| migration).collect();
        Some(Self { applied, pending: pending.iter().map(|(_, migration)| *migration).collect(), late, unknown })
    }

    /// Those of a database that has run these, in this order, and then runs the others of a set.
    #[inline]
    pub(crate) fn after(set: &'s Set<'s>, applied: &[u64]) -> Option<Self> {
        let find = |number: &u64| set.migrations.iter().find(|migration| migration.number == *number);
        let newest = applied.iter().max().copied().unwrap_or(0);
        let pending: Vec<_> = set.migrations.iter().filter(|it| !applied.contains(&it.number)).collect();
        let late: Vec<u64> = pending.iter().map(|it| it.number).filter(|number| *number < newest).collect();
        let applied = applied.iter().filter_map(find).collect();
        (!late.is_empty()).then_some(Self { applied, pending, late, unknown: Vec::new() })
    }

    /// Proves that the order makes no difference to the schema.
    #[inline]
    pub(crate) fn prove(&self, session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<(), Refusal> {
        let numbered = self.numbered();
        let mut replays = Replays::new(session, set, options, &numbered).map_err(Refusal::Unproven)?;
        let orders = self.orders();
        let mut differences = Vec::new();
        for order in &orders {
            match replays.compare(order) {
                Difference::None => return Ok(()),
                Difference::Fails(why) => differences = vec![format!("it fails: {why}")],
                Difference::Schema(found) => differences = found,
            }
        }
        let way = Order::between(&numbered, orders.last().map_or(&[][..], Vec::as_slice));
        let (late, other) = way.first_that(|order| !matches!(replays.compare(order), Difference::None));
        let [late, other] = [late, other].map(|migration| migration.name.to_owned());
        Err(Refusal::Conflict(OrderConflict { late, other, differences }))
    }

    /// All of them, by number.
    #[inline]
    fn numbered(&self) -> Vec<&'s Migration<'s>> {
        sorted(self.recorded(), |migration| migration.number)
    }

    /// All of them, as they are recorded.
    #[inline]
    fn recorded(&self) -> Vec<&'s Migration<'s>> {
        self.applied.iter().chain(&self.pending).copied().collect()
    }

    /// The orders to try. What is recorded may not be the order in which it ran, as `mark` and `forget` know. So one
    /// in which what is applied runs by number does as well: what came late before was proved when it came.
    #[inline]
    fn orders(&self) -> Vec<Vec<&'s Migration<'s>>> {
        let recorded = self.recorded();
        let newest = self.applied.iter().map(|migration| migration.number).max().unwrap_or(0);
        let runs_now = |it: &&Migration<'_>| it.number > newest || self.late.contains(&it.number);
        let (now, mut numbered): (Vec<&Migration<'_>>, Vec<&Migration<'_>>) =
            self.numbered().into_iter().partition(runs_now);
        numbered.extend(now);
        let is_one = numbered.iter().zip(&recorded).all(|(one, other)| one.number == other.number);
        if is_one { vec![recorded] } else { vec![recorded, numbered] }
    }

    /// What `up` says to that.
    #[inline]
    pub(crate) fn refuse(&self, refusal: Refusal) -> Error {
        let numbered = self.numbered();
        let name = match &refusal {
            Refusal::Conflict(conflict) => Some(conflict.late.as_str()),
            Refusal::Unproven(_) => None,
        };
        let is_it = |it: &&&Migration<'_>| name.map_or(self.late.contains(&it.number), |name| it.name == name);
        let late = numbered.iter().find(is_it);
        let name = late.map_or("", |late| late.name);
        let error = match refusal {
            Refusal::Conflict(OrderConflict { other, differences, .. }) => {
                let message = format!("`{name}` is not applied, but `{other}` is, and their order matters");
                let differences: Vec<String> = differences.iter().map(|it| format!("in this order, {it}")).collect();
                noted_differences(Error::new(ErrorKind::OrderConflict, message), &differences, SHOWN)
            }
            Refusal::Unproven(why) => {
                let message = format!(
                    "`{name}` is not applied, but later ones are, and it is unknown whether their order matters"
                );
                let error = Error::new(ErrorKind::Unverified, message).note(why);
                if numbered.iter().any(|migration| migration.up.has_code()) {
                    error.hint("let Rust run on a database in memory as well: `replay_code()` of the migrator")
                } else {
                    error
                }
            }
        };
        let error = error.also(ErrorKind::Late).note("nothing was applied");
        let Some(late) = late else { return error };
        let below = self.applied.iter().map(|migration| migration.number).filter(|number| *number < late.number).max();
        let back = below.map_or("down --all".to_owned(), |number| format!("down --to {number}"));
        error
            .at(Place::line(late.file, 1))
            .hint(format_args!("if no database has it yet, give `{name}` a number above all applied ones"))
            .hint(format_args!(
                "or roll back those above it, and apply all by number: `cargo dbmigrate {back}`, then `cargo \
                 dbmigrate up`"
            ))
            .hint(format_args!("if the database has what it makes: `cargo dbmigrate mark {name}`"))
    }

    /// What the proof does not speak of: rows that a late one changes and one that is applied above it, too, and what
    /// the program does not have.
    #[inline]
    pub(crate) fn doubts(&self) -> Vec<String> {
        let mut out = Vec::new();
        for late in self.pending.iter().filter(|it| self.late.contains(&it.number)) {
            let own = written(late);
            for other in self.applied.iter().filter(|it| it.number > late.number) {
                let other_written = written(other);
                let both: Vec<&str> =
                    other_written.iter().filter(|table| own.contains(table)).map(String::as_str).collect();
                if !both.is_empty() {
                    out.push(visible(&format!(
                        "`{}` was applied after `{}`, and both change rows of `{}`: their order was proved for the \
                         schema only",
                        late.name,
                        other.name,
                        both.join("`, `")
                    )));
                }
            }
        }
        for name in &self.unknown {
            out.push(visible(&format!("`{name}` is applied and unknown here: no order was proved for it")));
        }
        out
    }
}

/// The tables of which a migration changes or removes rows, in lower case.
#[inline]
fn written(migration: &Migration<'_>) -> Names {
    let tables = migration.up.statements().filter_map(|statement| match statement.effect {
        Effect::Write(table) => Some(table.to_ascii_lowercase()),
        _ => None,
    });
    tables.collect()
}
