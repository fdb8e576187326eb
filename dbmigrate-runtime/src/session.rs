//! The driver with its types erased, so that the engine compiles once, in this crate.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::BoxError;
use crate::difference::{Reader, SchemaDifference};
use crate::driver::{Access, Backend, Driver, boxed};
use crate::hooks::{Hooks, Upcoming};
use crate::report::Done;
use crate::rows::Rows;
use crate::value::Value;

/// One call of a [`Driver`], as data, so that it can be repeated while another connection is in the way.
pub(crate) enum Call<'a> {
    /// [`Driver::execute`].
    Execute,
    /// [`Driver::query`] with these parameters; the rows are put into the second.
    Query(&'a [Value], &'a mut Rows),
    /// [`Driver::query_first`]; the rows are put there.
    QueryFirst(&'a mut Rows),
    /// [`Driver::execute_each`] with these rows, from the one at this place on.
    ExecuteEach(&'a Rows, &'a mut usize),
}

/// What the engine asks of a connection.
pub(crate) trait Session {
    /// Runs one statement.
    fn call(&mut self, sql: &str, call: &mut Call<'_>) -> Result<(), DbError>;
    /// Whether a transaction is open.
    fn in_transaction(&mut self) -> bool;
    /// Runs the code with this id.
    fn run_code(&mut self, id: u32) -> Result<(), BoxError>;
    /// Whether code can be run at all.
    fn has_code(&self) -> bool;
    /// The calls that the program asked for.
    fn hooks(&self) -> &Hooks<'_>;
    /// A migration is about to run, in its transaction if it has one. An error stops it.
    fn before_each(&mut self, upcoming: &Upcoming<'_>) -> Result<(), BoxError> {
        self.hooks().before_each.as_ref().map_or(Ok(()), |hook| hook(upcoming))
    }
    /// The script of a migration has run; its transaction is still open if it has one.
    fn ran(&mut self, _: &Upcoming<'_>) -> Result<(), DbError> {
        Ok(())
    }
    /// A migration has run, and that is committed.
    fn after_each(&mut self, done: &Done) {
        self.hooks().after_each.iter().for_each(|hook| hook(done));
    }
    /// Opens a file, or a database in memory, through the same backend; `None` where that can't be.
    fn open(&mut self, file: Option<(&Path, Access)>) -> Result<Option<Box<dyn Any>>, DbError>;
    /// Does something on what [`Session::open`] opened, with the program's code if that is wanted.
    fn on(&mut self, opened: &mut dyn Any, runs_code: bool, work: &mut dyn FnMut(&mut dyn Session));
    /// In what the schema differs from when this was asked before, by the reader of whoever made the migrator.
    fn schema_differences(&mut self) -> Option<Result<Vec<SchemaDifference>, BoxError>> {
        None
    }
    /// Whether there is such a reader.
    fn has_schema_reader(&self) -> bool {
        false
    }
}

impl dyn Session + '_ {
    /// Runs one statement and discards its rows.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), DbError> {
        self.call(sql, &mut Call::Execute)
    }

    /// Runs one statement and returns its rows.
    #[inline]
    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, DbError> {
        let mut rows = Rows::default();
        self.call(sql, &mut Call::Query(params, &mut rows))?;
        Ok(rows)
    }
}

/// Asks a driver.
fn call_driver<D: Driver>(driver: &mut D, sql: &str, call: &mut Call<'_>) -> Result<(), DbError> {
    let answer = match call {
        Call::Execute => driver.execute(sql),
        Call::Query(params, rows) => driver.query(sql, params).map(|found| **rows = found),
        Call::QueryFirst(rows) => driver.query_first(sql).map(|found| **rows = found),
        Call::ExecuteEach(rows, done) => driver.execute_each(sql, rows, done),
    };
    answer.map_err(|error| DbError::new::<D>(error, sql))
}

/// An error of the database. One word wide, as it passes through many hands.
pub(crate) struct DbError(pub(crate) Box<DbErrorInner>);

/// What the database says.
pub(crate) struct DbErrorInner {
    pub(crate) busy: bool,
    /// What the database says, without the statement that rusqlite appends.
    pub(crate) message: String,
    /// The byte of the statement that it is about.
    pub(crate) offset: Option<usize>,
    pub(crate) source: BoxError,
}

impl Deref for DbError {
    type Target = DbErrorInner;

    #[inline]
    fn deref(&self) -> &DbErrorInner {
        &self.0
    }
}

impl DerefMut for DbError {
    #[inline]
    fn deref_mut(&mut self) -> &mut DbErrorInner {
        &mut self.0
    }
}

impl DbError {
    /// An error that no database said.
    pub(crate) fn other(message: impl Into<BoxError>) -> Self {
        let source = message.into();
        Self(Box::new(DbErrorInner { busy: false, message: format!("{source}"), offset: None, source }))
    }

    pub(crate) fn new<D: Driver>(error: D::Error, sql: &str) -> Self {
        let is_busy = D::is_busy(&error);
        Self::of(boxed(error), is_busy, sql)
    }

    #[cold]
    #[inline(never)]
    fn of(source: BoxError, busy: bool, sql: &str) -> Self {
        let (message, offset) = split_offset(format!("{source}"), sql);
        Self(Box::new(DbErrorInner { busy, message, offset, source }))
    }
}

impl fmt::Display for DbError {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Takes ` in <statement> at offset N` off a message.
fn split_offset(mut text: String, sql: &str) -> (String, Option<usize>) {
    let end = text.trim_ascii_end();
    let digits = end.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, digits) = end.split_at(end.len() - digits);
    // By hand: `parse` is a quarter KiB of every program.
    let add = |number: usize, digit| number.checked_mul(10)?.checked_add(usize::from(digit - b'0'));
    let (Some(head), Some(offset)) = (head.strip_suffix(" at offset "), digits.bytes().try_fold(0, add)) else {
        return (text, None);
    };
    let end = head.strip_suffix(sql).and_then(|head| head.strip_suffix(" in ")).unwrap_or(head).len();
    text.truncate(end);
    (text, Some(offset))
}

/// The dispatcher of code migrations.
pub(crate) type Dispatch<'a, C> = dyn Fn(u32, &C) -> Result<(), BoxError> + 'a;

/// A backend's connection with the program's code.
pub(crate) struct Bound<'m, 'c, B: Backend> {
    pub(crate) driver: B::Driver<'c>,
    pub(crate) code: Option<&'m Dispatch<'m, B::Connection>>,
    pub(crate) hooks: &'m Hooks<'m>,
    pub(crate) schema: Option<&'m Reader<'m, B::Connection>>,
}

impl<B: Backend> Session for Bound<'_, '_, B> {
    fn call(&mut self, sql: &str, call: &mut Call<'_>) -> Result<(), DbError> {
        call_driver(&mut self.driver, sql, call)
    }

    fn in_transaction(&mut self) -> bool {
        self.driver.in_transaction()
    }

    fn run_code(&mut self, id: u32) -> Result<(), BoxError> {
        let run = self.code.ok_or("the migrator has no code")?;
        run(id, B::connection(&self.driver))
    }

    fn has_code(&self) -> bool {
        self.code.is_some()
    }

    fn hooks(&self) -> &Hooks<'_> {
        self.hooks
    }

    fn open(&mut self, file: Option<(&Path, Access)>) -> Result<Option<Box<dyn Any>>, DbError> {
        opened::<B>(file)
    }

    fn on(&mut self, opened: &mut dyn Any, runs_code: bool, work: &mut dyn FnMut(&mut dyn Session)) {
        on::<B>(opened, self.code.filter(|_| runs_code), self.schema, work);
    }

    fn has_schema_reader(&self) -> bool {
        self.schema.is_some()
    }

    fn schema_differences(&mut self) -> Option<Result<Vec<SchemaDifference>, BoxError>> {
        self.schema.map(|read| read(B::connection(&self.driver)))
    }
}

fn opened<B: Backend>(file: Option<(&Path, Access)>) -> Result<Option<Box<dyn Any>>, DbError> {
    let (path, access) = file.unwrap_or((Path::new(":memory:"), Access::Create));
    Ok(Some(Box::new(B::open(path, access).map_err(DbError::other)?)))
}

fn on<B: Backend>(
    opened: &mut dyn Any,
    code: Option<&Dispatch<'_, B::Connection>>,
    schema: Option<&Reader<'_, B::Connection>>,
    work: &mut dyn FnMut(&mut dyn Session),
) {
    if let Some(connection) = opened.downcast_mut::<B::Connection>() {
        work(&mut Bound::<B> { driver: B::driver(connection), code, hooks: Hooks::NONE, schema });
    }
}

/// Any driver, without code. The backend opens databases in memory.
pub(crate) struct Plain<'d, B, D> {
    pub(crate) driver: &'d mut D,
    pub(crate) hooks: &'d Hooks<'d>,
    pub(crate) backend: PhantomData<B>,
}

impl<B: Backend, D: Driver> Session for Plain<'_, B, D> {
    fn call(&mut self, sql: &str, call: &mut Call<'_>) -> Result<(), DbError> {
        call_driver(self.driver, sql, call)
    }

    fn in_transaction(&mut self) -> bool {
        self.driver.in_transaction()
    }

    fn run_code(&mut self, _: u32) -> Result<(), BoxError> {
        Err("a plain driver can't run code".into())
    }

    fn has_code(&self) -> bool {
        false
    }

    fn hooks(&self) -> &Hooks<'_> {
        self.hooks
    }

    /// Nobody knows where its files would be.
    fn open(&mut self, file: Option<(&Path, Access)>) -> Result<Option<Box<dyn Any>>, DbError> {
        if file.is_some() { Ok(None) } else { opened::<B>(file) }
    }

    fn on(&mut self, opened: &mut dyn Any, _: bool, work: &mut dyn FnMut(&mut dyn Session)) {
        on::<B>(opened, None, None, work);
    }
}

#[cfg(test)]
mod tests {
    use super::split_offset;

    #[test]
    fn the_offset_is_read_from_the_text() {
        let check = |text: &str, message: &str, offset| {
            assert_eq!(split_offset(text.to_owned(), "SELECT x at offset 3"), (message.to_owned(), offset));
        };
        check("no such column: x in SELECT x at offset 3 at offset 7", "no such column: x", Some(7));
        check("near \"x\": syntax error", "near \"x\": syntax error", None);
        check("odd at offset seven", "odd at offset seven", None);
        check("odd at offset 99999999999999999999999", "odd at offset 99999999999999999999999", None);
        check("other in SELECT 1 at offset 2", "other in SELECT 1", Some(2));
    }
}
