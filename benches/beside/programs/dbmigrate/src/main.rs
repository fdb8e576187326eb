//! This project's own runner.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

use measure::Result;
use rusqlite::Connection;

#[cfg(not(feature = "backup"))]
dbmigrate_runtime::include_migrations!(mod migrations);
#[cfg(feature = "backup")]
dbmigrate_runtime::include_migrations!(mod migrations, backup);

struct Dbmigrate;

fn main() -> std::process::ExitCode {
    measure::main::<Dbmigrate>()
}

impl driver::OverRusqlite for Dbmigrate {}

impl measure::Tool for Dbmigrate {
    fn migrate(connection: &mut Connection) -> Result<()> {
        migrations::migrator().up(connection)?;
        Ok(())
    }

    #[cfg(feature = "testing")]
    fn test_database() -> Result<Connection> {
        Ok(migrations::migrator().testing().database()?)
    }
}
