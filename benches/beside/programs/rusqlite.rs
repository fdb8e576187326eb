//! The driver that three of the tools share.

use rusqlite::Connection;

use crate::measure::Result;

pub fn open(path: &str) -> Result<Connection> {
    Ok(Connection::open(path)?)
}

pub fn batch(connection: &mut Connection, sql: &str) -> Result<()> {
    Ok(connection.execute_batch(sql)?)
}

pub fn query(connection: &mut Connection, sql: &str) -> Result<String> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}
