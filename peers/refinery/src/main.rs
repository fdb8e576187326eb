//! `peer-refinery FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by refinery's
//! own runner.

use std::error::Error;

use refinery::{Runner, load_sql_migrations};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, database, rest @ ..] = words.as_slice() else { return Err("FOLDER DATABASE [N]".into()) };
    let mut migrations = load_sql_migrations(folder)?;
    if let [count] = rest {
        migrations.truncate(count.parse()?);
    }
    let mut connection = rusqlite::Connection::open(database)?;
    // As a program has to do for a set that rebuilds tables: with enforcement on, which is how this SQLite is compiled,
    // a `DROP TABLE` takes the rows of others along.
    connection.pragma_update(None, "foreign_keys", false)?;
    Runner::new(&migrations).run(&mut connection)?;
    Ok(())
}
