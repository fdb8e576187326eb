//! refinery's own runner over `embed_migrations!`.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

use measure::Result;
use rusqlite::Connection;

#[cfg(feature = "migrate")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

struct Refinery;

fn main() -> std::process::ExitCode {
    measure::main::<Refinery>()
}

impl measure::Tool for Refinery {
    type Connection = Connection;

    fn open(path: &str) -> Result<Connection> {
        driver::open(path)
    }

    fn batch(connection: &mut Connection, sql: &str) -> Result<()> {
        driver::batch(connection, sql)
    }

    fn query(connection: &mut Connection, sql: &str) -> Result<String> {
        driver::query(connection, sql)
    }

    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut Connection) -> Result<()> {
        embedded::migrations::runner().run(connection)?;
        Ok(())
    }

    #[cfg(feature = "migrate")]
    fn migrate_grouped(connection: &mut Connection) -> Result<()> {
        embedded::migrations::runner().set_grouped(true).run(connection)?;
        Ok(())
    }

    #[cfg(not(feature = "migrate"))]
    fn migrate(_: &mut Connection) -> Result<()> {
        Err("there are no migrations here".into())
    }
}
