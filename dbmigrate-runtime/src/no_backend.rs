//! The backend of a migrator that is bound to no connection type.

use std::convert::Infallible;
use std::path::Path;

use crate::BoxError;
use crate::driver::{Access, Backend, Driver};
use crate::rows::Rows;
use crate::value::Value;

/// No backend: the `_with` calls of a [`Migrator`](crate::Migrator) take any [`Driver`].
#[derive(Debug, Clone, Copy)]
pub struct NoBackend;

impl Backend for NoBackend {
    type Connection = Infallible;
    type Driver<'c> = Infallible;

    #[inline]
    fn driver(connection: &mut Infallible) -> Infallible {
        *connection
    }

    #[inline]
    fn connection(driver: &Infallible) -> &Infallible {
        driver
    }

    #[inline]
    fn open(_: &Path, _: Access) -> Result<Infallible, BoxError> {
        Err("these migrations have no driver".into())
    }
}

impl Driver for Infallible {
    type Error = Infallible;

    #[inline]
    fn execute(&mut self, _: &str) -> Result<(), Infallible> {
        match *self {}
    }

    #[inline]
    fn query(&mut self, _: &str, _: &[Value]) -> Result<Rows, Infallible> {
        match *self {}
    }

    #[inline]
    fn in_transaction(&mut self) -> bool {
        match *self {}
    }

    #[inline]
    fn is_busy(error: &Infallible) -> bool {
        match *error {}
    }
}
