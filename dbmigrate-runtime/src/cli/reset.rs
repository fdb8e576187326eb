//! `reset`: says what it will do, asks, keeps a copy, then takes the database back to nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::failure::{DONE, Failure, NO};
use super::human::count;
use super::open::name;
use super::output::Output;
use super::run::change;
use crate::{Backend, Driver, Migrator, ResetPlan, Value};

pub(super) fn reset<B: Backend>(
    migrator: &Migrator<'_, B>,
    connection: &mut B::Connection,
    database: &Path,
    yes: bool,
    output: &mut Output<'_>,
) -> Result<u8, Failure> {
    let what = match migrator.reset_plan(connection)? {
        ResetPlan::Downs(0) => {
            output.progress("Finished", "nothing to reset");
            return Ok(DONE);
        }
        ResetPlan::Downs(number) => format!("roll back {}", count(number)),
        ResetPlan::DropEverything { missing } if missing.is_empty() => "drop everything in it".to_owned(),
        ResetPlan::DropEverything { missing } => {
            format!("drop everything in it, as there is no way back from `{}`", missing.join("`, `"))
        }
    };
    let copy = copy_path::<B>(connection, database)?;
    let plan = format!("{}: {what}; a copy is kept at {}", name(database), name(&copy));
    if !yes {
        match output.confirm(&format!("reset {plan}?")) {
            Some(true) => {}
            Some(false) => {
                output.progress("Finished", "nothing was changed");
                return Ok(NO);
            }
            None => {
                output.note(&format!("it would reset {plan}"));
                return Err(Failure::usage("`reset` asks first, and there is no terminal to ask on")
                    .hint(format!("{} does it without asking", output.command("reset --yes"))));
            }
        }
    }
    output.progress("Resetting", &plan);
    migrator.copy_to(connection, &copy)?;
    output.copied(&copy);
    change(output, "nothing to reset", || migrator.reset(connection))
}

/// `app.db.20240115-103022.bak` beside the database, or the next such name that is free. Time is UTC.
fn copy_path<B: Backend>(connection: &mut B::Connection, database: &Path) -> Result<PathBuf, Failure> {
    let now = B::driver(connection).query("SELECT strftime('%Y%m%d-%H%M%S', 'now')", &[]);
    let rows = now.map_err(|error| Failure::new(format!("could not ask for the time: {error}")))?;
    let stamp = match rows.first().and_then(|row| row.first()) {
        Some(Value::Text(stamp)) => stamp.as_str(),
        _ => "copy",
    };
    let named = |suffix: String| {
        let mut path = OsString::from(database);
        path.push(format!(".{stamp}{suffix}.bak"));
        PathBuf::from(path)
    };
    let names = std::iter::once(String::new()).chain((2..100).map(|again| format!("-{again}"))).map(named);
    // A symbolic link that leads nowhere is in the way as well.
    let free = names.into_iter().find(|path| path.symlink_metadata().is_err());
    free.ok_or_else(|| Failure::new(format!("no name is free for the copy of {}", name(database))))
}
