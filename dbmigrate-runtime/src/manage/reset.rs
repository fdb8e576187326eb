//! Empties a database: by the down scripts or, if one is missing, by dropping everything.

use super::in_force::settled;
use std::time::{Duration, Instant};

use super::down::{self, Goal, down_script, history_of};
use super::step_lock::refuse_alive;
use crate::backup::{Backup, BackupWhen, RunBackup};
use crate::db::Db;
use crate::driver::Backend;
use crate::error::{Error, ErrorKind};
use crate::guard::{Settings, guarded};
use crate::histories::{self, title};
use crate::history::History;
use crate::job::{Job, ScriptBuffer};
use crate::migrator::Migrator;
use crate::options::Options;
use crate::quote::identifier;
use crate::report::{Done, Report};
use crate::session::Session;
use crate::set::Set;
use crate::squash;
use crate::value::Value;

/// What a reset would do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetPlan {
    /// Roll back this many migrations.
    Downs(usize),
    /// Drop every object of the database, including the history.
    DropEverything {
        /// The applied migrations that cannot be rolled back, newest first.
        missing: Vec<String>,
    },
}

/// What a reset would do. It changes nothing.
pub(crate) fn plan(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<ResetPlan, Error> {
    squash::with(session, set, options, |session, set| planned(session, set, options))
}

fn planned(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<ResetPlan, Error> {
    let runs_code = session.has_code();
    let mut db = Db::new(session, options);
    let Some(known) = history_of(&mut db, set)? else { return Ok(ResetPlan::Downs(0)) };
    let mut missing = Vec::new();
    let mut count = 0;
    for (matched, row) in known.newest_first() {
        count += 1;
        let is_usable = match down_script(&mut db, set, &known, matched, row)? {
            Ok(way) => {
                let job = Job { number: row.number, way };
                runs_code || !job.script(&mut ScriptBuffer::default()).has_code()
            }
            Err(_) => false,
        };
        if !is_usable {
            missing.push(row.name.clone());
        }
    }
    if missing.is_empty() {
        return Ok(ResetPlan::Downs(count));
    }
    refuse_neighbours(&mut db, set, &missing)?;
    Ok(ResetPlan::DropEverything { missing })
}

/// Refuses to drop everything where that is not only the set's.
fn refuse_neighbours(db: &mut Db<'_>, set: &Set<'_>, missing: &[String]) -> Result<(), Error> {
    let others = histories::others(db, set.table)?.into_iter().map(|table| (None, table));
    let sets = histories::sets(db, &History::new(set), set.name)?;
    let Some((name, table)) = sets.into_iter().map(|(name, table)| (Some(name), table)).chain(others).next() else {
        return Ok(());
    };
    let other = name.map_or("another set".to_owned(), |name| title(&name));
    let message = format!("the database can't be emptied: it also holds {other}, whose history is `{table}`");
    Err(Error::new(ErrorKind::NoDown, message)
        .note(format_args!(
            "these can't be rolled back, and only dropping everything would: `{}`",
            missing.join("`, `")
        ))
        .hint("write their down scripts, and run `reset` again")
        .hint("or remove the database file, to start over with all sets"))
}

/// Resets a database.
pub(crate) fn reset(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
) -> Result<Report, Error> {
    settled(session, set, options, beside, |session, set, beside| to_nothing(session, set, options, beside))
}

fn to_nothing(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
) -> Result<Report, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    refuse_alive(&mut db, set)?;
    // The same copies before everything, a database without rows included.
    let in_any_case = |backup: Backup| Backup { when: BackupWhen::Always, without_rows: true, ..backup };
    let options = &Options { backup: options.backup.clone().map(in_any_case), ..options.clone() };
    match plan(session, set, options)? {
        ResetPlan::Downs(_) => down::down(session, set, options, beside, Goal::All),
        ResetPlan::DropEverything { missing } => guarded(session, options, None, |db, _, report| {
            Settings::enforce(db, false)?;
            report.rolled_back = db.transaction(|db| {
                refuse_neighbours(db, set, &missing)?;
                RunBackup::default().keep(db, &History::new(set), options, [], report)?;
                drop_everything(db, set)
            })?;
            Ok(())
        }),
    }
}

fn drop_everything(db: &mut Db<'_>, set: &Set<'_>) -> Result<Vec<Done>, Error> {
    let start = Instant::now();
    let rows: Vec<(u64, String)> = match history_of(db, set)? {
        Some(known) => known.newest_first().map(|(_, row)| (row.number, row.name.clone())).collect(),
        None => return Ok(Vec::new()),
    };
    // A virtual table takes its shadow tables with it, so those are looked for afterwards.
    for (kind, which) in [
        ("VIEW", "type = 'view'"),
        ("TRIGGER", "type = 'trigger'"),
        ("TABLE", "type = 'table' AND lower(sql) LIKE 'create virtual%'"),
        ("TABLE", "type = 'table'"),
    ] {
        let sql = format!(
            "SELECT name FROM main.sqlite_master WHERE {which} AND lower(substr(name, 1, 7)) <> 'sqlite_' \
             ORDER BY rowid DESC"
        );
        for row in db.query("could not read the schema", &sql, &[])? {
            if let Some(Value::Text(name)) = row.first() {
                db.execute(format_args!("DROP {kind} IF EXISTS main.{}", identifier(name)))?;
            }
        }
    }
    let mut duration = start.elapsed();
    let done = |(number, name)| {
        // The first one stands for the time of all.
        let duration = std::mem::replace(&mut duration, Duration::ZERO);
        Done { number, name, duration, steps: Vec::new(), notes: Vec::new() }
    };
    Ok(rows.into_iter().map(done).collect())
}

impl<B: Backend> Migrator<'_, B> {
    /// Rolls back everything or, if a down script is missing, drops every object of the database in one transaction.
    /// Ask [`Migrator::reset_plan`] first which of the two it is. With [`Migrator::backup`], a copy is made in any
    /// case.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`].
    pub fn reset(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        reset(&mut self.session(connection), self.set()?, &self.options, &self.others()?)
    }

    /// Returns what [`Migrator::reset`] would do. It changes nothing.
    ///
    /// # Errors
    ///
    /// An error of the database.
    pub fn reset_plan(&self, connection: &mut B::Connection) -> Result<ResetPlan, Error> {
        plan(&mut self.session(connection), self.set()?, &self.options)
    }
}
