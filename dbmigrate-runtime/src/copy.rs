//! A consistent copy of a database, into a new file.

use std::path::Path;

use crate::db::{Db, failed};
use crate::driver::{Access, Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::quote::literal;
use crate::session::Session;
use crate::value::Value;

/// Writes the copy and checks it. The file must not be there.
pub(crate) fn copy_to<B: Backend>(session: &mut dyn Session, options: &Options, path: &Path) -> Result<(), Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let shown = path.display();
    let error = |what: String| Error::new(ErrorKind::Copy, what);
    if path.symlink_metadata().is_ok() {
        return Err(error(format!("`{shown}` exists")).hint("name a file that does not exist"));
    }
    // An absolute path is no URI and no name that SQLite takes for something else.
    let absolute = std::path::absolute(path)
        .map_err(|cause| error(format!("`{shown}` is no path for a copy: {cause}")).because(cause.into()))?;
    let Some(text) = absolute.to_str() else {
        return Err(error(format!("`{shown}` is not UTF-8")).hint("name another file"));
    };
    let sql = format!("VACUUM main INTO {}", literal(text));
    db.patiently(|session| session.execute(&sql))
        .map_err(|cause| failed(&format!("could not copy the database to `{shown}`"), cause).also(ErrorKind::Copy))?;
    check::<B>(&absolute).map_err(|why| error(format!("the copy `{shown}` is not sound: {why}")))
}

fn check<B: Backend>(path: &Path) -> Result<(), String> {
    let mut copy = B::open(path, Access::ReadOnly).map_err(|error| error.to_string())?;
    let rows = B::driver(&mut copy).query("PRAGMA quick_check", &[]).map_err(|error| error.to_string())?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Text(text)]) if text == "ok" => Ok(()),
        Some([Value::Text(text)]) => Err(text.clone()),
        _ => Err("`quick_check` says nothing".to_owned()),
    }
}
