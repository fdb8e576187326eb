// dbmigrate: version 2
use rusqlite::Connection;

pub fn up(_: &Connection) -> rusqlite::Result<()> {
    Ok(())
}

pub fn down(_: &Connection) -> rusqlite::Result<()> {
    Ok(())
}
