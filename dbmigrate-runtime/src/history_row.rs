//! One row of the history, as it is read; and how long a script took, as it is written.

use std::fmt::Write;
use std::time::Duration;

use crate::value::{Param, Row, Value, micros, whole_micros};

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryRow {
    /// The order in which rows were written.
    pub id: i64,
    /// The full name of the migration.
    pub name: String,
    /// When it was applied: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: String,
    /// The set that it belongs to; empty for the only one.
    pub set_name: String,
    /// Its number.
    pub number: u64,
    /// The checksum of what was applied.
    pub checksum: String,
    /// `applied`; `running`, `started`, `reverting` or `reverting-started` for one that was stopped on its way.
    pub state: String,
    /// The steps that are done.
    pub statements_done: u64,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How long each of its steps took, in order; empty where that is not known, as with a migration that was stopped
    /// on its way. Without a transaction, the file's own group from `BEGIN` to `COMMIT` is one step.
    pub steps: Vec<Duration>,
    /// The program that applied it.
    pub tool: Option<String>,
    /// Whether its way back is stored.
    pub(crate) has_down: bool,
    /// The checksum of the text that was applied, with its comments.
    pub(crate) text_checksum: Option<String>,
    /// For one without a transaction: the checksum of the steps that have run or were begun.
    pub(crate) prefix_checksum: Option<String>,
}

/// How long a script took.
#[derive(Clone, Copy)]
pub(crate) struct Took<'t> {
    pub(crate) duration: Duration,
    /// Each of its steps.
    pub(crate) steps: &'t [Duration],
}

impl HistoryRow {
    /// What [`HistoryRow::decode`] reads.
    pub(crate) const COLUMNS: &str = "id, name, applied_at, set_name, number, checksum, state, statements_done, \
                                      duration_us, steps_us, tool, down_sql IS NOT NULL, text_checksum, prefix_checksum";

    /// Reads one; `None` where a value is missing or no number.
    pub(crate) fn decode(row: Row) -> Option<Self> {
        let mut cells = Cells { values: row.into_iter(), is_damaged: false };
        let row = Self {
            id: cells.integer(),
            name: cells.text(),
            applied_at: cells.text(),
            set_name: cells.text(),
            number: cells.count(),
            checksum: cells.text(),
            state: cells.text(),
            statements_done: cells.count(),
            duration: cells.number().and_then(|micros| u64::try_from(micros).ok()).map(Duration::from_micros),
            steps: step_times(&cells.maybe_text().unwrap_or_default()),
            tool: cells.maybe_text(),
            has_down: cells.number() == Some(1),
            text_checksum: cells.maybe_text(),
            prefix_checksum: cells.maybe_text(),
        };
        (!cells.is_damaged).then_some(row)
    }
}

/// The values of a row, one after the other. What is not as it should be is told at the end, so that half a row is
/// nowhere taken apart.
struct Cells {
    values: std::vec::IntoIter<Value>,
    is_damaged: bool,
}

impl Cells {
    #[inline(never)]
    fn maybe_text(&mut self) -> Option<String> {
        match self.values.next() {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn text(&mut self) -> String {
        let text = self.maybe_text();
        self.is_damaged |= text.is_none();
        text.unwrap_or_default()
    }

    #[inline(never)]
    fn number(&mut self) -> Option<i64> {
        match self.values.next() {
            Some(Value::Integer(number)) => Some(number),
            _ => None,
        }
    }

    fn integer(&mut self) -> i64 {
        let number = self.number();
        self.is_damaged |= number.is_none();
        number.unwrap_or_default()
    }

    fn count(&mut self) -> u64 {
        let number = u64::try_from(self.integer());
        self.is_damaged |= number.is_err();
        number.unwrap_or_default()
    }
}

impl Took<'_> {
    /// Both as the history has them.
    pub(crate) fn values(self) -> (Param<'static>, Option<String>) {
        let mut steps = String::new();
        for step in self.steps {
            let before = if steps.is_empty() { "" } else { " " };
            // Writing to a string does not fail.
            let _ = write!(steps, "{before}{}", whole_micros(*step));
        }
        (micros(self.duration), Some(steps).filter(|steps| !steps.is_empty()))
    }
}

/// The times of steps as the history has them: microseconds, separated by spaces. None where one is no number.
fn step_times(text: &str) -> Vec<Duration> {
    let mut times = Vec::new();
    for micros in text.split(' ') {
        match micros.parse() {
            Ok(micros) => times.push(Duration::from_micros(micros)),
            Err(_) => return Vec::new(),
        }
    }
    times
}
