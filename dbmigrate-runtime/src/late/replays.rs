//! Orders of the migrations of a set, run on databases in memory and compared.

use crate::difference::SchemaDifference;
use crate::excerpt::visible;
use crate::objects::{Maker, Objects};
use crate::options::Options;
use crate::replay::{alone, aside, fill, filled};
use crate::session::Session;
use crate::set::{Migration, Set};

/// What differs is told from the order of the numbers.
const BY_NUMBER: Maker =
    Maker { makes: "the order of the numbers makes", makes_not: "the order of the numbers does not make" };

/// The objects of a database in memory, and in what its schema differs from an earlier one.
type Replayed = (Objects, Vec<SchemaDifference>);

/// What another order comes to.
pub(super) enum Difference {
    /// The same schema.
    None,
    /// A migration fails in it.
    Fails(String),
    /// Another schema.
    Schema(Vec<String>),
}

/// Runs orders of the migrations of a set in memory.
pub(super) struct Replays<'r, 's> {
    session: &'r mut dyn Session,
    set: &'r Set<'s>,
    options: &'r Options,
    numbered: &'r [&'r Migration<'r>],
    /// What their order by number makes.
    expected: Objects,
}

impl<'r, 's> Replays<'r, 's> {
    /// An error if the order by number does not run.
    #[inline]
    pub(super) fn new(
        session: &'r mut dyn Session,
        set: &'r Set<'s>,
        options: &'r Options,
        numbered: &'r [&'r Migration<'r>],
    ) -> Result<Self, String> {
        let mut replays = Self { session, set, options, numbered, expected: Objects::default() };
        (replays.expected, _) = replays.run(numbered, false)?;
        Ok(replays)
    }

    /// Compares an order with that of the numbers.
    #[inline]
    pub(super) fn compare(&mut self, order: &[&Migration<'_>]) -> Difference {
        self.try_order(order).unwrap_or_else(Difference::Fails)
    }

    #[inline]
    fn try_order(&mut self, order: &[&Migration<'_>]) -> Result<Difference, String> {
        let (objects, _) = self.run(order, false)?;
        let mut differences = objects.differences_from(&self.expected, &BY_NUMBER);
        if !differences.is_empty() && self.session.has_schema_reader() {
            // Two texts may mean the same, and who reads schemas for the program can tell.
            self.run(self.numbered, true)?;
            let (_, found) = self.run(order, true)?;
            differences = found.iter().map(|it| visible(&it.message)).collect();
        }
        Ok(if differences.is_empty() { Difference::None } else { Difference::Schema(differences) })
    }

    /// Runs an order. With `compares` the reader of schemas says what differs from when it was asked before.
    #[inline]
    fn run(&mut self, order: &[&Migration<'_>], compares: bool) -> Result<Replayed, String> {
        // The runner goes by number.
        let migrations: Vec<Migration<'_>> = order
            .iter()
            .zip(1..)
            .map(|(migration, number)| Migration { number, requires: &[], ..**migration })
            .collect();
        let set = Set { migrations: &migrations, repeatables: &[], sealed: 0, schema: None, squash: None, ..*self.set };
        let runs_code = self.options.replay_code && self.session.has_code();
        alone(std::slice::from_ref(&set), runs_code, |sets| {
            aside(self.session, runs_code, &|memory| {
                if compares {
                    fill(memory, sets, self.options, Objects::read)
                } else {
                    Ok((filled(memory, sets, self.options, Objects::read)?, Vec::new()))
                }
            })
        })
    }
}
