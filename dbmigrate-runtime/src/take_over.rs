//! Takes the history of another tool over: in one transaction it is read again, the database is compared with what its
//! migrations make, and they are recorded as ours. Exactly one process does it, and a crash leaves the one or the other.

use crate::adoption::{Adoption, TakenOver};
use crate::backup::{Backup, BackupWhen, RunBackup};
use crate::compare::{Found, look, write_head};
use crate::comparison::{self, Comparison};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::options::Options;
use crate::quote::identifier;
use crate::replay::{aside, fill};
use crate::report::Report;
use crate::schema::Schema;
use crate::set::{Migration, Set};
use crate::value::text;

/// Does it, and reports it. Where somebody else was faster it does nothing.
pub(crate) type ConvertFn = fn(&mut Db<'_>, &Set<'_>, &Options, &mut Report) -> Result<(), Error>;

#[inline]
pub(crate) fn convert(db: &mut Db<'_>, set: &Set<'_>, options: &Options, report: &mut Report) -> Result<(), Error> {
    let Some(adoption) = &set.adoption else { return Ok(()) };
    db.transaction(|db| {
        let Found::History(known) = look(db, set)? else { return Ok(()) };
        let Some(old) = known.old() else { return Ok(()) };
        known.refuse_unadoptable(options.allow_mismatch)?;
        let history = History::new(set);
        let held: Vec<Migration<'_>> = known.applied().copied().collect();
        let replay = |db: &mut Db<'_>, sets: &[Set<'_>]| {
            let made = aside(db.session(), options.replay_code, &|memory| fill(memory, sets, options, Schema::read))?;
            Ok(made.0)
        };
        let (comparison, covers) = comparison::compare(db, set, &held, options.replay_code, &[], &replay)?;
        if !options.allow_mismatch {
            refuse(&comparison, adoption, &held, covers)?;
        }
        keep_copy(db, &history, options, adoption, report)?;
        let kept = put_aside(db, adoption)?;
        history.refuse_others(db)?;
        history.create(db)?;
        for row in &old.rows {
            let migration = held.iter().find(|migration| migration.number == row.number);
            if let Some(migration) = migration {
                history.insert_adopted(db, migration, adoption.from, row.applied_at.as_deref())?;
            }
        }
        let migrations = held.iter().map(|migration| (migration.number, migration.name.to_owned())).collect();
        write_head(db, set)?;
        report.adopted = Some(TakenOver { from: adoption.from.to_owned(), migrations, comparison, covers, kept });
        Ok(())
    })
    .inspect_err(|_| report.adopted = None)
}

/// A copy as before any other run: where something goes, or where one is wanted before everything.
#[inline]
fn keep_copy(
    db: &mut Db<'_>,
    history: &History<'_>,
    options: &Options,
    adoption: &Adoption<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let backup = options
        .backup
        .clone()
        .map(|backup| if adoption.keep { backup } else { Backup { when: BackupWhen::Always, ..backup } });
    RunBackup::default().keep(db, history, &Options { backup, ..options.clone() }, [], report)
}

/// Makes room for the history, and takes the old table away if it is not to stay. The name of what stays.
#[inline]
fn put_aside(db: &mut Db<'_>, adoption: &Adoption<'_>) -> Result<Option<String>, Error> {
    if !adoption.keep {
        db.execute(adoption.remove)?;
        return Ok(None);
    }
    let (Some(table), Some(kept)) = (adoption.table, adoption.aside) else { return Ok(None) };
    if table == kept {
        return Ok(Some(kept.to_owned()));
    }
    let sql = "SELECT type FROM main.sqlite_master WHERE name = ?1 COLLATE NOCASE";
    if db.has_row("could not read the schema", sql, &[text(kept)])? {
        let message = format!("the old history `{table}` can't be kept as `{kept}`: that name is already in use");
        return Err(Error::new(ErrorKind::Adoption, message)
            .hint("rename that object, or drop the old history: `old-table = \"drop\"` in `adopted.toml`")
            .hint("or give the new history another name: `table = \"…\"` in `[package.metadata.migrations]`"));
    }
    // Without this a view that makes no sense any more would be in the way.
    db.execute("PRAGMA legacy_alter_table = 1")?;
    db.execute(format_args!("ALTER TABLE main.{} RENAME TO {}", identifier(table), identifier(kept)))?;
    Ok(Some(kept.to_owned()))
}

#[inline]
fn refuse(comparison: &Comparison, adoption: &Adoption<'_>, held: &[Migration<'_>], covers: &str) -> Result<(), Error> {
    let from = adoption.from;
    let which = match held.last() {
        Some(last) => format!("the migrations up to `{}`", last.name),
        None => "no migration".to_owned(),
    };
    let error = match comparison {
        Comparison::Nothing | Comparison::Same(_) => return Ok(()),
        Comparison::Impossible(why) => {
            let message =
                format!("the history of {from} has {which}, and it is unknown whether the database has what they make");
            Error::new(ErrorKind::Mismatch, message).note(why)
        }
        Comparison::Different(differences) => {
            let message = format!("the history of {from} has {which}, but the database does not have what they make");
            comparison::noted(Error::new(ErrorKind::Mismatch, message), differences, covers)
        }
    };
    Err(error
        .also(ErrorKind::Adoption)
        .note(format_args!("nothing was changed: the history is still that of {from}"))
        .hint("undo the changes that were made by hand, or put them into a migration")
        .hint("to take it over anyway: `cargo dbmigrate adopt --force` (`allow_mismatch()` of the migrator)"))
}
