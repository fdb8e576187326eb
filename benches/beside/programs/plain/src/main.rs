//! The floor: rusqlite alone.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

use measure::Result;
use rusqlite::Connection;

struct Plain;

fn main() -> std::process::ExitCode {
    measure::main::<Plain>()
}

impl measure::Tool for Plain {
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

    fn migrate(_: &mut Connection) -> Result<()> {
        Err("there are no migrations here".into())
    }
}
