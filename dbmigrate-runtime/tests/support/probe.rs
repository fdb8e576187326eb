//! A backend that looks over the shoulder of the engine, and meddles.

use std::cell::RefCell;
use std::path::Path;

use dbmigrate_runtime::{Access, Backend, BoxError, Driver, Rows, Value};
use rusqlite::Connection;

use super::driver::{Rusqlite, RusqliteDriver};

type OnOpen = Box<dyn FnMut(&Path) -> Result<(), BoxError>>;
type OnDone = Box<dyn FnMut(&str)>;

thread_local! {
    static ON_OPEN: RefCell<Option<OnOpen>> = const { RefCell::new(None) };
    static ON_DONE: RefCell<Option<OnDone>> = const { RefCell::new(None) };
}

/// From now on, in this thread: before a file is opened.
pub fn on_open(call: impl FnMut(&Path) -> Result<(), BoxError> + 'static) {
    ON_OPEN.with(|it| *it.borrow_mut() = Some(Box::new(call)));
}

/// From now on, in this thread: after a statement.
pub fn on_done(call: impl FnMut(&str) + 'static) {
    ON_DONE.with(|it| *it.borrow_mut() = Some(Box::new(call)));
}

/// Rusqlite, with somebody beside it.
pub struct Probe;

/// Its driver.
pub struct ProbeDriver<'c>(RusqliteDriver<'c>);

impl Backend for Probe {
    type Connection = Connection;
    type Driver<'c> = ProbeDriver<'c>;

    fn driver(connection: &mut Connection) -> ProbeDriver<'_> {
        ProbeDriver(Rusqlite::driver(connection))
    }

    fn connection<'d>(driver: &'d ProbeDriver<'_>) -> &'d Connection {
        Rusqlite::connection(&driver.0)
    }

    fn open(path: &Path, access: Access) -> Result<Connection, BoxError> {
        ON_OPEN.with(|it| it.borrow_mut().as_mut().map_or(Ok(()), |call| call(path)))?;
        Rusqlite::open(path, access)
    }
}

fn done(sql: &str) {
    ON_DONE.with(|it| it.borrow_mut().iter_mut().for_each(|call| call(sql)));
}

impl Driver for ProbeDriver<'_> {
    type Error = rusqlite::Error;

    fn execute(&mut self, sql: &str) -> Result<(), rusqlite::Error> {
        let result = self.0.execute(sql);
        done(sql);
        result
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, rusqlite::Error> {
        let result = self.0.query(sql, params);
        done(sql);
        result
    }

    fn in_transaction(&mut self) -> bool {
        self.0.in_transaction()
    }

    fn is_busy(error: &rusqlite::Error) -> bool {
        RusqliteDriver::is_busy(error)
    }
}
