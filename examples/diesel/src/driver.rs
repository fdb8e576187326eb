//! diesel's connection, as the runner talks to it.

use dbmigrate_runtime::{Driver, Rows, Value};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::result::Error;
use diesel::row::{Field, NamedRow};
use diesel::sql_types::{BigInt, Binary, Double, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType};
use diesel::{RunQueryDsl, SqliteConnection};

/// A connection that migrations can run on.
pub struct DieselDriver<'c>(pub &'c mut SqliteConnection);

impl Driver for DieselDriver<'_> {
    type Error = Error;

    fn execute(&mut self, sql: &str) -> Result<(), Error> {
        self.0.batch_execute(sql)
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, Error> {
        let mut query = diesel::sql_query(sql).into_boxed::<Sqlite>();
        for value in params {
            query = match value {
                Value::Null => query.bind::<Nullable<BigInt>, _>(None::<i64>),
                Value::Integer(value) => query.bind::<BigInt, _>(*value),
                Value::Real(value) => query.bind::<Double, _>(*value),
                Value::Text(value) => query.bind::<Text, _>(value.as_str()),
                Value::Blob(value) => query.bind::<Binary, _>(value.as_slice()),
            };
        }
        Ok(query.load::<Values>(self.0)?.into_iter().map(|Values(values)| values).collect())
    }

    fn in_transaction(&mut self) -> bool {
        // diesel counts its own transactions only. SQLite begins none inside of another, and one in which nothing
        // happens takes no lock.
        let begun = self.0.batch_execute("BEGIN").is_ok();
        if begun {
            // There is nothing to roll back.
            let _ = self.0.batch_execute("ROLLBACK");
        }
        !begun
    }

    fn is_busy(error: &Error) -> bool {
        // diesel hands on what SQLite says, without its code.
        let text = error.to_string();
        text == "database is locked" || text.starts_with("database table is locked") || text == "locking protocol"
    }
}

/// A row of any columns.
struct Values(Vec<Value>);

impl QueryableByName<Sqlite> for Values {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let value = |at: usize| {
            let field = diesel::row::Row::get(row, at).ok_or("a column is missing")?;
            let Some(value) = field.value() else { return Ok(Value::Null) };
            Ok(match value.value_type() {
                None => Value::Null,
                Some(SqliteType::Text) => Value::Text(FromSql::<Text, Sqlite>::from_sql(value)?),
                Some(SqliteType::Binary) => Value::Blob(FromSql::<Binary, Sqlite>::from_sql(value)?),
                Some(SqliteType::Double | SqliteType::Float) => {
                    Value::Real(FromSql::<Double, Sqlite>::from_sql(value)?)
                }
                Some(_) => Value::Integer(FromSql::<BigInt, Sqlite>::from_sql(value)?),
            })
        };
        (0..row.field_count()).map(value).collect::<deserialize::Result<_>>().map(Self)
    }
}
