//! The error of the runner: what went wrong, where, and what to do next.

use std::fmt;
use std::sync::Arc;

use crate::BoxError;
use crate::excerpt::{Place, excerpt};
use crate::one_set;
use crate::report::Report;

/// An error of the runner.
///
/// `Display` and `Debug` both print the whole message: what went wrong, where, the statement, what was rolled back, and
/// `help:` lines with the next step. This includes the message of the database or of a migration in Rust. The
/// underlying error is returned by [`Error::cause`], and therefore not by `source()`.
// Never shared. An `Arc` drops what it holds out of line, where a `Box` has that compiled into each function that sees an
// error: 10 KiB in every program.
pub struct Error(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kinds: Vec<ErrorKind>,
    message: String,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    statement: Option<String>,
    notes: Vec<String>,
    help: Vec<String>,
    /// Which help says to run a command again.
    retry: Option<usize>,
    report: Option<Box<dyn Reported>>,
    cause: Option<BoxError>,
}

/// What was done before an error. It is behind a trait so that only the crate that owns reports has the code that drops
/// them, and not also each that sees an error.
trait Reported: Send + Sync {
    fn report(&self) -> &Report;
}

impl Reported for Report {
    #[inline]
    fn report(&self) -> &Report {
        self
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident $is:ident,)+) => {
        /// The kind of an [`Error`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Error {
            $(
                $(#[doc = $doc])+
                #[must_use]
                #[inline]
                pub fn $is(&self) -> bool {
                    self.0.kinds.contains(&ErrorKind::$kind)
                }
            )+
        }
    };
}

kinds! {
    /// The database rejected a statement.
    Sql is_sql,
    /// Another connection held a lock for longer than the busy timeout.
    Busy is_busy,
    /// A foreign key would be violated, or rows would be lost through one.
    ForeignKey is_foreign_key,
    /// An applied migration was edited.
    Edited is_edited,
    /// An applied migration has another name in the program.
    Renamed is_renamed,
    /// An applied migration is missing from the program.
    Missing is_missing,
    /// An assertion of a migration does not hold.
    Assertion is_assertion,
    /// A migration requires another one that is not applied.
    Requirement is_requirement,
    /// A pending migration has a number below the newest applied one.
    Late is_late,
    /// A pending migration is below an applied one, and the order of the two makes a difference to the schema.
    OrderConflict is_order_conflict,
    /// The database has migrations of a newer version of the program.
    NewerDatabase is_newer_database,
    /// The database lacks a migration that was pruned from the program.
    Pruned is_pruned,
    /// Another process changed which migrations the database has. Calling the same method again is right.
    Moved is_moved,
    /// The history has a format that this version cannot read.
    NewerFormat is_newer_format,
    /// The database has tables, but no history.
    ExistingSchema is_existing_schema,
    /// The history table has an unknown shape, or contains an impossible row.
    History is_history,
    /// The head of the history does not agree with its rows.
    Head is_head,
    /// A migration without a transaction was interrupted.
    Interrupted is_interrupted,
    /// The connection was already in a transaction.
    OpenTransaction is_open_transaction,
    /// A migration ended the runner's transaction.
    TransactionEnded is_transaction_ended,
    /// A migration has no down script.
    NoDown is_no_down,
    /// Later migrations have to be rolled back first.
    OutOfOrder is_out_of_order,
    /// The migration is not applied.
    NotApplied is_not_applied,
    /// No migration has this number.
    UnknownMigration is_unknown_migration,
    /// The Rust code of a migration returned an error.
    Code is_code,
    /// A callback of the program returned an error.
    Hook is_hook,
    /// The set contains Rust, which this migrator cannot run.
    NoCode is_no_code,
    /// The set cannot be run as it is.
    Set is_set,
    /// A setting of the connection could not be made or restored, or the connection is in a state in which nothing may
    /// run.
    Settings is_settings,
    /// The database does not have what the migrations to be marked make.
    Mismatch is_mismatch,
    /// The schema of the database is not what its migrations make.
    Drift is_drift,
    /// The schema of the database cannot be compared with what its migrations make.
    Unverified is_unverified,
    /// The history of another tool cannot be taken over.
    Adoption is_adoption,
    /// A copy of the database could not be made or restored.
    Copy is_copy,
    /// The seed of a database for a test failed.
    Seed is_seed,
}

// What makes an error is out of line, and takes its texts unwritten (`format_args!`), so that those who return one stay small.
impl Error {
    #[inline]
    pub(crate) fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self::new_dyn(kind, &message)
    }

    #[cold]
    #[inline(never)]
    fn new_dyn(kind: ErrorKind, message: &dyn fmt::Display) -> Self {
        // An empty one first, as what is put into an `Arc` has to be dropped where there is no memory for it.
        let error = Self(Arc::default());
        error.with(|inner| {
            inner.kinds.push(kind);
            inner.message = format!("{message}");
        })
    }

    /// For a set that needs a part of the runner which it does not name: see [`parts`](crate::parts).
    #[cold]
    #[inline(never)]
    pub(crate) fn without_part(what: &str) -> Self {
        Self::new(ErrorKind::Set, format_args!("the program was built without the part of the runner that {what}"))
            .hint("build it again, with the same version of `dbmigrate-build` and `dbmigrate-runtime`")
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn also(self, kind: ErrorKind) -> Self {
        if self.0.kinds.contains(&kind) {
            return self;
        }
        self.with(|inner| inner.kinds.push(kind))
    }

    /// Says what the error is about, before the message.
    #[cold]
    #[inline(never)]
    pub(crate) fn of(self, what: &dyn fmt::Display) -> Self {
        self.with(|inner| inner.message.insert_str(0, &format!("{what}: ")))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn at(self, Place { file, line, column }: Place<'_>) -> Self {
        self.with(|inner| {
            inner.file = Some(file.to_owned());
            (inner.line, inner.column) = (line, column);
        })
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn in_statement(self, sql: &str) -> Self {
        self.with(|inner| inner.statement = Some(sql.to_owned()))
    }

    #[inline]
    pub(crate) fn note(self, note: impl fmt::Display) -> Self {
        self.note_dyn(&note)
    }

    #[cold]
    #[inline(never)]
    fn note_dyn(self, note: &dyn fmt::Display) -> Self {
        self.with(|inner| inner.notes.push(format!("{note}")))
    }

    /// Removes the notes about what was rolled back, which nobody needs after a trial.
    #[inline]
    pub(crate) fn without_notes(self) -> Self {
        self.with(|inner| inner.notes.clear())
    }

    #[inline]
    pub(crate) fn hint(self, help: impl fmt::Display) -> Self {
        self.hint_dyn(&help, false)
    }

    /// A help that says to run a command again after a correction.
    #[inline]
    pub(crate) fn retry(self, help: impl fmt::Display) -> Self {
        self.hint_dyn(&help, true)
    }

    #[cold]
    #[inline(never)]
    fn hint_dyn(self, help: &dyn fmt::Display, is_retry: bool) -> Self {
        self.with(|inner| {
            if is_retry {
                inner.retry = Some(inner.help.len());
            }
            inner.help.push(format!("{help}"));
        })
    }

    /// The same error about one of several sets: suggested commands about one set name it.
    #[inline]
    pub(crate) fn of_set(self, set: &str) -> Self {
        self.with(|inner| inner.help.iter_mut().for_each(|help| *help = one_set::name(help, set)))
    }

    pub(crate) fn because(self, cause: BoxError) -> Self {
        self.with(|inner| inner.cause = Some(cause))
    }

    /// With the report of what was done before the error.
    #[inline]
    pub(crate) fn after(self, report: Report) -> Self {
        self.after_dyn(Box::new(report))
    }

    #[cold]
    #[inline(never)]
    fn after_dyn(self, report: Box<dyn Reported>) -> Self {
        self.with(|inner| inner.report = Some(report))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = self.inner() {
            change(inner);
        }
        self
    }

    #[inline(never)]
    fn inner(&mut self) -> Option<&mut Inner> {
        Arc::get_mut(&mut self.0)
    }

    /// The kind of the error; the first one if there are several.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kinds[0]
    }

    /// The whole message except its `help:` lines, for programs that show these in their own way.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}", self.0)
    }

    /// What went wrong, without the place, the statement and the notes.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.0.message
    }

    /// The file, relative to the package.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.0.file.as_deref()
    }

    /// The line in the file, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.0.line
    }

    /// The column in the line, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.0.column
    }

    /// The statement that failed.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// Additional facts, such as what was rolled back.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &[String] {
        &self.0.help
    }

    /// The index of the [`Error::help`] that says to run the command on this database again. With many databases that
    /// is a different command, and the file must not be corrected if others have it.
    #[doc(hidden)]
    #[must_use]
    pub fn retry_help(&self) -> Option<usize> {
        self.0.retry
    }

    /// What was done before the failure and was not rolled back.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.0.report.as_deref().map_or(Report::NONE, Reported::report)
    }

    /// The underlying error, of the database or of a migration in Rust.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

/// Everything except the help.
impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(file) = &self.file {
            write!(f, "\n  --> {}", Place { file, line: self.line, column: self.column })?;
        }
        if let Some(sql) = &self.statement {
            excerpt(sql, &mut |line| write!(f, "\n   | {line}"))?;
        }
        for note in &self.notes {
            write!(f, "\nnote: {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)?;
        for help in &self.0.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_what_where_and_what_next() {
        let error = Error::new(ErrorKind::Sql, "`002_x` failed: no such table: t")
            .at(Place { file: "migrations/002_x.sql", line: Some(3), column: Some(8) })
            .in_statement("DELETE\nFROM t")
            .note("`002_x` was rolled back")
            .hint("correct the file");
        let text = "`002_x` failed: no such table: t\n  --> migrations/002_x.sql:3:8\n   | DELETE\n   | FROM t\n\
                    note: `002_x` was rolled back\nhelp: correct the file";
        assert_eq!(error.to_string(), text);
        assert_eq!(format!("{error:?}"), text);
    }

    #[test]
    fn one_error_can_be_of_several_kinds() {
        let error = Error::new(ErrorKind::Edited, "x").also(ErrorKind::Late);
        assert!(error.is_edited() && error.is_late() && !error.is_missing());
        assert_eq!(error.kind(), ErrorKind::Edited);
    }

    #[test]
    fn it_is_one_word_wide_and_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() -> usize {
            std::mem::size_of::<T>()
        }
        assert_eq!(check::<Result<(), Error>>(), std::mem::size_of::<usize>());
    }
}
