//! The session of a rehearsal: it does what the one of the copy does, looks on, and keeps hands off other files.

use std::any::Any;
use std::path::Path;
use std::time::Instant;

use super::Rehearsed;
use super::changes::changes;
use crate::BoxError;
use crate::db::Db;
use crate::difference::{SchemaDifference, unreadable};
use crate::driver::Access;
use crate::error::Error;
use crate::history::History;
use crate::hooks::{Hooks, Upcoming};
use crate::options::Options;
use crate::report::Done;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::script::{begins, mentions};
use crate::session::{Call, DbError, DbErrorInner, Session};
use crate::set::Set;
use crate::value::Value;

/// A session that measures the migrations which run on it.
pub(super) struct Watch<'w> {
    session: &'w mut dyn Session,
    history: History<'w>,
    options: &'w Options,
    /// The schema when it was last looked at.
    schema: Schema,
    /// The migration that is running.
    running: Option<Result<Before, Error>>,
    /// Those that have run, by number. They may yet be rolled back, and done again.
    ran: Vec<(u64, Option<Rehearsed>)>,
    committed: Vec<Rehearsed>,
}

/// The copy when a migration began.
struct Before {
    bytes: u64,
    /// The rows that it has changed since.
    rows: u64,
    at: Instant,
}

impl<'w> Watch<'w> {
    pub(super) fn new(session: &'w mut dyn Session, set: &'w Set<'w>, options: &'w Options) -> Self {
        let history = History::new(set);
        Self {
            session,
            history,
            options,
            schema: Schema::default(),
            running: None,
            ran: Vec::new(),
            committed: Vec::new(),
        }
    }

    /// The migrations that ran and stayed, in order.
    pub(super) fn committed(self) -> Vec<Rehearsed> {
        self.committed
    }

    fn before(&mut self) -> Result<Before, Error> {
        self.look()?;
        Ok(Before { bytes: self.bytes()?, rows: 0, at: Instant::now() })
    }

    /// Looks at the schema: in what it differs from when it was last looked at.
    fn look(&mut self) -> Result<Vec<SchemaDifference>, Error> {
        if let Some(found) = self.session.schema_differences() {
            return found.map_err(unreadable);
        }
        let now = self.schema.read_again(&mut Db::new(self.session, self.options), &self.history)?;
        let before = std::mem::replace(&mut self.schema, now);
        Ok(changes(&before, &self.schema))
    }

    fn bytes(&mut self) -> Result<u64, Error> {
        Db::new(self.session, self.options).bytes()
    }

    /// Counts the rows that `work` changes. What the runner writes to its history, which it does through
    /// [`Session::query`], does not come by here.
    fn counted<T>(&mut self, work: impl FnOnce(&mut dyn Session) -> T) -> Result<T, DbError> {
        let total = |session: &mut dyn Session| session.query("SELECT total_changes()", &[]).map(number);
        let before = total(self.session)?;
        let done = work(self.session);
        let changed = total(self.session)?.saturating_sub(before);
        if let Some(Ok(running)) = &mut self.running {
            running.rows += changed;
        }
        Ok(done)
    }

    fn finish(&mut self, upcoming: &Upcoming<'_>) -> Result<(), Error> {
        let Some(before) = self.running.take().transpose()? else { return Ok(()) };
        let duration = before.at.elapsed();
        let differences = self.look()?;
        let rehearsed = Rehearsed {
            number: upcoming.number,
            name: upcoming.name.to_owned(),
            direction: upcoming.direction,
            rows_changed: before.rows,
            duration,
            bytes_before: before.bytes,
            bytes_after: self.bytes()?,
            differences,
            notes: Vec::new(),
        };
        let number = rehearsed.number;
        match self.place(number) {
            Ok(at) => self.ran[at].1 = Some(rehearsed),
            Err(at) => self.ran.insert(at, (number, Some(rehearsed))),
        }
        Ok(())
    }

    fn place(&self, number: u64) -> Result<usize, usize> {
        self.ran.binary_search_by_key(&number, |(number, _)| *number)
    }
}

impl Session for Watch<'_> {
    fn call(&mut self, sql: &str, call: &mut Call<'_>) -> Result<(), DbError> {
        if !matches!(call, Call::Execute) {
            return self.session.call(sql, call);
        }
        if works_on_other_files(sql) {
            let why = "a rehearsal may not touch any file but its copy, so it stops here";
            return Err(DbError::other(why));
        }
        self.counted(|session| session.call(sql, call))?
    }

    fn in_transaction(&mut self) -> bool {
        self.session.in_transaction()
    }

    fn run_code(&mut self, id: u32) -> Result<(), BoxError> {
        self.counted(|session| session.run_code(id)).map_err(|error| error.0.source)?
    }

    fn has_code(&self) -> bool {
        self.session.has_code()
    }

    fn before_each(&mut self, upcoming: &Upcoming<'_>) -> Result<(), BoxError> {
        self.session.before_each(upcoming)?;
        self.running = Some(self.before());
        Ok(())
    }

    fn hooks(&self) -> &Hooks<'_> {
        self.session.hooks()
    }

    fn ran(&mut self, upcoming: &Upcoming<'_>) -> Result<(), DbError> {
        self.finish(upcoming).map_err(|error| {
            DbError(Box::new(DbErrorInner {
                busy: error.is_busy(),
                message: error.message(),
                offset: None,
                source: error.into(),
            }))
        })?;
        self.session.ran(upcoming)
    }

    fn after_each(&mut self, done: &Done) {
        if let Some(ran) = self.place(done.number).ok().and_then(|at| self.ran[at].1.take()) {
            self.committed.push(Rehearsed { notes: done.notes.clone(), ..ran });
        }
        self.session.after_each(done);
    }

    fn has_schema_reader(&self) -> bool {
        self.session.has_schema_reader()
    }

    fn open(&mut self, file: Option<(&Path, Access)>) -> Result<Option<Box<dyn Any>>, DbError> {
        self.session.open(file)
    }

    // Before each migration the reader looks at the copy again.
    fn on(&mut self, opened: &mut dyn Any, runs_code: bool, work: &mut dyn FnMut(&mut dyn Session)) {
        self.session.on(opened, runs_code, work);
    }
}

fn number(mut rows: Rows) -> u64 {
    match rows.take_first() {
        Some(Value::Integer(number)) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    }
}

/// Whether a statement opens or makes another database file. A statement begins with its first word.
fn works_on_other_files(sql: &str) -> bool {
    begins(sql, "ATTACH") || (begins(sql, "VACUUM") && mentions(sql, "INTO", false))
}
