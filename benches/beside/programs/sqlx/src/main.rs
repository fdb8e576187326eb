//! sqlx's own migrator over `migrate!`.

#[path = "../../measure.rs"]
mod measure;

use std::sync::OnceLock;

use measure::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use tokio::runtime::{Builder, Runtime};

struct Sqlx;

/// Closed in order when it is dropped, as a program does that waits for its writes.
struct Closing(Option<SqliteConnection>);

fn main() -> std::process::ExitCode {
    measure::main::<Sqlx>()
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_current_thread().build().expect("a runtime without drivers starts"))
}

impl Closing {
    fn get(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("it is open until it is dropped")
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            runtime().block_on(connection.close()).expect("the connection is sound");
        }
    }
}

impl measure::Driver for Sqlx {
    type Connection = Closing;

    fn open(path: &str) -> Result<Closing> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        Ok(Closing(Some(runtime().block_on(SqliteConnection::connect_with(&options))?)))
    }

    fn batch(connection: &mut Closing, sql: &str) -> Result<()> {
        runtime().block_on(connection.get().execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))))?;
        Ok(())
    }

    fn query(connection: &mut Closing, sql: &str) -> Result<String> {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        Ok(runtime().block_on(query.fetch_one(connection.get()))?)
    }
}

impl measure::Tool for Sqlx {
    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut Closing) -> Result<()> {
        runtime().block_on(sqlx::migrate!("./migrations").run(connection.get()))?;
        Ok(())
    }
}
