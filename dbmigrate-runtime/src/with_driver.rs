//! The calls of a migrator on any driver, for sets that are bound to no connection type. They run no code.

use std::marker::PhantomData;

use crate::driver::{Backend, Driver};
use crate::error::Error;
use crate::history_row::HistoryRow;
use crate::migrator::Migrator;
use crate::report::Report;
use crate::session::Plain;
use crate::status::{Entry, Status};
use crate::verify::Verification;
use crate::{entries, history, up, verify};

/// Each is like the method without `_with`. A set with Rust in it is an error here.
impl<B: Backend> Migrator<'_, B> {
    /// As [`Migrator::up`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn up_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        up::start(&mut self.plain(driver), self.lazy_set, &self.options, None)
    }

    /// As [`Migrator::adopt`], on any driver. The backend opens the database in memory; without one, nothing can be
    /// compared.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn adopt_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        up::adopt(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::up_to`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn up_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Report, Error> {
        up::start(&mut self.plain(driver), self.lazy_set, &self.options, Some(up::Target::at(number.into())))
    }

    /// As [`Migrator::status`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn status_with(&self, driver: &mut impl Driver) -> Result<Status, Error> {
        entries::status(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::pending`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn pending_with(&self, driver: &mut impl Driver) -> Result<Vec<Entry>, Error> {
        self.status_with(driver).map(Status::into_pending)
    }

    /// As [`Migrator::verify`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn verify_with(&self, driver: &mut impl Driver) -> Result<Verification, Error> {
        verify::verify(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::history`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn history_with(&self, driver: &mut impl Driver) -> Result<Vec<HistoryRow>, Error> {
        history::list(&mut self.plain(driver), self.set()?, &self.options)
    }

    pub(crate) fn plain<'d, D: Driver>(&'d self, driver: &'d mut D) -> Plain<'d, B, D> {
        Plain { driver, hooks: &self.hooks, backend: PhantomData }
    }
}
