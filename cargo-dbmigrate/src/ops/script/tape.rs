//! What the real runner does to a database in memory, written down statement by statement.

use std::cell::RefCell;
use std::rc::Rc;

use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_runtime::{Backend, Driver, Rows, Set, Value, quote_identifier};
use rusqlite::Connection;

use super::guard::{Stage, State};
use super::value::text;
use crate::ops::driver::Rusqlite;

/// What happened, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// A migration of this name is about to run, its transaction is open.
    Migration(String),
    /// The first step of this script is about to run: a migration, or the file of a hook or a repeatable.
    Script(String),
    /// A transaction was opened on a database whose history held this.
    Begun(State),
    /// A statement without parameters ran.
    Executed(String),
    /// A statement of the runner's that changes something ran; parameters are `?1`, `?2`, ….
    Wrote(String, Vec<Value>),
}

/// A tape that several hands write on.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape(Rc<RefCell<Vec<Event>>>);

impl Tape {
    pub(super) fn add(&self, event: Event) {
        self.0.borrow_mut().push(event);
    }

    /// Everything that was written down, which ends the tape.
    pub(super) fn take(&self) -> Vec<Event> {
        self.0.take()
    }
}

/// A driver that does what that of rusqlite does, and writes down what changes something. Questions leave no trace.
pub(super) struct Recorder<'c> {
    connection: &'c mut Connection,
    tape: Tape,
    /// What of the history is asked for at the beginning of each transaction.
    history: String,
}

impl<'c> Recorder<'c> {
    pub(super) fn new(connection: &'c mut Connection, tape: &Tape, set: &Set<'_>) -> Self {
        let (table, name) = (quote_identifier(set.table), text(set.name));
        let history =
            format!("SELECT number, state, statements_done FROM main.{table} WHERE set_name = {name} ORDER BY number");
        Self { connection, tape: tape.clone(), history }
    }

    fn state(&mut self) -> State {
        // Where there is no table, there is no history.
        let rows = Rusqlite::driver(self.connection).query(&self.history, &[]).unwrap_or_default();
        let mut state = State::default();
        for row in rows {
            let Ok([Value::Integer(number), Value::Text(word), Value::Integer(done)]) = <[Value; 3]>::try_from(row)
            else {
                continue;
            };
            match (word.as_str(), u64::try_from(number), u64::try_from(done)) {
                ("applied", ..) => state.applied += 1,
                (_, Ok(number), Ok(done)) => state.stage = Some(Stage { number, state: word, done }),
                _ => {}
            }
        }
        state
    }
}

impl Driver for Recorder<'_> {
    type Error = rusqlite::Error;

    fn execute(&mut self, sql: &str) -> Result<(), rusqlite::Error> {
        Rusqlite::driver(self.connection).execute(sql)?;
        let event = match sql {
            "BEGIN IMMEDIATE" => Event::Begun(self.state()),
            _ => Event::Executed(sql.to_owned()),
        };
        self.tape.add(event);
        Ok(())
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Rows, rusqlite::Error> {
        let reads = self.connection.prepare(sql)?.readonly() || is_question(sql);
        let rows = Rusqlite::driver(self.connection).query(sql, params)?;
        if !reads {
            self.tape.add(Event::Wrote(sql.to_owned(), params.to_vec()));
        }
        Ok(rows)
    }

    fn in_transaction(&mut self) -> bool {
        !self.connection.is_autocommit()
    }

    fn is_busy(error: &rusqlite::Error) -> bool {
        <<Rusqlite as Backend>::Driver<'_> as Driver>::is_busy(error)
    }
}

/// Whether a PRAGMA only asks: of some, such as `journal_mode`, SQLite calls that a write as well.
fn is_question(sql: &str) -> bool {
    let words: Vec<_> = tokens(sql).filter(|token| !token.is_blank()).collect();
    let is_pragma = words.first().is_some_and(|first| is_word(sql, *first, "PRAGMA"));
    is_pragma && !words.iter().any(|token| ["=", "("].contains(&token.text(sql)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pragma_that_sets_nothing_leaves_no_trace() {
        let mut connection = Connection::open_in_memory().unwrap();
        let tape = Tape::default();
        let mut recorder = Recorder::new(&mut connection, &tape, &Set::EMPTY);
        recorder.query("PRAGMA main.journal_mode", &[]).unwrap();
        recorder.query("PRAGMA main.journal_mode = MEMORY", &[]).unwrap();
        assert_eq!(tape.take(), [Event::Wrote("PRAGMA main.journal_mode = MEMORY".to_owned(), Vec::new())]);
    }
}
