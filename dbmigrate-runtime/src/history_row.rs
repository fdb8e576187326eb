//! One row of the history, as it is read; and how long a script took, as it is written.

use std::time::Duration;

use crate::value::{Param, Value, micros, whole_micros};

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
    /// What [`HistoryRow::decode`] reads: the texts, of which the first have to be there, and the numbers likewise.
    pub(crate) const COLUMNS: &str = "name, applied_at, set_name, checksum, state, steps_us, tool, text_checksum, \
                                      prefix_checksum, id, number, statements_done, down_sql IS NOT NULL, duration_us";

    /// Reads one; `None` where a value is missing or no number.
    pub(crate) fn decode(row: &mut [Value]) -> Option<Self> {
        let count = |at| integer(row, at).and_then(|count| u64::try_from(count).ok());
        let has_texts = row.iter().take(5).all(|value| matches!(value, Value::Text(_)));
        let (Some(id), Some(number), Some(statements_done), true) = (integer(row, 9), count(10), count(11), has_texts)
        else {
            return None;
        };
        let (has_down, duration) = (integer(row, 12) == Some(1), count(13));
        // From here on nothing fails, so that half a row is nowhere taken apart.
        Some(Self {
            id,
            name: text(row, 0).unwrap_or_default(),
            applied_at: text(row, 1).unwrap_or_default(),
            set_name: text(row, 2).unwrap_or_default(),
            number,
            checksum: text(row, 3).unwrap_or_default(),
            state: text(row, 4).unwrap_or_default(),
            statements_done,
            duration: duration.map(Duration::from_micros),
            steps: step_times(row.get(5)),
            tool: text(row, 6),
            has_down,
            text_checksum: text(row, 7),
            prefix_checksum: text(row, 8),
        })
    }
}

#[inline(never)]
fn integer(row: &[Value], at: usize) -> Option<i64> {
    match row.get(at) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

/// Takes a text out of a row.
#[inline(never)]
fn text(row: &mut [Value], at: usize) -> Option<String> {
    match row.get_mut(at) {
        Some(Value::Text(text)) => Some(std::mem::take(text)),
        _ => None,
    }
}

impl Took<'_> {
    /// Both as the history has them.
    pub(crate) fn values(self) -> (Param<'static>, Option<String>) {
        let mut steps = String::new();
        for step in self.steps {
            let before = if steps.is_empty() { "" } else { " " };
            steps.push_str(&format!("{before}{}", whole_micros(*step)));
        }
        (micros(self.duration), Some(steps).filter(|steps| !steps.is_empty()))
    }
}

/// The times of steps as the history has them: microseconds, separated by spaces. None where one is no number.
fn step_times(value: Option<&Value>) -> Vec<Duration> {
    let mut times = Vec::new();
    let Some(Value::Text(text)) = value else { return times };
    for micros in text.split_ascii_whitespace() {
        match micros.parse() {
            Ok(micros) => times.push(Duration::from_micros(micros)),
            Err(_) => return Vec::new(),
        }
    }
    times
}
