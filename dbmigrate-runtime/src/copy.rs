//! A consistent copy of a database in a new file, and whether a copy is sound.
//!
//! It is made under a name of its own, checked, and only then given its name. Nothing is removed here but what was
//! begun.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::BoxError;
use crate::backup::Backup;
use crate::db::{Db, because};
use crate::driver::Access;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::kept::{CopyPlace, PartialFile};
use crate::messages::{DAMAGED, is_about_file, is_full};
use crate::options::Options;
use crate::quote::literal;
use crate::rows::Rows;
use crate::session::DbError;
use crate::value::Value;

/// How many bytes are free in a folder; `None` where nobody can say.
pub(crate) type FreeSpace = fn(&Path) -> Option<u64>;

/// Which connection reads the database for a copy.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum CopyReader {
    /// The session's own, outside of a transaction.
    Own,
    /// Another one, as the session holds the write lock.
    Beside,
}

/// Keeps a copy at the place of this database's copies, and returns its path.
#[inline]
pub(crate) fn keep(
    db: &mut Db<'_>,
    history: &History<'_>,
    options: &Options,
    reader: CopyReader,
) -> Result<PathBuf, Error> {
    let place = place(db, &options.copies())?;
    let dir = place.dir.display();
    fs::create_dir_all(&place.dir).map_err(|cause| by_file(&format!("could not create the folder `{dir}`"), cause))?;
    let (part, stamp) = begin(db, options, &place, reader)?;
    let version = write(db, history, &part, reader)?;
    part.publish(place.names(&stamp, &version))
        .map_err(|cause| by_file(&format!("could not rename the copy in `{dir}`"), cause))
}

/// Begins a copy, in a place where those that were killed are swept first; what is to become it, and the moment.
#[inline]
pub(crate) fn begin(
    db: &mut Db<'_>,
    options: &Options,
    place: &CopyPlace,
    reader: CopyReader,
) -> Result<(PartialFile, String), Error> {
    place.sweep(reader == CopyReader::Beside);
    refuse_full(db, options, &place.dir).map_err(|error| error.hint(ELSEWHERE))?;
    let stamp = stamp(db)?;
    let owner = (reader == CopyReader::Own).then(std::process::id);
    let begun = |cause| by_file(&format!("could not begin a copy in `{}`", place.dir.display()), cause);
    Ok((PartialFile::new(place.part(&stamp, owner)).map_err(begun)?, stamp))
}

/// Where the copies of this database are kept.
#[inline]
pub(crate) fn place(db: &mut Db<'_>, backup: &Backup) -> Result<CopyPlace, Error> {
    match db.file()? {
        Some(file) => Ok(CopyPlace::of(&file, backup)),
        None if backup.dir.is_some() => Ok(CopyPlace::of(Path::new("memory"), backup)),
        None => Err(Error::new(ErrorKind::Copy, "a database in memory has no folder for its copies")
            .hint("set one: `Backup::dir`")),
    }
}

/// The moment as names have it: `20240115-103022`, UTC.
#[inline]
fn stamp(db: &mut Db<'_>) -> Result<String, Error> {
    match db.value("could not read the time", "SELECT strftime('%Y%m%d-%H%M%S', 'now')")? {
        Some(Value::Text(stamp)) => Ok(stamp),
        _ => Err(Error::new(ErrorKind::Copy, "the database returned no time")),
    }
}

/// Writes a copy and checks it; the newest migration that it has.
#[inline]
pub(crate) fn write(
    db: &mut Db<'_>,
    history: &History<'_>,
    part: &PartialFile,
    reader: CopyReader,
) -> Result<String, Error> {
    let recorded = history.summary_sql();
    if let Some(copy) = db.session().hooks().backup_with.as_deref() {
        copy(part.path()).map_err(|cause| {
            let message = format!("`backup_with` of the program could not copy the database: {cause}");
            Error::new(ErrorKind::Copy, message).also(ErrorKind::Hook).because(cause)
        })?;
        if !part.path().symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err(Error::new(ErrorKind::Copy, "`backup_with` of the program made no copy").also(ErrorKind::Hook));
        }
        return Ok(version(db.session().query(&recorded, &[]).ok()));
    }
    let model = db.file()?;
    vacuum(db, part, model.as_deref(), reader)?;
    let findings = ask(db, part.path(), QUICK_CHECK).map_err(|cause| by_database("could not check the copy", cause))?;
    if let Some(what) = unsound(&findings) {
        return Err(Error::new(ErrorKind::Copy, format_args!("the copy is damaged: {what}")).hint(DAMAGED));
    }
    // Without a history there is nothing to ask for.
    let copied = ask(db, part.path(), &recorded).ok();
    if reader == CopyReader::Beside && copied != db.session().query(&recorded, &[]).ok() {
        return Err(refused("the copy does not have the migrations of the database"));
    }
    Ok(version(copied))
}

/// Lets SQLite write all that a database holds to a new file, which only those may read who may read `model`.
#[inline]
pub(crate) fn vacuum(
    db: &mut Db<'_>,
    part: &PartialFile,
    model: Option<&Path>,
    reader: CopyReader,
) -> Result<(), Error> {
    let shown = part.path().display();
    let Some(text) = part.path().to_str() else {
        return Err(elsewhere(&format!("`{shown}` is not UTF-8")));
    };
    let created = part.create().and_then(|()| model.map_or(Ok(()), |model| part.resemble(model)));
    created.map_err(|cause| by_file(&format!("could not write `{shown}`"), cause))?;
    let sql = format!("VACUUM main INTO {}", literal(text));
    let result = match reader {
        CopyReader::Own => db.patiently(|session| session.execute(&sql)),
        CopyReader::Beside => {
            let file = beside(db)?;
            ask(db, &file, &sql).map(drop)
        }
    };
    result.map_err(|cause| by_database("could not copy the database", cause))
}

/// The file to read through a connection of its own while this one holds the write lock.
#[inline]
fn beside(db: &mut Db<'_>) -> Result<PathBuf, Error> {
    let Some(file) = db.file()? else {
        return Err(refused("a database in memory can't be read through another connection"));
    };
    if is_exclusive(db)? {
        return Err(refused("`PRAGMA locking_mode = EXCLUSIVE` locks out every other connection"));
    }
    Ok(file)
}

/// Whether the connection keeps its locks to itself.
#[inline]
pub(crate) fn is_exclusive(db: &mut Db<'_>) -> Result<bool, Error> {
    let mode = db.value("could not read a setting", "PRAGMA main.locking_mode")?;
    Ok(mode == Some(Value::Text("exclusive".to_owned())))
}

/// Asks a file through a connection of its own.
#[inline]
fn ask(db: &mut Db<'_>, file: &Path, sql: &str) -> Result<Rows, DbError> {
    let none = || DbError::other("these migrations have no driver that can open files");
    db.patiently(|session| {
        let mut opened = session.open(Some((file, Access::ReadOnly)))?.ok_or_else(none)?;
        let mut answer = Err(none());
        session.on(opened.as_mut(), false, &mut |beside| answer = beside.query(sql, &[]));
        answer
    })
}

/// Asks whether a database is sound.
pub(crate) const QUICK_CHECK: &str = "PRAGMA main.quick_check(10000)";

/// What is wrong with the pages of a database, by what that said. Rows that break a rule are no fault of the copy that
/// has them too.
#[inline]
pub(crate) fn unsound(findings: &Rows) -> Option<String> {
    const ABOUT_ROWS: [&str; 3] =
        ["CHECK constraint failed in ", "malformed inverted index ", "unable to validate the inverted index "];
    let is_fine = |text: &str| {
        text == "ok" || text.contains(" value in ") || ABOUT_ROWS.iter().any(|start| text.starts_with(start))
    };
    if findings.is_empty() {
        return Some("`quick_check` returned nothing".to_owned());
    }
    findings.iter().find_map(|row| match row.first() {
        Some(Value::Text(text)) if is_fine(text) => None,
        Some(Value::Text(text)) => Some(text.clone()),
        _ => Some("`quick_check` returned something other than text".to_owned()),
    })
}

/// The digits of the newest migration, as the history writes them.
#[inline]
fn version(summary: Option<Rows>) -> String {
    let newest = summary.into_iter().flatten().next().and_then(|row| row.into_iter().nth(1));
    let Some(Value::Text(name)) = newest else { return "0".to_owned() };
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { "0".to_owned() } else { digits }
}

/// Refuses to begin a copy for which there is no room: filling the disk would stop everybody who writes there.
#[inline]
pub(crate) fn refuse_full(db: &mut Db<'_>, options: &Options, folder: &Path) -> Result<(), Error> {
    let Some(free) = options.free_space.and_then(|ask| ask(folder)) else { return Ok(()) };
    let bytes = db.bytes()?;
    if bytes <= free {
        return Ok(());
    }
    let message = format!("a copy of the database may take {bytes} bytes, and `{}` has {free} free", folder.display());
    Err(Error::new(ErrorKind::Copy, message))
}

/// What helps where a folder does not take the copy.
const ELSEWHERE: &str = "keep the copies in another folder, with room and write access: \
                         `--backup-dir PATH`, `backup = { dir = \"PATH\" }` in `[package.metadata.migrations]`, or \
                         `Backup::dir`";

#[inline]
fn elsewhere(message: &str) -> Error {
    Error::new(ErrorKind::Copy, message).hint(ELSEWHERE)
}

/// The error for a copy that could not be made, with who can make it.
#[inline]
fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Copy, message).hint(
        "if the database is in memory, encrypted, or made with functions or collations of the program, let the program \
         copy it: `backup_with` of the migrator",
    )
}

#[inline]
fn by_database(what: &str, cause: DbError) -> Error {
    let message = format!("{what}: {}", cause.message);
    if is_full(&cause.message) {
        elsewhere(&message).because(cause.0.source)
    } else if cause.busy {
        because(Error::new(ErrorKind::Copy, message).also(ErrorKind::Busy), cause)
    } else if is_about_file(&cause.message) {
        because(Error::new(ErrorKind::Copy, message), cause)
    } else {
        refused(&message).because(cause.0.source)
    }
}

#[inline]
pub(crate) fn by_file(what: &str, cause: io::Error) -> Error {
    elsewhere(&format!("{what}: {cause}")).because(BoxError::from(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Param, text};

    fn rows(texts: &[&str]) -> Rows {
        let mut rows = Rows::new(1);
        texts.iter().for_each(|it| rows.add(&[text(it)]));
        rows
    }

    #[test]
    fn what_is_wrong_with_pages_is_told_from_what_is_wrong_with_rows() {
        for fine in [
            "ok",
            "NULL value in t.a",
            "CHECK constraint failed in t",
            "malformed inverted index for FTS5 table main.f",
            "unable to validate the inverted index for FTS5 table main.f: no such tokenizer: own",
        ] {
            assert_eq!(unsound(&rows(&[fine])), None);
            assert_eq!(unsound(&rows(&[fine, "Page 3: never used"])).as_deref(), Some("Page 3: never used"));
        }
        assert!(unsound(&rows(&[])).is_some_and(|why| why.contains("nothing")));
        let mut numbers = Rows::new(1);
        numbers.add(&[Param::Integer(0)]);
        assert!(unsound(&numbers).is_some_and(|why| why.contains("other than text")));
    }

    #[test]
    fn a_copy_has_the_digits_of_the_newest_migration_in_its_name() {
        let of = |name: &str| {
            let mut rows = Rows::new(2);
            rows.add(&[Param::Integer(1), text(name)]);
            version(Some(rows))
        };
        assert_eq!([of("0012_a"), of("by hand")], ["0012", "0"]);
        assert_eq!([version(None), version(Some(Rows::default()))], ["0", "0"]);
    }
}
