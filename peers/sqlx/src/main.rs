//! `peer-sqlx FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by sqlx's own
//! migrator, with what sqlx does by itself: foreign keys are on.

use std::{error::Error, path::Path};

use sqlx::{ConnectOptions, Connection, migrate::Migrator, sqlite::SqliteConnectOptions};

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, database, rest @ ..] = words.as_slice() else { return Err("FOLDER DATABASE [N]".into()) };
    let migrator = Migrator::new(Path::new(folder)).await?;
    let mut versions: Vec<i64> =
        migrator.iter().filter(|one| !one.migration_type.is_down_migration()).map(|one| one.version).collect();
    if let [count] = rest {
        versions.truncate(count.parse()?);
    }
    let mut connection = SqliteConnectOptions::new().filename(database).create_if_missing(true).connect().await?;
    if let Some(last) = versions.last() {
        migrator.run_to(*last, &mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}
