//! `restore`: shows which copies there are, or says what it will do, asks, and puts one back.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::ask::agreed;
use super::failure::{Failure, NO};
use super::human::count;
use super::open::{self, name};
use super::output::Output;
use super::request::Request;
use crate::entries;
use crate::kept::CopyPlace;
use crate::manage::restore::{self, migrations, source};
use crate::replace::replace;
use crate::{Access, Backend, Migrator, State};

/// How to put a copy back.
#[derive(Debug, Clone, Copy)]
pub(super) struct How<'a> {
    /// The copy.
    pub(super) copy: &'a Path,
    /// Whether nobody needs to be asked.
    pub(super) yes: bool,
    /// Whether a file that is no database any more is replaced.
    pub(super) force: bool,
}

/// Shows the copies of a database; the answer is no where there are none. The database itself is not needed.
pub(super) fn list<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    // SQLite names what belongs to a database after the file that a link leads to.
    let file = fs::canonicalize(database).or_else(|_| std::path::absolute(database));
    let file = file.map_err(|error| Failure::new(format!("could not find {}: {error}", name(database))))?;
    let place = CopyPlace::of(&file, &migrator.options.copies());
    Ok(output.copies(&place.kept()?, &place.dir))
}

/// Puts a copy back.
pub(super) fn restore<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    how: How<'_>,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    // What is wrong with the copy is said before what is wrong with the database.
    source(migrator, how.copy)?;
    refuse_other(database, how.copy)?;
    let is_missing =
        database.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) && has_folder(database);
    if is_missing {
        return replaced(migrator, database, how, output);
    }
    match in_place(migrator, database, how, request, output) {
        Err(failure) if says_damage(&failure.message()) => damaged(migrator, database, how, &failure, output),
        result => result,
    }
}

/// Refuses what is by its name the copy of another database that lies beside this one: a help that was typed without its
/// `--database` would put it in the wrong place.
fn refuse_other(database: &Path, copy: &Path) -> Result<(), Failure> {
    let Some(origin) = CopyPlace::origin(copy).filter(|origin| database.file_name() != Some(origin.as_ref())) else {
        return Ok(());
    };
    let other = database.with_file_name(&origin);
    if !other.exists() {
        return Ok(());
    }
    let message = format!("{} is a copy of {}, and this is {}", name(copy), name(&other), name(database));
    Err(Failure::usage(message)
        .hint(format!("name the right one: `--database {}`", other.display()))
        .hint("to restore it into this one, rename the copy"))
}

/// Copies it into the file, which is closed when this ends: it may have to be moved aside then.
fn in_place<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    how: How<'_>,
    request: &Request,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let (mut connection, _) = open::open::<B>(database, request, output)?;
    let plan = restore::plan(migrator, &mut connection, how.copy)?;
    let change = match (plan.before, plan.after) {
        (Some(before), Some(after)) => format!("from {before} to {}", migrations_of(after)),
        (before, after) => format!("from {} to {}", or_none(before), or_none(after)),
    };
    let plan = format!("{} from {}: {change}; the current state is copied first", name(database), name(how.copy));
    if !agreed(output, how.yes, &plan)? {
        return Ok(NO);
    }
    output.progress("Restoring", &plan);
    let restored = migrator.restore(&mut connection, how.copy)?;
    let pending = pending(migrator, &mut connection, restored.after);
    Ok(output.restored(database, how.copy, restored.kept.as_deref(), restored.after, pending))
}

/// The database can't be read or kept: it is replaced, if that was asked for.
fn damaged<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    how: How<'_>,
    failure: &Failure,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    if !how.force {
        return Err(
            Failure::new(failure.message()).hint("to replace the file, and keep it under another name: `--force`")
        );
    }
    let plan = format!("{} from {}: the damaged file is moved aside", name(database), name(how.copy));
    if !agreed(output, how.yes, &plan)? {
        return Ok(NO);
    }
    replaced(migrator, database, how, output)
}

fn replaced<B: Backend>(
    migrator: &Migrator<'_, B>,
    database: &Path,
    how: How<'_>,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let aside: Option<PathBuf> = replace(migrator, database, how.copy)?;
    let open = |error: crate::BoxError| Failure::new(format!("could not open {}: {error}", name(database)));
    let mut connection = B::open(database, Access::ReadWrite).map_err(open)?;
    let after = migrator.on(&mut connection, |db| migrations(migrator, db));
    let pending = pending(migrator, &mut connection, after);
    Ok(output.restored(database, how.copy, aside.as_deref(), after, pending))
}

/// How many migrations of all sets are pending, where `up` has nothing against the histories that came back.
fn pending<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    history: Option<u64>,
) -> Option<usize> {
    history?;
    let mut all = 0;
    for set in migrator.sets().ok()? {
        let status = entries::status(&mut migrator.session(connection), set, &migrator.options).ok()?;
        if !status.entries.iter().all(|entry| matches!(entry.state, State::Applied | State::Pending)) {
            return None;
        }
        all += status.pending();
    }
    Some(all)
}

fn has_folder(database: &Path) -> bool {
    database.parent().is_some_and(|folder| folder.as_os_str().is_empty() || folder.is_dir())
}

/// What is said of a file that holds no database, not a whole one, or one of which no sound copy can be kept.
fn says_damage(message: &str) -> bool {
    let of_damage = [
        "is not a database",
        "is not a SQLite database",
        "disk image is malformed",
        "malformed database schema",
        "the copy is damaged",
    ];
    of_damage.iter().any(|it| message.contains(it))
}

fn migrations_of(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX))
}

fn or_none(number: Option<u64>) -> String {
    number.map_or("no history".to_owned(), migrations_of)
}
