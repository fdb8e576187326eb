//! rusqlite_migration with a folder, in which `include_dir` finds the files.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

use measure::Result;
use rusqlite::Connection;

struct RusqliteMigration;

fn main() -> std::process::ExitCode {
    measure::main::<RusqliteMigration>()
}

impl measure::Tool for RusqliteMigration {
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

    /// The folder is read at each start of a program, so here as well.
    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut Connection) -> Result<()> {
        static FOLDER: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/migrations");
        rusqlite_migration::Migrations::from_directory(&FOLDER)?.to_latest(connection)?;
        Ok(())
    }

    #[cfg(not(feature = "migrate"))]
    fn migrate(_: &mut Connection) -> Result<()> {
        Err("there are no migrations here".into())
    }
}
