// dbmigrate: version 2
// Description: "in Rust"
/* nested /* comments */ */
#[allow(unused)]
pub fn up(db: &rusqlite::Connection) -> Result<(), E> { let _ = r#"pub fn down("#; let c = '\''; Ok(()) }
pub fn down<'a>(db: &'a rusqlite::Connection) -> Result<(), E> { Ok(()) }
