//! The connection as the engine uses it: patient where another connection is in the way.
//!
//! The connection's own busy handler is never touched. Where it has given up, the runner tries again until its own
//! timeout has passed.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::messages;
use crate::options::Options;
use crate::rows::Rows;
use crate::session::{Call, DbError, Session};
use crate::value::{Param, Value};

/// A session with the patience of a migrator.
pub(crate) struct Db<'s> {
    session: &'s mut dyn Session,
    timeout: Duration,
    /// Whether a transaction was begun of which the end was not seen.
    open: bool,
    /// Whether that one is gone: SQLite rolls back what an error leaves no way on from, be it of a statement that reads.
    /// Nothing may run then, as it would not be in a transaction.
    lost: bool,
    /// Whether anything may have been committed.
    committed: bool,
    /// What the program has on the connection beside its database, once that was looked at: the number of the database that
    /// SQLite gives it (1 is temporary, -1 a temporary trigger), the name, and the table that a trigger is on.
    pub(crate) beside: Option<Rc<Rows>>,
    /// The rows of the last query, which are lent to the caller: each function that owned some would have code to drop
    /// them.
    answer: Rows,
}

impl<'s> Db<'s> {
    #[inline(never)]
    pub(crate) fn new(session: &'s mut dyn Session, options: &Options) -> Self {
        let (timeout, beside, answer) = (options.busy_timeout, None, Rows::new(0));
        Self { session, timeout, open: false, lost: false, committed: false, beside, answer }
    }

    /// The rows of what the program has beside its database; none before that was looked at.
    #[inline]
    pub(crate) fn rows_beside(&self) -> impl Iterator<Item = &[Value]> {
        self.beside.iter().flat_map(|beside| beside.iter())
    }

    /// The session itself, for work inside a transaction, where nobody can be in the way.
    pub(crate) fn session(&mut self) -> &mut dyn Session {
        self.session
    }

    pub(crate) fn in_transaction(&mut self) -> bool {
        self.session.in_transaction()
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Runs a statement of the runner's own.
    #[inline]
    pub(crate) fn execute(&mut self, sql: impl fmt::Display) -> Result<(), Error> {
        self.execute_dyn(&sql)
    }

    // Texts come unwritten, and are written in one place, as there are many who ask; by `format!`, as `to_string` would
    // compile its own way to write into a string.
    fn execute_dyn(&mut self, sql: &dyn fmt::Display) -> Result<(), Error> {
        let sql = format!("{sql}");
        self.attempt(&sql).map_err(|error| failed(format_args!("could not run `{sql}`"), error))
    }

    /// Runs a statement of the runner's own, with parameters, and returns its rows.
    #[inline]
    pub(crate) fn query(&mut self, what: &str, sql: impl fmt::Display, params: &[Param<'_>]) -> Result<Rows, Error> {
        self.ask_dyn(what, &sql, params).map(std::mem::take)
    }

    /// As [`Db::query`], but the rows are only lent, until the next query.
    #[inline]
    pub(crate) fn ask(&mut self, what: &str, sql: impl fmt::Display, params: &[Param<'_>]) -> Result<&mut Rows, Error> {
        self.ask_dyn(what, &sql, params)
    }

    #[inline(never)]
    fn ask_dyn(&mut self, what: &str, sql: &dyn fmt::Display, params: &[Param<'_>]) -> Result<&mut Rows, Error> {
        match self.try_ask(sql, params) {
            Ok(rows) => Ok(rows),
            Err(error) => Err(failed(what, error)),
        }
    }

    /// As [`Db::ask`], with the error of the database as it is.
    #[inline(never)]
    pub(crate) fn try_ask(&mut self, sql: &dyn fmt::Display, params: &[Param<'_>]) -> Result<&mut Rows, DbError> {
        let (mut asked, mut answer) = (Rows::new(0), std::mem::take(&mut self.answer));
        asked.add(params);
        let result = self.call(&format!("{sql}"), &mut Call::Query(asked.values(), &mut answer));
        self.answer = answer;
        result.map(|()| &mut self.answer)
    }

    /// The answer to the last question.
    pub(crate) fn answer(&self) -> &Rows {
        &self.answer
    }

    /// SQLite's plan of a statement. What it can't plan it can't run as things are, and has none.
    #[inline(never)]
    pub(crate) fn plan(&mut self, sql: &str) -> &mut Rows {
        if self.try_ask(&format_args!("EXPLAIN {sql}"), &[]).is_err() {
            self.answer = Rows::new(0);
        }
        &mut self.answer
    }

    /// As [`Db::try_ask`], for what may be asked first of a connection.
    pub(crate) fn try_first(&mut self, sql: &str) -> Result<&mut Rows, DbError> {
        let mut answer = std::mem::take(&mut self.answer);
        let result = self.call(sql, &mut Call::QueryFirst(&mut answer));
        self.answer = answer;
        result.map(|()| &mut self.answer)
    }

    /// Runs a statement of the runner's own with each of these rows as its parameters. `done` counts them.
    pub(crate) fn execute_each(&mut self, sql: &str, rows: &Rows, done: &mut usize) -> Result<(), DbError> {
        self.call(sql, &mut Call::ExecuteEach(rows, done))
    }

    /// As [`Db::query`], for what returns no rows.
    #[inline]
    pub(crate) fn change(&mut self, what: &str, sql: impl fmt::Display, params: &[Param<'_>]) -> Result<(), Error> {
        self.has_row(what, sql, params).map(drop)
    }

    /// As [`Db::query`], whether there is a row.
    #[inline]
    pub(crate) fn has_row(&mut self, what: &str, sql: impl fmt::Display, params: &[Param<'_>]) -> Result<bool, Error> {
        self.has_row_dyn(what, &sql, params)
    }

    #[inline(never)]
    fn has_row_dyn(&mut self, what: &str, sql: &dyn fmt::Display, params: &[Param<'_>]) -> Result<bool, Error> {
        Ok(!self.ask_dyn(what, sql, params)?.is_empty())
    }

    /// As [`Db::find`], without parameters.
    pub(crate) fn value(&mut self, what: &str, sql: &str) -> Result<Option<Value>, Error> {
        self.find(what, sql, &[])
    }

    /// As [`Db::query`], the first value.
    #[inline]
    pub(crate) fn find(
        &mut self,
        what: &str,
        sql: impl fmt::Display,
        params: &[Param<'_>],
    ) -> Result<Option<Value>, Error> {
        self.find_dyn(what, &sql, params)
    }

    #[inline(never)]
    fn find_dyn(&mut self, what: &str, sql: &dyn fmt::Display, params: &[Param<'_>]) -> Result<Option<Value>, Error> {
        self.ask_dyn(what, sql, params).map(Rows::take_first)
    }

    /// As [`Db::query`], the texts in the first column.
    #[inline]
    pub(crate) fn texts(
        &mut self,
        what: &str,
        sql: impl fmt::Display,
        params: &[Param<'_>],
    ) -> Result<Vec<String>, Error> {
        self.texts_dyn(what, &sql, params)
    }

    #[inline(never)]
    fn texts_dyn(&mut self, what: &str, sql: &dyn fmt::Display, params: &[Param<'_>]) -> Result<Vec<String>, Error> {
        let mut texts = Vec::new();
        for row in self.ask_dyn(what, sql, params)?.iter_mut() {
            if let Some(Value::Text(text)) = row.first_mut() {
                texts.push(std::mem::take(text));
            }
        }
        Ok(texts)
    }

    /// The file of the database; `None` for one in memory, or where nobody can tell.
    #[inline]
    pub(crate) fn file(&mut self) -> Result<Option<PathBuf>, Error> {
        // As bytes too: a driver may replace what is no text, and the name would be that of another file. By its place,
        // as programs can give `main` another name.
        let sql = "SELECT CAST(file AS BLOB), file FROM pragma_database_list WHERE seq = 0";
        let row = self.query("could not read the database", sql, &[])?.into_iter().next();
        Ok(match row.as_deref() {
            Some([Value::Blob(name), Value::Text(text)]) if !name.is_empty() => {
                let is_same = String::from_utf8_lossy(name) == text.as_str();
                // In a UTF-16 database these bytes are no name, and what was replaced is lost.
                let is_known = is_same || !text.contains(char::REPLACEMENT_CHARACTER);
                is_known.then(|| if is_same { path(name.clone()) } else { PathBuf::from(text) })
            }
            _ => None,
        })
    }

    /// How many bytes the database has, with those that stand in the log of a WAL.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<u64, Error> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count('main'), pragma_page_size('main')";
        match self.value("could not read the size of the database", sql)? {
            Some(Value::Integer(bytes)) => Ok(u64::try_from(bytes).unwrap_or(0)),
            _ => Ok(0),
        }
    }

    /// Runs a statement of the runner's own, with the error of the database as it is.
    pub(crate) fn attempt(&mut self, sql: &str) -> Result<(), DbError> {
        self.call(sql, &mut Call::Execute)
    }

    // Out of line, as all ask here.
    #[inline(never)]
    fn call(&mut self, sql: &str, call: &mut Call<'_>) -> Result<(), DbError> {
        self.patiently(|session| session.call(sql, call))
    }

    /// Does something as [`patiently`] does.
    pub(crate) fn patiently<T>(
        &mut self,
        mut work: impl FnMut(&mut dyn Session) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.refuse_lost()?;
        let was_open = self.session.in_transaction();
        let (session, ours) = (&mut *self.session, self.open);
        let result = patiently(self.timeout, || {
            work(session).map_err(|mut error| {
                let is_lost = ours && !session.in_transaction();
                error.busy &= !is_lost;
                error
            })
        });
        if was_open && result.is_err() {
            self.see_rollback();
        }
        result
    }

    /// A statement failed in a transaction: if that is gone, the statement has rolled it back.
    pub(crate) fn see_rollback(&mut self) {
        let is_open = self.session.in_transaction();
        self.lost |= self.open && !is_open;
        self.open &= is_open;
    }

    /// Refuses to go on where the transaction is gone, until the end of it was seen to.
    pub(crate) fn refuse_lost(&mut self) -> Result<(), DbError> {
        if self.is_lost() { Err(lost()) } else { Ok(()) }
    }

    /// Whether that is so.
    pub(crate) fn is_lost(&mut self) -> bool {
        self.lost || self.open && !self.session.in_transaction()
    }

    /// Opens a transaction that no other writer can get in the way of.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.attempt("BEGIN IMMEDIATE").map_err(|error| {
            failed("could not lock the database for migrating", named(error, "another connection holds the write lock"))
        })?;
        self.open = true;
        Ok(())
    }

    /// As [`Db::begin`], but without waiting; whether it could.
    pub(crate) fn begins_at_once(&mut self) -> bool {
        self.open = self.runs("BEGIN IMMEDIATE");
        self.open
    }

    /// Runs a statement without waiting, where it does not matter why it fails; whether it did not.
    #[inline(never)]
    pub(crate) fn runs(&mut self, sql: &str) -> bool {
        self.session.execute(sql).is_ok()
    }

    /// Commits. A commit that is busy is tried again, not rolled back.
    pub(crate) fn commit(&mut self) -> Result<(), DbError> {
        let result = self.attempt("COMMIT").and_then(|()| self.ended());
        // When the disk fails at the very end, nobody knows; a full one fails before.
        self.committed |= match &result {
            Ok(()) => true,
            Err(error) => !self.session.in_transaction() && !messages::is_full(&error.message),
        };
        self.open &= result.is_err();
        result.map_err(|error| named(error, "another connection holds a read lock"))
    }

    /// Whether anything may have been committed.
    pub(crate) fn has_committed(&self) -> bool {
        self.committed
    }

    /// Rolls back if a transaction is open. It insists: an open transaction would take the user's next write with it.
    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        // Somebody else has ended it, and nobody knows how.
        self.committed |= self.open && !self.session.in_transaction();
        (self.open, self.lost) = (false, false);
        let mut result = Ok(());
        for _ in 0..3 {
            if !self.session.in_transaction() {
                return Ok(());
            }
            result = self.session.execute("ROLLBACK");
        }
        result.and_then(|()| self.ended()).or_else(|error| {
            if self.session.in_transaction() { Err(failed("could not roll back", error)) } else { Ok(()) }
        })
    }

    /// Fails if the transaction is still open after the statement that ends it: an authorizer can make SQLite skip that.
    fn ended(&mut self) -> Result<(), DbError> {
        if self.session.in_transaction() { Err(DbError::other("the transaction is still open")) } else { Ok(()) }
    }

    /// Does something in a transaction of its own, and rolls back if it fails.
    pub(crate) fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.begin()?;
        self.contained(|db| {
            let done = work(db)?;
            db.commit().map(|()| done).map_err(|error| failed("could not commit", error))
        })
    }

    /// Does something in the open transaction, and leaves none open, whatever happens.
    pub(crate) fn contained<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let result = work(self);
            self.rollback().and(result)
        }));
        result.unwrap_or_else(|panic| {
            // The panic is what is told.
            let _ = self.rollback();
            resume_unwind(panic)
        })
    }

    /// Does something that only reads, on one moment's state of the database.
    pub(crate) fn reading<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.in_transaction() {
            return work(self);
        }
        self.execute("BEGIN")?;
        self.contained(work)
    }

    /// Refuses a connection that is inside a transaction: its rollback would take the migrations with it.
    pub(crate) fn refuse_open_transaction(&mut self) -> Result<(), Error> {
        if self.in_transaction() {
            return Err(Error::new(ErrorKind::OpenTransaction, "the connection is inside a transaction")
                .hint("commit or roll back before migrating: each migration has its own transaction"));
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn lost() -> DbError {
    DbError::other("the transaction was rolled back by an earlier error")
}

#[cfg(unix)]
#[inline]
fn path(name: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(name).into()
}

#[cfg(not(unix))]
#[inline]
fn path(name: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&name).into_owned().into()
}

/// Says which lock is in the way, where one is.
fn named(mut error: DbError, lock: &str) -> DbError {
    if error.busy {
        error.message = format!("{} ({lock})", error.message);
    }
    error
}

/// Does something again until it succeeds, fails for another reason than a lock, or the timeout has passed.
pub(crate) fn patiently<T>(timeout: Duration, mut work: impl FnMut() -> Result<T, DbError>) -> Result<T, DbError> {
    let mut patience = Patience { start: Instant::now(), timeout, pause: 1 };
    loop {
        match work() {
            Err(error) if error.busy && patience.waited() => {}
            done => return done,
        }
    }
}

struct Patience {
    start: Instant,
    timeout: Duration,
    /// In milliseconds.
    pause: u64,
}

impl Patience {
    /// Waits a little; whether that was possible.
    #[cold]
    #[inline(never)]
    fn waited(&mut self) -> bool {
        let left = self.timeout.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(self.pause).min(left));
        self.pause = (self.pause * 2).min(50);
        true
    }
}

/// The error for something that the runner itself wanted.
#[inline]
pub(crate) fn failed(what: impl fmt::Display, error: DbError) -> Error {
    failure(&what, error)
}

#[cold]
#[inline(never)]
fn failure(what: &dyn fmt::Display, error: DbError) -> Error {
    let kind = if error.busy { ErrorKind::Busy } else { ErrorKind::Sql };
    because(Error::new(kind, format_args!("{what}: {}", error.message)), error)
}

/// Names the cause, and what helps against it if that is not a statement.
pub(crate) fn because(result: Error, cause: DbError) -> Error {
    let help = if cause.busy {
        Some("another connection holds the database: let it finish, then try again")
    } else {
        messages::remedy(&cause.message)
    };
    match help {
        Some(help) => result.hint(help),
        None => result,
    }
    .because(cause.0.source)
}
