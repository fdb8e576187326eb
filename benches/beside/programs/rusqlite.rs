//! The driver that four of the programs share.

use rusqlite::Connection;

use crate::measure::{Driver, Result};

/// A tool that is called with a connection of rusqlite.
pub trait OverRusqlite {}

impl<T: OverRusqlite> Driver for T {
    type Connection = Connection;

    fn open(path: &str) -> Result<Connection> {
        Ok(Connection::open(path)?)
    }

    fn batch(connection: &mut Connection, sql: &str) -> Result<()> {
        Ok(connection.execute_batch(sql)?)
    }

    fn query(connection: &mut Connection, sql: &str) -> Result<String> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }
}
