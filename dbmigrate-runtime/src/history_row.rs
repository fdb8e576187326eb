//! One row of the history, as it is read; and how long a script took, as it is written.

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
    /// What [`HistoryRow::decode`] reads: the texts, of which the first have to be there, and the numbers likewise.
    pub(crate) const COLUMNS: &str = "name, applied_at, set_name, checksum, state, steps_us, tool, text_checksum, \
                                      prefix_checksum, id, number, statements_done, down_sql IS NOT NULL, duration_us";

    /// Reads one; `None` where a value is missing or no number.
    pub(crate) fn decode(row: Row) -> Option<Self> {
        let (mut texts, mut numbers) = ([const { None }; 9], [None; 5]);
        for (column, value) in row.into_iter().enumerate() {
            match value {
                Value::Text(text) if column < 9 => texts[column] = Some(text),
                Value::Integer(number) if (9..14).contains(&column) => numbers[column - 9] = Some(number),
                _ => {}
            }
        }
        let [id, number, done, has_down, duration] = numbers;
        let [number, statements_done] = [number, done].map(|count| count.and_then(|count| u64::try_from(count).ok()));
        let (Some(id), Some(number), Some(statements_done), true) =
            (id, number, statements_done, texts[..5].iter().all(Option::is_some))
        else {
            return None;
        };
        // From here on nothing fails, so that half a row is nowhere taken apart.
        let steps = step_times(texts[5].as_deref().unwrap_or_default());
        let [name, applied_at, set_name, checksum, state, _, tool, text_checksum, prefix_checksum] = texts;
        Some(Self {
            id,
            name: name.unwrap_or_default(),
            applied_at: applied_at.unwrap_or_default(),
            set_name: set_name.unwrap_or_default(),
            number,
            checksum: checksum.unwrap_or_default(),
            state: state.unwrap_or_default(),
            statements_done,
            duration: duration.and_then(|micros| u64::try_from(micros).ok()).map(Duration::from_micros),
            steps,
            tool,
            has_down: has_down == Some(1),
            text_checksum,
            prefix_checksum,
        })
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
fn step_times(text: &str) -> Vec<Duration> {
    let mut times = Vec::new();
    for micros in text.split_ascii_whitespace() {
        match micros.parse() {
            Ok(micros) => times.push(Duration::from_micros(micros)),
            Err(_) => return Vec::new(),
        }
    }
    times
}
