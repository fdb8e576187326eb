//! refinery's own runner over `embed_migrations!`.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

#[cfg(feature = "migrate")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

struct Refinery;

fn main() -> std::process::ExitCode {
    measure::main::<Refinery>()
}

impl driver::OverRusqlite for Refinery {}

impl measure::Tool for Refinery {
    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut rusqlite::Connection) -> measure::Result<()> {
        embedded::migrations::runner().run(connection)?;
        Ok(())
    }

    #[cfg(feature = "migrate")]
    fn migrate_grouped(connection: &mut rusqlite::Connection) -> measure::Result<()> {
        embedded::migrations::runner().set_grouped(true).run(connection)?;
        Ok(())
    }
}
