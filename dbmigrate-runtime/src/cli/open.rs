//! Opens the database file that a command works on, and says clearly why it can't.
//!
//! Only `up` creates a file, and takes it away again when nothing came of it. Its rehearsal creates none.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Terminal;
use super::aim::quoted;
use super::failure::Failure;
use super::human::plain;
use super::output::Output;
use super::request::{Request, Verb};
use crate::kept::suffixed;
use crate::{Access, Backend, Driver, Value};

/// A connection, and how it was opened.
pub(crate) type Opened<C> = Result<(C, Access), Failure>;

/// Opens `path` as `request` needs it.
pub(crate) fn open<B: Backend>(path: &Path, request: &Request, output: &mut Output<'_>) -> Opened<B::Connection> {
    let access = access(path, request)?;
    let copies = || format!("to list the copies: {}", output.command("restore"));
    let could_not = |error: &str| {
        let failure = Failure::new(format!("could not open {}: {error}", name(path)));
        // A second look at the file does no harm: SQLite has not got it open.
        let is_denied = || fs::File::open(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        match access {
            _ if error.contains("malformed") => failure.hint(copies()),
            _ if error.contains("unable to open") && is_denied() => failure.hint("this process may not read the file"),
            Access::ReadWrite | Access::Create if error.contains("readonly") || error.contains("unable to open") => {
                failure.hint("SQLite writes beside the file as well: its folder must be writable")
            }
            Access::ReadOnly if error.contains("readonly") || error.contains("unable to open") => {
                failure.hint("a database in WAL mode is read through files beside it: its folder must be writable")
            }
            _ => failure,
        }
    };
    let file = if access == Access::Create && request.verb.rehearses() { Path::new(":memory:") } else { path };
    let mut connection = B::open(file, access).map_err(|error| could_not(&error.to_string()))?;
    let looked = look(&mut B::driver(&mut connection));
    match looked {
        Ok(()) => {}
        // Whoever is in the way may be gone soon: the runner waits.
        Err((true, _)) => output.progress("Waiting", &format!("for another connection that holds {}", name(path))),
        Err((false, error)) if error.contains("not a database") => {
            return Err(Failure::new(format!("{} is not a SQLite database", name(path))).hint(copies()));
        }
        // Nobody but a writer can take back what another one left; a copy is worth that, and applies nothing.
        Err((false, _))
            if matches!(request.verb, Verb::Backup { .. } | Verb::Status { recover: true, .. })
                && has_journal(path) =>
        {
            connection = B::open(path, Access::ReadWrite).map_err(|error| could_not(&error.to_string()))?;
            look(&mut B::driver(&mut connection)).map_err(|(_, error)| could_not(&error))?;
            output.recovered(path);
            return Ok((connection, Access::ReadWrite));
        }
        Err((false, _)) if access == Access::ReadOnly && has_journal(path) => {
            let message = format!("a writer crashed and left a journal beside {}", name(path));
            let recover = format!("to roll back what it had not finished: {}", output.command("status --recover"));
            let copy = format!("or, with a copy kept: {}", output.command("backup"));
            return Err(Failure::new(message).hint(recover).hint(copy));
        }
        Err((false, error)) => return Err(could_not(&error)),
    }
    Ok((connection, access))
}

/// The connection, and what is worth knowing of how it was opened; or what is wrong, and what to do.
type Existing<C> = Result<(C, Option<&'static str>), (String, Vec<String>)>;

/// Opens a file that has to be there, as `request` needs it, for a command that works on many, and what is worth knowing
/// of that; or what is wrong with it, and what to do.
///
/// # Errors
///
/// A file that is missing, no database, or can't be opened so.
pub fn open_existing<B: Backend>(path: &Path, request: &Request) -> Existing<B::Connection> {
    if fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Err((format!("no database at {}", name(path)), Vec::new()));
    }
    let mut silent = Silent;
    let mut output = Output::new(request, path, &mut silent);
    let opened = open::<B>(path, request, &mut output);
    let note = output.has_recovered.then_some(RECOVERED);
    opened.map(|(connection, _)| (connection, note)).map_err(|failure| (failure.message(), failure.help().to_vec()))
}

/// What is said where a writer had left something.
pub(super) const RECOVERED: &str = "unfinished changes were rolled back";

/// Says nothing: what goes wrong is returned.
struct Silent;

impl Terminal for Silent {
    fn data(&mut self, _: &str) {}
    fn status(&mut self, _: &str, _: &str) {}
    fn error(&mut self, _: &str) {}
    fn warning(&mut self, _: &str) {}
    fn note(&mut self, _: &str) {}
    fn help(&mut self, _: &str) {}
    fn confirm(&mut self, _: &str) -> Option<bool> {
        None
    }
}

/// Asks something, as SQLite looks into a file only then. It does not wait; an error says whether that would help.
///
/// The connection is this command's own, so its busy handler may go: the runner has patience of its own.
fn look<D: Driver>(driver: &mut D) -> Result<(), (bool, String)> {
    let failed = |error: D::Error| (D::is_busy(&error), error.to_string());
    driver.execute("PRAGMA busy_timeout = 0").map_err(failed)?;
    driver.query("PRAGMA main.schema_version", &[]).map(drop).map_err(failed)
}

fn has_journal(path: &Path) -> bool {
    suffixed(path, "-journal").exists()
}

/// What SQLite has left beside a database that is not there, and what that is: the rows of its last transactions may be
/// nowhere else.
fn companion(path: &Path) -> Option<(&'static str, PathBuf)> {
    let holds = |file: &Path| fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0);
    let beside = [("journal", "-journal"), ("log", "-wal")].map(|(kind, suffix)| (kind, suffixed(path, suffix)));
    beside.into_iter().find(|(_, file)| holds(file))
}

/// How to open it, once it is sure that it can be a database.
fn access(path: &Path, request: &Request) -> Result<Access, Failure> {
    let shown = name(path);
    if path.as_os_str().is_empty() {
        return Err(Failure::usage("the path of the database is empty"));
    }
    if path == Path::new(":memory:") {
        return Err(Failure::usage("a database in memory is lost when the command ends").hint("name a file"));
    }
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return creation(path, request),
        Err(error) => return Err(Failure::new(format!("could not open {shown}: {error}"))),
    };
    if metadata.is_dir() {
        Err(Failure::new(format!("{shown} is a directory, not a database file")))
    } else if !metadata.is_file() {
        Err(Failure::new(format!("{shown} is not a file")))
    } else if request.verb.reads_only() {
        Ok(Access::ReadOnly)
    } else if metadata.permissions().readonly() {
        Err(Failure::new(format!("{shown} is read-only")).hint("make the file writable, or name another database"))
    } else {
        Ok(Access::ReadWrite)
    }
}

/// A missing file: only `up` makes one, and no folder.
fn creation(path: &Path, request: &Request) -> Result<Access, Failure> {
    if let Some((kind, left)) = companion(path) {
        let message = format!(
            "{} is missing, but its {kind} {} exists: SQLite would delete that with a new database",
            name(path),
            name(&left)
        );
        let (left, aside) = (left.display().to_string(), suffixed(&left, ".left").display().to_string());
        return Err(Failure::new(message)
            .hint("if the database was moved or renamed, move it back: that file holds its last changes")
            .hint(format!("to create a new database, move it away: `mv {} {}`", quoted(&left), quoted(&aside))));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::new(format!("no database at {}", name(path)))
            .hint(format!("{} is not a folder: create it, or correct the path", name(folder)))),
        _ if matches!(request.verb, Verb::Up { .. }) => Ok(Access::Create),
        _ => Err(Failure::new(format!("no database at {}", name(path)))
            .hint(format!("to create it: `{} up`", request.program))),
    }
}

/// Takes a file away that was created for nothing.
///
/// Another process may have opened it meanwhile. So it is removed under the exclusive lock and only while it is empty,
/// and not before it has a first page: SQLite refuses to write to a file with pages that lost its name, and whoever
/// waited for the lock gets an error instead of losing rows.
pub(crate) fn discard_empty<B: Backend>(mut connection: B::Connection, path: &Path) {
    let mut driver = B::driver(&mut connection);
    let is_untouched = |driver: &mut B::Driver<'_>| {
        let locked = driver.execute("BEGIN EXCLUSIVE").is_ok();
        let mut is = |sql, value| driver.query(sql, &[]).is_ok_and(|rows| rows.get(0) == Some(&[value]));
        locked
            && is("PRAGMA main.journal_mode", Value::Text("delete".to_owned()))
            && is("SELECT count(*) FROM main.sqlite_master", Value::Integer(0))
            && is("PRAGMA main.user_version", Value::Integer(0))
            && is("PRAGMA main.application_id", Value::Integer(0))
    };
    if !is_untouched(&mut driver) {
        return;
    }
    // Writing the version that is there makes the first page.
    let has_page = ["PRAGMA main.user_version = 0", "COMMIT"].iter().all(|sql| driver.execute(sql).is_ok());
    if has_page && is_untouched(&mut driver) {
        // What can't be removed stays as an empty database, which is what it is.
        let _ = fs::remove_file(path);
    }
}

/// A path in messages.
pub(super) fn name(path: &Path) -> String {
    format!("`{}`", plain(&path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::fixture::{Connection, Folder, Rusqlite};

    /// A new file that we opened, and another connection that did so meanwhile and works on it.
    fn discarded(name: &str, other_does: &str) -> (Folder, Connection) {
        let folder = Folder::new(name);
        let path = folder.path("app.db");
        let ours = Rusqlite::open(&path, Access::Create).unwrap();
        ours.query_row("PRAGMA schema_version", [], |_| Ok(())).unwrap();
        let other = Connection::open(&path).unwrap();
        other.query_row("PRAGMA schema_version", [], |_| Ok(())).unwrap();
        other.execute_batch(other_does).unwrap();
        ours.busy_timeout(std::time::Duration::ZERO).unwrap();
        discard_empty::<Rusqlite>(ours, &path);
        (folder, other)
    }

    #[test]
    fn what_was_left_beside_a_missing_file_is_called_what_it_is() {
        let folder = Folder::new("left");
        let path = folder.path("app.db");
        let request = Request::new("app", Verb::Status { check: false, recover: false });
        let check = |name: &str, holds: &str, kind: &str, expect: &str| {
            fs::write(folder.path(name), holds).unwrap();
            let refused = access(&path, &request).unwrap_err().message();
            let expect = format!("{kind} {}", super::name(&folder.path(expect)));
            assert!(refused.contains(&expect), "{refused} is not about {expect}");
        };
        // `journal_mode = TRUNCATE` leaves an empty one.
        check("app.db-journal", "", "no database at", "app.db");
        check("app.db-wal", "x", "its log", "app.db-wal");
        check("app.db-journal", "x", "its journal", "app.db-journal");
    }

    #[test]
    fn a_file_created_for_nothing_goes_and_who_waited_gets_an_error() {
        let (folder, other) = discarded("discard", "");
        assert!(folder.files().is_empty(), "{:?}", folder.files());
        let error = other.execute_batch("CREATE TABLE t (a)").unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
    }

    #[test]
    fn a_file_that_somebody_uses_stays() {
        for (name, does) in [
            ("table", "CREATE TABLE t (a)"),
            ("version", "PRAGMA user_version = 7"),
            ("wal", "PRAGMA journal_mode = WAL"),
            ("lock", "BEGIN IMMEDIATE"),
        ] {
            let (folder, other) = discarded(&format!("stays-{name}"), does);
            assert!(folder.files().contains(&"app.db".to_owned()), "{name}");
            other.execute_batch("CREATE TABLE mine (a)").unwrap();
        }
    }
}
