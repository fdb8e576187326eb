//! A driver that counts its calls, and goes wrong at one of them.

use std::fmt;

use dbmigrate_runtime::{Backend, Driver, Rows, Value};
use rusqlite::Connection;

use super::driver::{Rusqlite, RusqliteDriver};

/// How it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Never.
    None,
    /// One call fails, as on a full disk.
    Once,
    /// From that call on nothing works, as if the process were gone.
    Dead,
    /// That call panics.
    Panic,
    /// That call finds another connection in the way.
    Busy,
    /// That call finds another connection in the way, and the transaction is gone.
    Gone,
    /// That call fails, and takes the transaction with it, as an error of the disk does.
    Lost,
    /// Before that call another connection does something.
    Meddle,
    /// That statement and all of its kind are passed over without an error, as an authorizer can tell SQLite to.
    Ignored,
}

/// A driver over a connection.
pub struct FaultyDriver<'c> {
    driver: RusqliteDriver<'c>,
    fault: Fault,
    at: usize,
    meddle: Option<&'c mut dyn FnMut()>,
    /// Every statement that it was asked to run.
    pub calls: Vec<String>,
}

impl<'c> FaultyDriver<'c> {
    pub fn new(db: &'c mut Connection, fault: Fault, at: usize) -> Self {
        Self { driver: Rusqlite::driver(db), fault, at, meddle: None, calls: Vec::new() }
    }

    /// Another connection comes in before a call.
    pub fn meddled(db: &'c mut Connection, at: usize, meddle: &'c mut dyn FnMut()) -> Self {
        Self { meddle: Some(meddle), ..Self::new(db, Fault::Meddle, at) }
    }

    /// The call that began the transaction of this statement.
    pub fn begin_of(&self, statement: &str) -> usize {
        let at = self.calls.iter().position(|sql| sql == statement).unwrap();
        self.calls[..at].iter().rposition(|sql| sql.starts_with("BEGIN")).unwrap()
    }

    fn call(&mut self, sql: &str) -> Result<(), FaultError> {
        let now = self.calls.len();
        self.calls.push(sql.to_owned());
        match self.fault {
            Fault::Once if now == self.at => Err(FaultError::Injected),
            Fault::Dead if now >= self.at => Err(FaultError::Injected),
            Fault::Busy if now == self.at => Err(FaultError::Busy),
            Fault::Gone | Fault::Lost if now == self.at => {
                if self.driver.in_transaction() {
                    self.driver.execute("ROLLBACK").map_err(FaultError::Real)?;
                }
                Err(if self.fault == Fault::Lost { FaultError::Injected } else { FaultError::Busy })
            }
            // Without the hook, which would print.
            Fault::Panic if now == self.at => std::panic::resume_unwind(Box::new("injected")),
            Fault::Meddle if now == self.at => {
                if let Some(meddle) = self.meddle.take() {
                    meddle();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug)]
pub enum FaultError {
    Injected,
    Busy,
    Real(rusqlite::Error),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected => f.write_str("disk I/O error"),
            Self::Busy => f.write_str("database is locked"),
            Self::Real(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FaultError {}

impl Driver for FaultyDriver<'_> {
    type Error = FaultError;

    fn execute(&mut self, sql: &str) -> Result<(), FaultError> {
        self.call(sql)?;
        if self.fault == Fault::Ignored && self.calls.get(self.at).is_some_and(|ignored| ignored == sql) {
            return Ok(());
        }
        self.driver.execute(sql).map_err(FaultError::Real)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, FaultError> {
        self.call(sql)?;
        self.driver.query(sql, params).map_err(FaultError::Real)
    }

    fn in_transaction(&mut self) -> bool {
        self.driver.in_transaction()
    }

    fn is_busy(error: &FaultError) -> bool {
        match error {
            FaultError::Injected => false,
            FaultError::Busy => true,
            FaultError::Real(error) => RusqliteDriver::is_busy(error),
        }
    }
}
