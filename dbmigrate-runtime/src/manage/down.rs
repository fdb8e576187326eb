//! Rolling back: what, in which order, and by which script.

use super::in_force::{settled, with_all};
use std::rc::Rc;

use super::built_upon::{Undo, refuse_needed};
use super::down_script::{Kept, Own};
use crate::backup::{self, BackupWhen};
use crate::compare::{Found, KnownHistory, Match, look};
use crate::db::Db;
use crate::driver::{Backend, Driver};
use crate::error::{Error, ErrorKind};
use crate::guard::guarded;
use crate::history::History;
use crate::history_row::HistoryRow;
use crate::job::{Job, ScriptBuffer, Way};
use crate::migrator::Migrator;
use crate::options::Options;
use crate::plan::Planned;
use crate::report::Report;
use crate::requires::refuse_unmet_elsewhere;
use crate::row_state::RowState;
use crate::runner::{Group, Runner};
use crate::session::Session;
use crate::set::{Down, Set};
use crate::squash;
use crate::status::State;
use crate::stored::Stored;
use crate::up::{self, refuse_code};
use crate::verify::{Problem, as_error};

/// What is to be rolled back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// The newest applied migration.
    Newest,
    /// Everything after this number.
    After(u64),
    /// Everything.
    All,
    /// This migration, which has to be the newest.
    Exactly(u64),
}

/// Rolls back.
pub(crate) fn down(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    goal: Goal,
) -> Result<Report, Error> {
    settled(session, set, options, beside, |session, set, beside| back(session, set, options, beside, goal))
}

fn back(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    goal: Goal,
) -> Result<Report, Error> {
    // A down script that another program stored may need what no script of this one does.
    let set = &set.with_all_parts();
    let targets = planned(session, set, options, beside, goal)?.0;
    if targets.is_empty() {
        return Ok(Report::default());
    }
    guarded(session, options, set.parts.settings, |db, settings, report| {
        Runner::new(set, options, settings, Group::One).run(db, report, &mut |db, queue| {
            let Some(known) = history_of(db, set)? else { return Ok(()) };
            refuse_needed(db, set, beside, &|name| is_among(set, &targets, name), Undo::Schema)?;
            queue.jobs = jobs_left(db, set, &known, &targets)?;
            queue.prefix = known.prefix();
            Ok(())
        })
    })
}

fn is_among(set: &Set<'_>, targets: &[u64], name: &str) -> bool {
    set.migrations.iter().any(|it| it.name == name && targets.contains(&it.number))
}

/// What there would be to do, unless something forbids it. It changes nothing.
pub(crate) fn plan_down(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
    goal: Goal,
) -> Result<Planned, Error> {
    with_all(session, set, options, beside, |session, set, beside| {
        let (_, jobs) = planned(session, set, options, beside, goal)?;
        let copies = backup::is_planned(&mut Db::new(session, options), set, options, &jobs)?;
        Ok(Planned { migrations: jobs.len(), copies, ..Planned::default() })
    })
}

/// The numbers to roll back, newest first, and their scripts. All of them are looked at before the first is touched.
fn planned<'s>(
    session: &mut dyn Session,
    set: &'s Set<'s>,
    options: &Options,
    beside: &[&Set<'_>],
    goal: Goal,
) -> Result<(Vec<u64>, Vec<Job<'s>>), Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let Some(known) = history_of(&mut db, set)? else {
        return match goal {
            Goal::Newest | Goal::All => Ok(Default::default()),
            Goal::After(number) | Goal::Exactly(number) => Err(not_applied(set, number)),
        };
    };
    let targets = targets(&known, set, goal)?;
    let jobs = jobs(&mut db, set, &known, &targets)?;
    if !jobs.is_empty() {
        refuse_needed(&mut db, set, beside, &|name| is_among(set, &targets, name), Undo::Schema)?;
    }
    for job in &jobs {
        refuse_code(job.name(), job.script(&mut ScriptBuffer::default()), db.session().has_code())?;
    }
    Ok((targets, jobs))
}

/// Rolls the newest applied migration back and applies its current text.
pub(crate) fn redo(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    beside: &[&Set<'_>],
) -> Result<Report, Error> {
    settled(session, set, options, beside, |session, set, beside| again(session, set, options, beside))
}

fn again(session: &mut dyn Session, set: &Set<'_>, options: &Options, beside: &[&Set<'_>]) -> Result<Report, Error> {
    let set = &set.with_all_parts();
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let Some(known) = history_of(&mut db, set)? else { return Ok(Report::default()) };
    let Some((newest, row)) = known.newest_first().next() else { return Ok(Report::default()) };
    let Some(migration) = newest.migration else {
        let message = format!("`{}` is applied, but the program does not have it, and can't apply it again", row.name);
        return Err(
            Error::new(ErrorKind::Missing, message).hint("restore its file, or roll it back: `cargo dbmigrate down`")
        );
    };
    known.refuse_differences(Some(newest.number))?;
    let (number, runs_code) = (migration.number, db.session().has_code());
    refuse_code(migration.name, &migration.up, runs_code)?;
    // What is rolled back for nothing would take its rows along.
    refuse_unmet_elsewhere(&mut db, &History::new(set), migration)?;
    let again = Job { number, way: Way::Up(0, migration) };
    let both = before_both(&mut db, set, options, &again)?;
    let back = down(session, set, &both, beside, Goal::Exactly(number))?;
    backup::go_on(back, options, |options| up::up(session, set, options, Some(number)))
}

/// The history, if the database has one. That of another tool is refused.
pub(crate) fn history_of<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Option<Rc<KnownHistory<'s>>>, Error> {
    match look(db, set)? {
        Found::History(known) => known.refuse_old().map(|()| Some(known)),
        Found::Fresh | Found::Objects | Found::Beside => Ok(None),
    }
}

/// The numbers to roll back, newest first.
fn targets(known: &KnownHistory<'_>, set: &Set<'_>, goal: Goal) -> Result<Vec<u64>, Error> {
    let applied: Vec<&HistoryRow> = known.newest_first().map(|(_, row)| row).collect();
    let after =
        |number: u64| applied.iter().position(|row| row.number == number).ok_or_else(|| not_applied(set, number));
    let count = match goal {
        Goal::Newest => applied.len().min(1),
        Goal::All => applied.len(),
        Goal::After(number) => after(number)?,
        Goal::Exactly(number) => match after(number)? {
            0 => 1,
            later => {
                let names: Vec<&str> = applied[..later].iter().map(|row| row.name.as_str()).collect();
                return Err(out_of_order(&applied[later].name, &names, number));
            }
        },
    };
    Ok(applied[..count].iter().map(|row| row.number).collect())
}

fn out_of_order(name: &str, later: &[&str], number: u64) -> Error {
    Error::new(
        ErrorKind::OutOfOrder,
        format_args!("`{name}` can't be rolled back before those applied after it: `{}`", later.join("`, `")),
    )
    .hint(format_args!("roll back `{}` first, newest first", later.join("`, then `")))
    .hint(format_args!("or all of them, and it, at once: `cargo dbmigrate down --count {}`", later.len() + 1))
    .hint(format_args!("to keep it and roll back those after it: `cargo dbmigrate down --to {number}`"))
}

pub(crate) fn not_applied(set: &Set<'_>, number: u64) -> Error {
    match set.migrations.iter().find(|migration| migration.number == number) {
        Some(migration) => Error::new(ErrorKind::NotApplied, format_args!("`{}` is not applied", migration.name)),
        None => squash::with_number(
            set,
            number,
            Error::new(ErrorKind::UnknownMigration, format_args!("no migration has the number {number}")),
        ),
    }
    .hint("to see which are applied: `cargo dbmigrate status`")
}

/// The scripts for the targets, or all reasons why there is none.
fn jobs<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    targets: &[u64],
) -> Result<Vec<Job<'s>>, Error> {
    let mut jobs = Vec::with_capacity(targets.len());
    let mut problems = Vec::new();
    for (matched, row) in known.newest_first().take(targets.len()) {
        match down_script(db, set, known, matched, row)? {
            Ok(way) => jobs.push(Job { number: row.number, way }),
            Err(problem) => problems.push(problem),
        }
    }
    as_error("nothing was rolled back, because these can't be", &problems).map(|()| jobs)
}

/// The scripts for those targets that are still applied, if nothing newer was applied meanwhile.
fn jobs_left<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    targets: &[u64],
) -> Result<Vec<Job<'s>>, Error> {
    let left = known.newest_first().filter(|(_, row)| targets.contains(&row.number)).count();
    let newest: Vec<(u64, &str)> =
        known.newest_first().take(left).map(|(_, row)| (row.number, row.name.as_str())).collect();
    if let Some((_, name)) = newest.iter().find(|(number, _)| !targets.contains(number)) {
        return Err(Error::new(
            ErrorKind::OutOfOrder,
            format_args!("`{name}` was applied by another process in the meantime"),
        )
        .hint("check `cargo dbmigrate status`, then roll back again"));
    }
    let targets: Vec<u64> = newest.into_iter().map(|(number, _)| number).collect();
    jobs(db, set, known, &targets)
}

/// The down script of an applied migration, or why there is none.
pub(crate) fn down_script<'s>(
    db: &mut Db<'_>,
    set: &'s Set<'s>,
    known: &KnownHistory<'s>,
    matched: &Match<'s>,
    row: &HistoryRow,
) -> Result<Result<Way<'s>, Problem>, Error> {
    let reverting = row.state.is_reverting();
    if !reverting && row.state != RowState::Applied {
        return Ok(Err(known.problem(matched).unwrap_or_else(|| no_down(matched, row, "it was interrupted", &[]))));
    }
    let name = row.name.clone();
    let unchanged = matched.migration.filter(|_| matched.state == State::Applied);
    if let (Some(migration), false) = (unchanged, reverting) {
        return Ok(match &migration.down {
            Down::Script(script) => Ok(Way::Back(Rc::new(Own { name, script }))),
            Down::Irreversible(reason) => {
                Err(no_down(matched, row, &format!("its file declares it irreversible: {reason}"), &[]))
            }
            Down::Missing => {
                let file = migration.file.strip_suffix(".up.sql").or_else(|| migration.file.strip_suffix(".sql"));
                let help = match file {
                    Some(stem) => {
                        format!("write `{stem}.down.sql`, or put it below a line `-- dbmigrate: down` in the file")
                    }
                    None => format!("add `pub fn down` to `{}`", migration.file),
                };
                Err(no_down(matched, row, "it has no down script", &[&help]))
            }
            Down::Empty(file) => {
                let help = format!("write the statements that undo it into `{file}`");
                let problem = no_down(matched, row, "its down script is empty", &[&help]);
                Err(Problem { file: Some((*file).to_owned()), ..problem })
            }
        });
    }
    let label = format!("{} (stored down script of {})", set.table, row.name);
    let stored = History::new(set).stored(db, row.number, "down_sql")?.map(|text| Stored::decode(label, text));
    // A down script in Rust is not stored: the program's own goes on.
    let own = matched.migration.filter(|migration| reverting && migration.checksum == row.checksum);
    Ok(match (stored, own.map(|migration| &migration.down)) {
        (Some(Some(stored)), _) => Ok(Way::Back(Rc::new(Kept { name, stored }))),
        (Some(None), _) => Err(no_down(matched, row, "its stored down script can't be read", &[])),
        (None, Some(Down::Script(script))) => Ok(Way::Back(Rc::new(Own { name, script }))),
        (None, _) => {
            let help = "restore the file as it was applied, and its own down script is used";
            let why = match matched.migration {
                Some(_) => "it was applied from another text, whose down script is not stored",
                None => "its file is missing, and its down script is not stored",
            };
            Err(no_down(matched, row, why, &[help]))
        }
    })
}

fn no_down(matched: &Match<'_>, row: &HistoryRow, why: &str, help: &[&str]) -> Problem {
    Problem {
        kind: ErrorKind::NoDown,
        migration: Some(row.name.clone()),
        file: matched.migration.map(|migration| migration.file.to_owned()),
        message: format!("`{}` can't be rolled back: {why}", row.name),
        notes: Vec::new(),
        help: help.iter().map(|help| (*help).to_owned()).collect(),
    }
}

/// The options for a run that `last` follows: what that takes away is copied before all of it.
fn before_both(db: &mut Db<'_>, set: &Set<'_>, options: &Options, last: &Job<'_>) -> Result<Options, Error> {
    let mut options = options.clone();
    if let Some(backup) = &mut options.backup {
        if backup::are_destructive(db, &History::new(set), &mut [last].into_iter())? {
            backup.when = BackupWhen::Always;
        }
    }
    Ok(options)
}

impl<B: Backend> Migrator<'_, B> {
    /// Rolls back the newest applied migration. If none is applied, it does nothing.
    ///
    /// # Errors
    ///
    /// If the migration has no down script, before anything changes; or if the script fails.
    pub fn down(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        self.down_by(connection, Goal::Newest)
    }

    /// Rolls back everything after this number, newest first. The migration with this number stays applied.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`], and if the number is not applied.
    pub fn down_to(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        self.down_by(connection, Goal::After(number.into()))
    }

    /// Rolls back everything, newest first.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`].
    pub fn down_all(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        self.down_by(connection, Goal::All)
    }

    /// Rolls back exactly this migration.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`], and if the migration is not applied or not the newest; the error names those that have to
    /// be rolled back first.
    pub fn roll_back(&self, connection: &mut B::Connection, number: impl Into<u64>) -> Result<Report, Error> {
        self.down_by(connection, Goal::Exactly(number.into()))
    }

    /// Rolls back the newest applied migration, with the down script that it was applied with, and applies its current
    /// text.
    ///
    /// # Errors
    ///
    /// As [`Migrator::down`] and [`Migrator::up`].
    pub fn redo(&self, connection: &mut B::Connection) -> Result<Report, Error> {
        redo(&mut self.session(connection), self.set()?, &self.options, &self.others()?)
    }

    /// Returns what [`Migrator::down_to`] with this number would do, or [`Migrator::down_all`] for `None`. It changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// Everything that stops them before their first migration.
    pub fn down_plan(&self, connection: &mut B::Connection, to: Option<u64>) -> Result<Planned, Error> {
        let goal = to.map_or(Goal::All, Goal::After);
        plan_down(&mut self.session(connection), self.set()?, &self.options, &self.others()?, goal)
    }

    fn down_by(&self, connection: &mut B::Connection, goal: Goal) -> Result<Report, Error> {
        down(&mut self.session(connection), self.set()?, &self.options, &self.others()?, goal)
    }
}

/// Each is like the method without `_with`. A set with Rust in it is an error here.
impl<B: Backend> Migrator<'_, B> {
    /// As [`Migrator::down`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn down_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        down(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, Goal::Newest)
    }

    /// As [`Migrator::down_to`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn down_to_with(&self, driver: &mut impl Driver, number: impl Into<u64>) -> Result<Report, Error> {
        down(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, Goal::After(number.into()))
    }

    /// As [`Migrator::down_all`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn down_all_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        down(&mut self.plain(driver), self.set()?, &self.options, &self.others()?, Goal::All)
    }

    /// As [`Migrator::redo`], on any driver.
    ///
    /// # Errors
    ///
    /// As the method without `_with`.
    pub fn redo_with(&self, driver: &mut impl Driver) -> Result<Report, Error> {
        redo(&mut self.plain(driver), self.set()?, &self.options, &self.others()?)
    }
}
