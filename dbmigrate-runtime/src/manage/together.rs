//! Methods of `manage` over several sets.

use super::rehearsal::{self, Rehearsal};
use super::verify_schema::VerifiedSchema;
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::order::Leg;
use crate::together::{Together, named};

/// What one run of a set did to a copy.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetRehearsal {
    /// The name of the set; empty for one without.
    pub set: String,
    /// What it did.
    pub rehearsal: Rehearsal,
}

impl<'a, C: 'static> Together<'a, C> {
    /// Runs what is pending in all sets on a copy of the database, in the order of [`Together::up`], and reports what
    /// it did there, up to the first fault. The database itself is only read. What
    /// [`Migrator::rehearse`](crate::Migrator::rehearse) says about the copy applies.
    ///
    /// # Errors
    ///
    /// As [`Migrator::rehearse`](crate::Migrator::rehearse), and [`Error::is_requirement`] and [`Error::is_set`] as [`Together::up`].
    pub fn rehearse(&self, connection: &mut C) -> Result<Vec<SetRehearsal>, Error> {
        self.refuse_clashes()?;
        let Some(first) = self.migrators.first() else { return Ok(Vec::new()) };
        if self.is_current(connection)? {
            return Ok(Vec::new());
        }
        let mut copy = first.copied(connection)?;
        let mut rehearsals = Vec::new();
        for Leg { place, to, part } in self.legs(copy.connection())?.0 {
            let migrator = &self.migrators[place];
            let set = migrator.lazy_set().set()?;
            let options = Options { part, backup: None, ..migrator.options().clone() };
            let mut rehearsal = rehearsal::on_copy(&mut *migrator.session(copy.connection()), set, &options, to);
            rehearsal.error = rehearsal.error.map(|error| named(error, set, &[]));
            let is_over = rehearsal.error.is_some();
            if !rehearsal.is_empty() {
                rehearsals.push(SetRehearsal { set: set.name.to_owned(), rehearsal });
            }
            if is_over {
                break;
            }
        }
        Ok(rehearsals)
    }

    /// Compares the schema of the database with what the applied migrations of all sets make. It changes nothing.
    ///
    /// It works like [`Migrator::verify_schema`](crate::Migrator::verify_schema), but without the fingerprint: that of
    /// one set says nothing about several, so the migrations run in memory each time. Rust in any set but the first
    /// cannot run there.
    ///
    /// # Errors
    ///
    /// As [`Migrator::verify_schema`](crate::Migrator::verify_schema).
    pub fn verify_schema(&self, connection: &mut C) -> Result<VerifiedSchema, Error> {
        self.refuse_clashes()?;
        let sets = self.sets()?;
        match self.migrators.first() {
            Some(first) => first.verify_schema(connection, &sets[1..]),
            None => Err(Error::new(ErrorKind::Set, "there is no set to verify").hint("add one: `Together::add`")),
        }
    }
}
