//! One row of the history, as it is read; and how long a script took, as it is written.

use std::time::Duration;

use crate::value::{Row, Value, into_integer, into_text, micros};

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
        let mut values = row.into_iter();
        let mut next = || values.next();
        Some(Self {
            id: into_integer(next()?)?,
            name: into_text(next()?)?,
            applied_at: into_text(next()?)?,
            set_name: into_text(next()?)?,
            number: u64::try_from(into_integer(next()?)?).ok()?,
            checksum: into_text(next()?)?,
            state: into_text(next()?)?,
            statements_done: u64::try_from(into_integer(next()?)?).ok()?,
            duration: into_integer(next()?).and_then(|micros| u64::try_from(micros).ok()).map(Duration::from_micros),
            steps: into_text(next()?).and_then(|text| step_times(&text)).unwrap_or_default(),
            tool: into_text(next()?),
            has_down: next()? == Value::Integer(1),
            text_checksum: into_text(next()?),
            prefix_checksum: into_text(next()?),
        })
    }
}

impl Took<'_> {
    /// Both as the history has them.
    pub(crate) fn values(self) -> [Value; 2] {
        let steps: Vec<String> = self.steps.iter().map(|step| step.as_micros().to_string()).collect();
        let steps = if steps.is_empty() { Value::Null } else { Value::Text(steps.join(" ")) };
        [micros(self.duration), steps]
    }
}

/// The times of steps as the history has them: microseconds, separated by spaces. `None` where one is no number.
fn step_times(text: &str) -> Option<Vec<Duration>> {
    text.split(' ').map(|micros| micros.parse().ok().map(Duration::from_micros)).collect()
}
