//! rusqlite_migration with a folder, in which `include_dir` finds the files.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

struct RusqliteMigration;

fn main() -> std::process::ExitCode {
    measure::main::<RusqliteMigration>()
}

impl driver::OverRusqlite for RusqliteMigration {}

impl measure::Tool for RusqliteMigration {
    /// The folder is read at each start of a program, so here as well.
    #[cfg(feature = "migrate")]
    fn migrate(connection: &mut rusqlite::Connection) -> measure::Result<()> {
        static FOLDER: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/migrations");
        rusqlite_migration::Migrations::from_directory(&FOLDER)?.to_latest(connection)?;
        Ok(())
    }
}
