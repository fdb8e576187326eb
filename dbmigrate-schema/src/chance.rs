//! Values that depend on the time, on random numbers or on the machine: which statements of a script write them.
//!
//! Two runs within one second would not show them. So SQLite's own functions are replaced by ones that return the same
//! and record that they were called. That covers everything that computes a value: a statement, a default, a trigger, a
//! generated column.

use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::statement::Statement;
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Diagnostic, Location, Script};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::execute::starts_with;
use crate::observer::ReplayObserver;
use crate::steady::Judge;

/// What SQLite says of an index, a check or a generated column over a function that may answer anything.
pub(crate) const PROHIBITED: &str = "non-deterministic functions prohibited";

/// The functions that work with times, and where among their arguments a time stands.
const TIMES: [(&str, &[usize]); 8] = [
    ("date", &[0]),
    ("time", &[0]),
    ("datetime", &[0]),
    ("julianday", &[0]),
    ("unixepoch", &[0]),
    ("strftime", &[1]),
    ("timediff", &[0, 1]),
    // Only there to be refused: nobody can say which moment it was.
    ("current_timestamp", &[]),
];

/// The functions that never answer the same twice, and why.
const OTHERS: [(&str, &str); 8] = [
    ("current_date", MOMENT),
    ("current_time", MOMENT),
    ("random", "is chance"),
    ("randomblob", "is chance"),
    ("changes", "depends on what else the connection did"),
    ("total_changes", "depends on what else the connection did"),
    ("sqlite_version", "depends on the version of SQLite"),
    ("sqlite_source_id", "depends on the version of SQLite"),
];

const LAST: &str = "last_insert_rowid";
const MOMENT: &str = "depends on the current time";
const ZONE: &str = "depends on the time zone of the machine";

/// What was asked for: the function, and on what its answer depends.
pub(crate) type ChanceCalls = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

/// Looks on while scripts run.
pub(crate) struct Chance {
    /// What its findings are called.
    code: &'static str,
    pub(crate) asked: ChanceCalls,
    /// The statements that write such a value.
    pub(crate) found: Vec<Diagnostic>,
    /// Whether the functions of times are taken for ones that always answer the same. They have to where an index or a
    /// check uses one; then a statement that writes no row may be found as well.
    pub(crate) pure: bool,
    /// Whether the script has put in a row: before, `last_insert_rowid()` is that of something else.
    pub(crate) has_inserted: bool,
}

impl Chance {
    pub(crate) fn new(code: &'static str, pure: bool) -> Self {
        Self { code, asked: ChanceCalls::default(), found: Vec::new(), pure, has_inserted: false }
    }

    /// What was asked for since the last statement of a script ran.
    pub(crate) fn take(&self) -> Vec<(&'static str, &'static str)> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn register(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (name, times) in TIMES {
            let pure = self.pure && !times.is_empty();
            self.stand_in(connection, name, pure, move |arguments| {
                if times.is_empty() { Some(MOMENT) } else { of_time(times, arguments) }
            })?;
        }
        for (name, why) in OTHERS {
            self.stand_in(connection, name, false, move |_| Some(why))?;
        }
        Ok(())
    }

    fn stand_in(
        &self,
        connection: &Connection,
        name: &'static str,
        pure: bool,
        depends: impl Fn(&[Value]) -> Option<&'static str> + Send + 'static,
    ) -> rusqlite::Result<()> {
        let asked = Arc::clone(&self.asked);
        let original = Mutex::new(Connection::open_in_memory()?);
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let flags = if pure { flags | FunctionFlags::SQLITE_DETERMINISTIC } else { flags };
        connection.create_scalar_function(name, -1, flags, move |context: &mut Context<'_>| {
            let arguments: Vec<Value> = (0..context.len()).map(|at| value(context.get_raw(at))).collect();
            if let Some(why) = depends(&arguments) {
                asked.lock().unwrap_or_else(PoisonError::into_inner).push((name, why));
            }
            let marks = vec!["?"; arguments.len()].join(", ");
            let sql =
                if name.starts_with("current_") { format!("SELECT {name}") } else { format!("SELECT {name}({marks})") };
            let original = original.lock().unwrap_or_else(PoisonError::into_inner);
            original.query_row(&sql, params_from_iter(arguments), |row| row.get::<_, Value>(0))
        })
    }
}

/// A function as people write it.
pub(crate) fn shown(name: &str) -> String {
    if name.starts_with("current_") { name.to_ascii_uppercase() } else { format!("{name}()") }
}

impl Judge for Chance {
    fn found(self) -> Vec<Diagnostic> {
        self.found
    }
}

fn value(raw: ValueRef<'_>) -> Value {
    Value::try_from(raw).unwrap_or_else(|_| Value::Blob(raw.as_bytes().unwrap_or_default().to_vec()))
}

/// On what a function of times depends, by its arguments.
fn of_time(times: &[usize], arguments: &[Value]) -> Option<&'static str> {
    let is = |at: usize, words: &[&str]| match arguments.get(at) {
        Some(Value::Text(text)) => words.iter().any(|word| text.trim().eq_ignore_ascii_case(word)),
        // Without a time it is now.
        None => words.contains(&"now"),
        _ => false,
    };
    if times.iter().any(|at| is(*at, &["now", "subsec", "subsecond"])) {
        return Some(MOMENT);
    }
    let modifiers = times.last().map_or(0, |last| last + 1)..arguments.len();
    modifiers.into_iter().any(|at| is(at, &["localtime", "utc"])).then_some(ZONE)
}

impl ReplayObserver for Chance {
    fn connection_opened(&mut self, connection: &mut Connection) -> rusqlite::Result<()> {
        self.register(connection)
    }

    fn script_begins(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.has_inserted = false;
        self.register(connection)
    }

    fn statement_begins(&mut self, _: &Connection, _: &Script, _: &Statement) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn statement_ran(
        &mut self,
        connection: &Connection,
        script: &Script,
        statement: &Statement,
    ) -> rusqlite::Result<()> {
        let mut asked = self.take();
        let sql = script.source.slice(statement.span);
        if !self.has_inserted && tokens(sql).any(|token| is_word(sql, token, LAST)) {
            asked.push((LAST, "is of what the connection did before"));
        }
        // What changes rows in another way does not count; what puts none in changes none.
        let inserts = ["INSERT", "REPLACE", "WITH"].iter().any(|word| starts_with(script, statement, word));
        self.has_inserted |= inserts && connection.changes() > 0;
        let Some((name, why)) = asked.first() else { return Ok(()) };
        // What only reads leaves nothing behind. What can't be prepared again has made something.
        if connection.prepare(script.source.slice(statement.span)).is_ok_and(|statement| statement.readonly()) {
            return Ok(());
        }
        let message = format!("this writes the result of `{}`, which {why}", shown(name));
        let place = Location::new(&script.source, script.source.first_line(statement.span));
        self.found.push(Diagnostic::error(self.code, message).at(place));
        Ok(())
    }
}
