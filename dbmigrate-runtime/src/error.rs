//! What can go wrong, said so that one knows where and what to do next.

use std::fmt;
use std::sync::Arc;

use crate::BoxError;
use crate::excerpt::{Place, excerpt};
use crate::one_set;
use crate::report::Report;

/// An error of the runner.
///
/// `Display` (and `Debug`, which is the same) is the whole message: what, where, the statement, what was rolled back,
/// and `help:` lines with the next step. The message of the database or of a code migration is part of it; the error
/// that it came from is [`Error::cause`], and therefore not `source()`.
// Never shared. An `Arc` drops what it holds out of line, where a `Box` has that compiled into each function that sees an
// error: 10 KiB in every program.
pub struct Error(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kinds: Vec<ErrorKind>,
    message: String,
    place: Option<Place>,
    statement: Option<String>,
    notes: Vec<String>,
    help: Vec<String>,
    /// Which help says to run a command again.
    retry: Option<usize>,
    report: Report,
    cause: Option<BoxError>,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident $is:ident,)+) => {
        /// What sort of error it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Error {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $is(&self) -> bool {
                    self.0.kinds.contains(&ErrorKind::$kind)
                }
            )+
        }
    };
}

kinds! {
    /// The database refused a statement.
    Sql is_sql,
    /// Another connection was in the way for longer than the busy timeout.
    Busy is_busy,
    /// A foreign key would be violated, or rows lost through one.
    ForeignKey is_foreign_key,
    /// An applied migration was edited.
    Edited is_edited,
    /// The number of an applied migration has another name now.
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
    /// The database has migrations of a newer program.
    NewerDatabase is_newer_database,
    /// The database lacks a migration that was pruned from the program.
    Pruned is_pruned,
    /// Another process changed which migrations the database has: the same call again is right.
    Moved is_moved,
    /// The history is kept in a format that this version can't read.
    NewerFormat is_newer_format,
    /// The database has tables, but no history.
    ExistingSchema is_existing_schema,
    /// The history table has another shape, or a row that can't be.
    History is_history,
    /// The head of the history is not what its rows say.
    Head is_head,
    /// A migration without a transaction was stopped on its way.
    Interrupted is_interrupted,
    /// The connection was inside a transaction already.
    OpenTransaction is_open_transaction,
    /// A migration ended the runner's transaction.
    TransactionEnded is_transaction_ended,
    /// There is no way back.
    NoDown is_no_down,
    /// Later migrations have to be rolled back first.
    OutOfOrder is_out_of_order,
    /// The migration is not applied.
    NotApplied is_not_applied,
    /// No migration has that number.
    UnknownMigration is_unknown_migration,
    /// Rust code of a migration returned an error.
    Code is_code,
    /// A call that the program asked for returned an error.
    Hook is_hook,
    /// The set has Rust in it, which this migrator can't run.
    NoCode is_no_code,
    /// The set can't be run as it is.
    Set is_set,
    /// A setting of the connection could not be made or restored, or it is in a state in which nothing may run.
    Settings is_settings,
    /// The database does not have what the migrations that are to be marked make.
    Mismatch is_mismatch,
    /// The schema of the database is not what its migrations lead to.
    Drift is_drift,
    /// The schema of the database can't be compared with what its migrations make.
    Unverified is_unverified,
    /// The history of another tool can't be taken over.
    Adoption is_adoption,
    /// A copy of the database could not be made, or not be put back.
    Copy is_copy,
    /// What a test wants in its database besides the migrations could not be put there.
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

    #[cold]
    #[inline(never)]
    pub(crate) fn also(self, kind: ErrorKind) -> Self {
        if self.0.kinds.contains(&kind) {
            return self;
        }
        self.with(|inner| inner.kinds.push(kind))
    }

    /// Says of what it is, before the message.
    #[cold]
    #[inline(never)]
    pub(crate) fn of(self, what: &dyn fmt::Display) -> Self {
        self.with(|inner| inner.message.insert_str(0, &format!("{what}: ")))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn at(self, place: Place) -> Self {
        self.with(|inner| inner.place = Some(place))
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

    /// Without what was rolled back, which is of no interest where all of it was for trying.
    #[inline]
    pub(crate) fn without_notes(self) -> Self {
        self.with(|inner| inner.notes.clear())
    }

    #[inline]
    pub(crate) fn hint(self, help: impl fmt::Display) -> Self {
        self.hint_dyn(&help, false)
    }

    /// A hint to run a command again once something was corrected.
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

    /// The same of one set of several: a suggested command that is about one set names it.
    #[inline]
    pub(crate) fn of_set(self, set: &str) -> Self {
        self.with(|inner| inner.help.iter_mut().for_each(|help| *help = one_set::name(help, set)))
    }

    pub(crate) fn because(self, cause: BoxError) -> Self {
        self.with(|inner| inner.cause = Some(cause))
    }

    /// Takes what was done before it.
    pub(crate) fn after(self, report: &mut Report) -> Self {
        self.with(|inner| std::mem::swap(&mut inner.report, report))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    /// What sort of error it is; the first where there are several.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kinds[0]
    }

    /// The whole message but for its `help:` lines, for those who show these in a way of their own.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}", self.0)
    }

    /// What is wrong, without the place, the statement and the notes.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.0.message
    }

    /// The file, relative to the package.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.0.place.as_ref().map(|place| place.file.as_str())
    }

    /// The line in the file, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.0.place.as_ref().and_then(|place| place.line)
    }

    /// The column in the line, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.0.place.as_ref().and_then(|place| place.column)
    }

    /// The statement that failed.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// What else is worth knowing, such as what was rolled back.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &[String] {
        &self.0.help
    }

    /// Which of [`Error::help`] says to run the command on this database again: with many databases it is another one,
    /// and the file may not be corrected where others have it.
    #[doc(hidden)]
    #[must_use]
    pub fn retry_help(&self) -> Option<usize> {
        self.0.retry
    }

    /// What was done before it failed, and stays.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The error of the database or of a code migration that this one came from.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

/// All but the helps.
impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
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
            .at(Place { file: "migrations/002_x.sql".into(), line: Some(3), column: Some(8) })
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
