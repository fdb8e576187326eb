//! The calls of a migrator on any driver, for sets that are bound to no connection type. They run no code.

use std::marker::PhantomData;

use crate::driver::{Backend, Driver};
use crate::error::Error;
use crate::history_row::HistoryRow;
use crate::mark::Marked;
use crate::migrator::Migrator;
use crate::repair::{Repair, Repairs, Stopped};
use crate::report::Report;
use crate::session::Plain;
use crate::status::{Entry, Status};
use crate::verify::Verification;
use crate::verify_schema::VerifiedSchema;
use crate::{down, entries, forget, history, mark, repair, up, verify};

/// Each as its namesake without `_with`. A set with Rust in it is an error here.
impl<B: Backend> Migrator<'_, B> {
    /// As [`Migrator::up`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn up_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        up::start(&mut self.plain(driver), self.held, &self.options, None)
    }

    /// As [`Migrator::adopt`], on any driver. The backend opens the database in memory; without one, nothing can be
    /// compared.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn adopt_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        up::adopt(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::up_to`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn up_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Report, Error> {
        up::start(&mut self.plain(driver), self.held, &self.options, Some(up::Target::at(number.into())))
    }

    /// As [`Migrator::down`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn down_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        down::down(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, down::Goal::Newest)
    }

    /// As [`Migrator::down_to`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn down_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Report, Error> {
        down::down(
            &mut self.plain(driver),
            self.set()?,
            &self.options,
            &self.others()?,
            down::Goal::After(number.into()),
        )
    }

    /// As [`Migrator::down_all`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn down_all_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        down::down(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, down::Goal::All)
    }

    /// As [`Migrator::redo`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn redo_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        down::redo(&mut self.plain(driver), self.set()?, &self.options, &self.others()?)
    }

    /// As [`Migrator::mark`], on any driver. The backend opens the database in memory; without one, nothing can be
    /// compared.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn mark_with(&self, driver: &mut impl Driver) -> Result<Marked, Error> {
        self.mark_by(&mut self.plain(driver), mark::Goal::Latest)
    }

    /// As [`Migrator::mark_to`], on any driver; see [`Migrator::mark_with`].
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn mark_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Marked, Error> {
        self.mark_by(&mut self.plain(driver), mark::Goal::To(number.into()))
    }

    /// As [`Migrator::forget`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn forget_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<HistoryRow, Error> {
        forget::forget(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, number.into())
    }

    /// As [`Migrator::repair_plan`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn repair_plan_with(&self, driver: &mut impl Driver) -> Result<Vec<Repair>, Error> {
        repair::plan(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::repair`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn repair_with(
        &self,
        driver: &mut impl Driver,
        number: impl Into<u64>,
        stopped: Option<Stopped>,
    ) -> Result<Repairs, Error> {
        repair::repair(&mut self.plain(driver), self.set()?, &self.options, Some(number.into()), stopped)
    }

    /// As [`Migrator::status`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn status_with(&self, driver: &mut impl Driver) -> Result<Status, Error> {
        entries::status(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::pending`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn pending_with(&self, driver: &mut impl Driver) -> Result<Vec<Entry>, Error> {
        self.status_with(driver).map(Status::into_pending)
    }

    /// As [`Migrator::verify`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn verify_with(&self, driver: &mut impl Driver) -> Result<Verification, Error> {
        verify::verify(&mut self.plain(driver), self.set()?, &self.options)
    }

    /// As [`Migrator::verify_schema`], on any driver. The backend opens the database in memory; without one, only the
    /// sealed fingerprint can tell.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn verify_schema_with(&self, driver: &mut impl Driver) -> Result<VerifiedSchema, Error> {
        self.verify_schema_by(&mut self.plain(driver), None, &self.others()?)
    }

    /// As [`Migrator::history`], on any driver.
    ///
    /// # Errors
    ///
    /// As its namesake.
    pub fn history_with(&self, driver: &mut impl Driver) -> Result<Vec<HistoryRow>, Error> {
        history::list(&mut self.plain(driver), self.set()?, &self.options)
    }

    fn plain<'d, D: Driver>(&'d self, driver: &'d mut D) -> Plain<'d, B, D> {
        Plain { driver, hooks: &self.hooks, backend: PhantomData }
    }
}
