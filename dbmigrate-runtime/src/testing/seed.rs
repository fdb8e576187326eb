//! What a test wants in its database in addition to the migrations, and how one such seed is told from another.

use std::panic::Location;

use super::Testing;
use crate::BoxError;
use crate::driver::Backend;
use crate::error::{Error, ErrorKind};

/// Puts something into a database that has all migrations.
pub(super) enum Seed<'a, C> {
    /// Statements.
    Sql(String),
    /// A function of the program, and its identity.
    Code(Box<Call<'a, C>>, String),
}

type Call<'a, C> = dyn Fn(&mut C) -> Result<(), BoxError> + 'a;

impl<'a, B: Backend> Testing<'a, B> {
    /// Adds SQL that is run on the databases for tests, after the migrations; statements are separated by `;`. It runs
    /// once, on the template. Seeds run in the order of these calls.
    #[must_use]
    pub fn seed(mut self, sql: impl Into<String>) -> Self {
        self.seeds.push(Seed::Sql(sql.into()));
        self
    }

    /// Like [`Testing::seed`], with a closure, which may also run the migrations of another set on the database. It
    /// runs once, on the template, so it must not capture anything; a capture is a compile error, because nobody could
    /// tell whether its value is the same in the next test. If something differs from test to test, do it on the
    /// connection that the test gets.
    ///
    /// ```
    /// # mod migrations { dbmigrate_runtime::rusqlite_driver!(::rusqlite); }
    /// # fn test(testing: dbmigrate_runtime::Testing<'_, migrations::Rusqlite>) -> Result<(), dbmigrate_runtime::Error> {
    /// let db = testing.seed_with(|db| db.execute_batch("INSERT INTO users (name) VALUES ('Ada')")).database()?;
    /// # Ok(()) }
    /// # let _ = test as fn(_) -> _;
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # mod migrations { dbmigrate_runtime::rusqlite_driver!(::rusqlite); }
    /// # fn test(testing: dbmigrate_runtime::Testing<'_, migrations::Rusqlite>) -> Result<(), dbmigrate_runtime::Error> {
    /// let sql = String::from("INSERT INTO users (name) VALUES ('Ada')");
    /// let db = testing.seed_with(move |db| db.execute_batch(&sql)).database()?;
    /// # Ok(()) }
    /// # let _ = test as fn(_) -> _;
    /// ```
    #[must_use]
    #[track_caller]
    pub fn seed_with<E, F>(mut self, call: F) -> Self
    where
        E: Into<BoxError>,
        F: Fn(&mut B::Connection) -> Result<(), E> + 'a,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a seed may not capture anything, because it runs once: do what differs on the database of each test"
            )
        }
        let identity = identity_of(&call, Location::caller());
        self.seeds.push(Seed::Code(Box::new(move |db| call(db).map_err(Into::into)), identity));
        self
    }
}

/// What tells a function that captures nothing from others of the same program.
pub(super) fn identity_of<F>(_: &F, place: &Location<'_>) -> String {
    // Two closures of one function have one name, and a generic function has one place.
    format!("{place} {}", std::any::type_name::<F>())
}

impl<C> Seed<'_, C> {
    /// Two seeds of one identity do the same.
    pub(super) fn identity(&self) -> (&str, &str) {
        match self {
            Self::Sql(sql) => ("sql", sql),
            Self::Code(_, identity) => ("code", identity),
        }
    }

    pub(super) fn apply<B: Backend<Connection = C>>(&self, connection: &mut C) -> Result<(), Error> {
        match self {
            Self::Sql(sql) => B::execute_batch(connection, sql).map_err(|cause| {
                let said = cause.to_string();
                let (message, statement) = failed_statement(&said, sql);
                let error = Error::new(ErrorKind::Seed, format_args!("a seed of the test database failed: {message}"));
                match statement {
                    Some(statement) => error.in_statement(statement),
                    None => error,
                }
                .because(cause)
            }),
            Self::Code(call, _) => call(connection).map_err(|cause| {
                let message = format!("a seed of the test database failed: {cause}");
                Error::new(ErrorKind::Seed, message).also(ErrorKind::Code).because(cause)
            }),
        }
    }
}

/// Takes the statement off what a library says of a text of many: the rest of that text from the one that failed on.
fn failed_statement<'s>(said: &'s str, sql: &str) -> (&'s str, Option<&'s str>) {
    let Some((head, _)) = said.rsplit_once(" at offset ") else { return (said, None) };
    let found = head.match_indices(" in ").find(|(at, word)| sql.ends_with(&head[at + word.len()..]));
    match found {
        Some((at, word)) => (&head[..at], Some(head[at + word.len()..].trim())),
        None => (head, None),
    }
}

#[cfg(test)]
mod tests {
    use super::failed_statement;

    #[test]
    fn the_statement_is_taken_off() {
        let sql = "INSERT INTO a VALUES (1); INSRT IN in x; SELECT 1";
        let said = "near \"INSRT\": syntax error in INSRT IN in x; SELECT 1 at offset 0";
        assert_eq!(failed_statement(said, sql), ("near \"INSRT\": syntax error", Some("INSRT IN in x; SELECT 1")));
        assert_eq!(failed_statement("disk I/O error", sql), ("disk I/O error", None));
        assert_eq!(failed_statement("odd in y at offset 3", sql), ("odd in y", None));
    }
}
