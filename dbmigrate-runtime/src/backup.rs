//! Whether a copy of the database is kept before a run: the rules that a program gives, and what they mean for the
//! scripts that are about to run.

use std::path::{Path, PathBuf};

use crate::copy::{self, CopyReader};
use crate::db::Db;
use crate::error::Error;
use crate::histories;
use crate::history::{History, tables_of};
use crate::job::{Job, ScriptBuffer};
use crate::kept;
use crate::options::Options;
use crate::quote::identifier;
use crate::replaced;
use crate::report::Report;
use crate::rows::Rows;
use crate::script;
use crate::set::{Effect, Set, Step};
use crate::value::{Param, Value};

/// How many copies are kept if nothing else is said.
pub(crate) const KEEP: usize = 3;

/// When a copy of the database is made before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupWhen {
    /// Before a run that removes something: it drops a table or a column, changes or deletes rows, also by a trigger, or
    /// contains Rust.
    Destructive,
    /// Before every run that has something to do.
    Always,
}

/// When a copy of the database is made before a run, where, and how many copies are kept.
///
/// A database without rows has nothing to lose and is not copied. Copies belong to a database by its file name, so
/// databases with the same file name need different folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub(crate) when: BackupWhen,
    pub(crate) keep: usize,
    pub(crate) dir: Option<PathBuf>,
    /// Copies a database even if it has no rows.
    pub(crate) without_rows: bool,
    pub(crate) by: &'static BackupPart,
}

/// What keeps copies: a program that asks for none does not carry it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackupPart {
    pub(crate) keep: KeepFn,
    pub(crate) rotate: fn(&Path, usize, bool),
    pub(crate) discard: fn(&mut Report),
    pub(crate) mention: fn(Error, Option<&Path>) -> Error,
}

type KeepFn = for<'j, 's> fn(
    &mut RunBackup,
    &mut Db<'_>,
    (&History<'_>, &Options, &Backup),
    &mut dyn Iterator<Item = &'j Job<'s>>,
    &mut Report,
) -> Result<(), Error>;

impl PartialEq for BackupPart {
    #[inline]
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for BackupPart {}

impl Backup {
    /// Keeps three copies, beside the database.
    #[must_use]
    #[inline]
    pub fn new(when: BackupWhen) -> Self {
        let by = &BackupPart { keep, rotate: kept::rotate, discard, mention };
        Self { when, keep: KEEP, dir: None, without_rows: false, by }
    }

    /// Sets how many copies are kept, at least one. Older copies are deleted after a successful run, except copies of a
    /// newer version, and the oldest copy of the version that was copied. After a run that failed half-way, only copies
    /// of the run's own version are deleted.
    #[must_use]
    #[inline]
    pub fn keep(mut self, count: usize) -> Self {
        self.keep = count.max(1);
        self
    }

    /// Sets the folder for the copies. A relative path is relative to the folder of the database, which is the default.
    /// The folder is created if it does not exist.
    #[must_use]
    #[inline]
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// The folder for the copies, if it is not that of the database.
    #[must_use]
    #[inline]
    pub fn folder(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Takes the folder as a path from the current one.
    #[cfg(feature = "cli")]
    #[inline]
    pub(crate) fn here(self) -> Self {
        Self { dir: self.dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)), ..self }
    }
}

/// The copy of one run.
#[derive(Default)]
pub(crate) struct RunBackup {
    /// The state of the database for which it was decided.
    decided: Option<Value>,
}

impl RunBackup {
    /// Keeps a copy where the options want one before these jobs. The caller holds the write lock and has written
    /// nothing. When it comes again with a lock that it had let go in between, there is a new copy only if somebody
    /// wrote meanwhile.
    #[inline]
    pub(crate) fn keep<'j, 's: 'j>(
        &mut self,
        db: &mut Db<'_>,
        history: &History<'_>,
        options: &Options,
        jobs: impl IntoIterator<Item = &'j Job<'s>>,
        report: &mut Report,
    ) -> Result<(), Error> {
        match &options.backup {
            Some(backup) => (backup.by.keep)(self, db, (history, options, backup), &mut jobs.into_iter(), report),
            None => Ok(()),
        }
    }
}

#[inline]
fn keep<'j, 's>(
    run_backup: &mut RunBackup,
    db: &mut Db<'_>,
    (history, options, backup): (&History<'_>, &Options, &Backup),
    jobs: &mut dyn Iterator<Item = &'j Job<'s>>,
    report: &mut Report,
) -> Result<(), Error> {
    let rows = db.query("could not look for other writers", "PRAGMA main.data_version", &[])?;
    let state = rows.into_iter().flatten().next();
    if state.is_some() && run_backup.decided == state {
        return Ok(());
    }
    run_backup.decided = state;
    discard(report);
    if is_wanted(db, history, backup, jobs)? {
        let made = copy::keep(db, history, options, CopyReader::Beside).map_err(|error| {
            let error = error.note("nothing was run, because the database is copied first");
            if backup.without_rows {
                error
            } else {
                error.hint("to continue without a copy: `--no-backup` (no `backup` of the migrator)")
            }
        })?;
        // Runs that are killed at every start can't do it at their end. One that changes nothing takes its own away.
        kept::rotate(&made, backup.keep.saturating_add(1), false);
        report.backup = Some(made);
    }
    Ok(())
}

/// Takes the copy of a run away that changed nothing.
#[inline]
fn discard(report: &mut Report) {
    if let Some(path) = report.backup.take() {
        // One that can't be removed does no harm.
        let _ = std::fs::remove_file(path);
    }
}

/// Names the copy from which everything can be brought back.
#[inline]
pub(crate) fn mention(error: Error, copy: Option<&Path>) -> Error {
    let Some(copy) = copy.map(Path::display) else { return error };
    error
        .note(format_args!("the database as it was before is copied in `{copy}`"))
        .hint(format_args!("to restore that copy: `cargo dbmigrate restore {copy}` (`restore` of the migrator)"))
}

/// Does what follows work that may have made a copy. One is enough, and what came of both is one report.
#[inline]
pub(crate) fn go_on(
    first: Report,
    options: &Options,
    then: impl FnOnce(&Options) -> Result<Report, Error>,
) -> Result<Report, Error> {
    let Report { rolled_back, adopted, backup: copy, .. } = first;
    let backup = if copy.is_none() { options.backup.clone() } else { None };
    let (came, error) = match then(&Options { backup, ..options.clone() }) {
        Ok(report) => (report, None),
        Err(error) => {
            let error = mention(error, copy.as_deref());
            (error.report().clone(), Some(error))
        }
    };
    let report = Report { rolled_back, adopted, backup: copy.or(came.backup), ..came };
    match error {
        None => Ok(report),
        Some(error) => Err(error.after(report)),
    }
}

/// Whether a run of these jobs would keep a copy.
#[inline]
pub(crate) fn is_planned<'j, 's: 'j>(
    db: &mut Db<'_>,
    set: &Set<'_>,
    options: &Options,
    jobs: impl IntoIterator<Item = &'j Job<'s>>,
) -> Result<bool, Error> {
    let mut jobs = jobs.into_iter().peekable();
    match &options.backup {
        Some(backup) if jobs.peek().is_some() => is_wanted(db, &History::new(set), backup, &mut jobs),
        _ => Ok(false),
    }
}

#[inline]
fn is_wanted<'j, 's: 'j>(
    db: &mut Db<'_>,
    history: &History<'_>,
    backup: &Backup,
    jobs: &mut dyn Iterator<Item = &'j Job<'s>>,
) -> Result<bool, Error> {
    if !backup.without_rows && !has_rows(db, history)? {
        return Ok(false);
    }
    Ok(backup.when == BackupWhen::Always || are_destructive(db, history, jobs)?)
}

/// Whether one of the scripts takes something away, as far as one can tell before they run. A table that is not there
/// yet may be one of today under another name.
#[inline]
pub(crate) fn are_destructive<'j, 's: 'j>(
    db: &mut Db<'_>,
    history: &History<'_>,
    jobs: &mut dyn Iterator<Item = &'j Job<'s>>,
) -> Result<bool, Error> {
    let mut pending = Pending::default();
    for job in jobs {
        let mut buffer = ScriptBuffer::default();
        let script = job.script(&mut buffer);
        for step in script.steps {
            let is_destructive = match step {
                Step::Code(_) => true,
                Step::Sql(statement) => match statement.effect {
                    Effect::DropTable(table) | Effect::DropColumn(table) | Effect::Write(table) => {
                        pending.tells || pending.renames || !is_table_without_triggers(db, table)? || has_row(db, table)
                    }
                    Effect::None => pending.takes(db, history, script::sql_of(script.file, script, statement)?)?,
                    _ => false,
                },
            };
            if is_destructive {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What the statements so far will have done to the schema, as far as it matters to those that follow.
#[derive(Default)]
struct Pending {
    /// Made a trigger.
    tells: bool,
    /// Given a table the name that another one had.
    renames: bool,
    /// Whether the schema of today was found to have no triggers, and nothing that replaces rows.
    is_free: bool,
}

impl Pending {
    /// Whether a statement is an `INSERT` that has rows replaced by a constraint, or tells triggers, which may do anything.
    /// The plan says so, which is made for the schema of today. Where there is none, it is about something that an earlier
    /// statement makes or renames, and the whole schema has to be free of both.
    #[inline]
    fn takes(&mut self, db: &mut Db<'_>, history: &History<'_>, sql: &str) -> Result<bool, Error> {
        if !replaced::may_insert(sql) {
            self.tells |= script::begins(sql, "CREATE") && script::mentions(sql, "trigger", true);
            self.renames |= script::begins(sql, "ALTER") && script::mentions(sql, "rename", true);
            return Ok(false);
        }
        if self.tells {
            return Ok(true);
        }
        let plan = if self.renames { Rows::new(0) } else { std::mem::take(db.plan(sql)) };
        if plan.is_empty() {
            if !self.is_free {
                let sql =
                    "SELECT tbl_name FROM main.sqlite_master WHERE type = 'trigger' OR instr(lower(sql), 'replace')";
                let tables = db.texts("could not read the schema", sql, &[])?;
                self.is_free = without_own(db, history, tables)?.is_empty();
            }
            return Ok(!self.is_free);
        }
        let tells = plan.iter().any(|row| matches!(row, [_, Value::Text(what), ..] if what == "Program"));
        Ok(tells || !replaced::tables(db, &plan)?.is_empty())
    }
}

/// Whether it is a table without triggers. One that is empty today may have rows when the statement runs, and triggers may
/// do anything then. But for indexes, such a table is the only object that belongs to it.
#[inline]
fn is_table_without_triggers(db: &mut Db<'_>, name: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 WHERE 'table' = (SELECT group_concat(type) FROM main.sqlite_master \
               WHERE tbl_name = ?1 COLLATE NOCASE AND type <> 'index')";
    db.has_row("could not read the schema", sql, &[Param::Text(name)])
}

/// A table that can't be read counts as one with rows.
#[inline]
fn has_row(db: &mut Db<'_>, table: &str) -> bool {
    let sql = format!("SELECT 1 FROM main.{} LIMIT 1", identifier(table));
    db.session().query(&sql, &[]).map_or(true, |rows| !rows.is_empty())
}

/// Whether any table but those of histories has a row. The rows of virtual tables lie in others.
#[inline]
fn has_rows(db: &mut Db<'_>, history: &History<'_>) -> Result<bool, Error> {
    let sql = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND lower(substr(name, 1, 7)) <> 'sqlite_' \
               AND lower(substr(sql, 1, 14)) <> 'create virtual'";
    let tables = db.texts("could not read the schema", sql, &[])?;
    let others = without_own(db, history, tables)?;
    Ok(others.iter().any(|table| has_row(db, table)))
}

/// These tables without those of histories.
#[inline]
fn without_own(db: &mut Db<'_>, history: &History<'_>, mut tables: Vec<String>) -> Result<Vec<String>, Error> {
    let others = histories::others(db, history.table())?;
    let mut own = Vec::from(history.tables());
    others.iter().for_each(|table| own.extend(tables_of(table)));
    tables.retain(|name| !own.iter().any(|own| own.eq_ignore_ascii_case(name)));
    Ok(tables)
}
