//! diesel's own harness over `embed_migrations!`.

#[path = "../../measure.rs"]
mod measure;

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
// What links SQLite.
use libsqlite3_sys as _;
use measure::Result;

struct Diesel;

fn main() -> std::process::ExitCode {
    measure::main::<Diesel>()
}

impl measure::Driver for Diesel {
    type Connection = SqliteConnection;

    fn open(path: &str) -> Result<SqliteConnection> {
        Ok(SqliteConnection::establish(path)?)
    }

    fn batch(connection: &mut SqliteConnection, sql: &str) -> Result<()> {
        Ok(connection.batch_execute(sql)?)
    }

    fn query(connection: &mut SqliteConnection, sql: &str) -> Result<String> {
        Ok(diesel::dsl::sql::<diesel::sql_types::Text>(sql).get_result(connection)?)
    }
}

impl measure::Tool for Diesel {
    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut SqliteConnection) -> Result<()> {
        use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

        const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
        connection.run_pending_migrations(MIGRATIONS)?;
        Ok(())
    }
}
