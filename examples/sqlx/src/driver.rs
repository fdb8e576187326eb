//! sqlx's connection, as the runner talks to it: from a thread that may wait.

use dbmigrate_runtime::{Driver, Rows, Value};
use futures_executor::block_on;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Error, Row as _, TypeInfo, ValueRef};

/// A connection that migrations can run on. sqlx does the work on a thread of its own, so that waiting for it here needs
/// no runtime, but must not happen on a thread of one: see [`migrate`](crate::migrate).
pub struct SqlxDriver<'c>(pub &'c mut SqliteConnection);

impl Driver for SqlxDriver<'_> {
    type Error = Error;

    fn execute(&mut self, sql: &str) -> Result<(), Error> {
        block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0)).map(drop)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, Error> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for value in params {
            query = match value {
                Value::Null => query.bind(None::<i64>),
                Value::Integer(value) => query.bind(*value),
                Value::Real(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.clone()),
                Value::Blob(value) => query.bind(value.clone()),
            };
        }
        block_on(query.fetch_all(&mut *self.0))?.iter().map(values).collect()
    }

    fn in_transaction(&mut self) -> bool {
        // sqlx counts its own transactions only. SQLite begins none inside of another, and one in which nothing happens
        // takes no lock.
        let begun = self.execute("BEGIN").is_ok();
        if begun {
            // There is nothing to roll back.
            let _ = self.execute("ROLLBACK");
        }
        !begun
    }

    fn is_busy(error: &Error) -> bool {
        // SQLITE_BUSY, SQLITE_LOCKED and SQLITE_PROTOCOL, whatever they say beyond that.
        let code = error.as_database_error().and_then(|error| error.code());
        code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| [5, 6, 15].contains(&(code & 0xff)))
    }
}

/// A row as it is stored, whatever its columns are declared to be.
fn values(row: &SqliteRow) -> Result<Vec<Value>, Error> {
    let value = |at| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let stored = raw.type_info().name().to_owned();
        Ok(match stored.as_str() {
            "INTEGER" => Value::Integer(row.try_get_unchecked(at)?),
            "REAL" => Value::Real(row.try_get_unchecked(at)?),
            "BLOB" => Value::Blob(row.try_get_unchecked(at)?),
            _ => Value::Text(row.try_get_unchecked(at)?),
        })
    };
    (0..row.len()).map(value).collect()
}
