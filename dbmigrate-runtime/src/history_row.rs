//! One row of the history as it is read, and the duration of a script as it is written.

use std::mem::take;
use std::time::Duration;

use crate::row_state::RowState;
use crate::set::Migration;
use crate::value::{Param, Value, micros, whole_micros};

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryRow {
    /// The id of the row. Rows are written in this order.
    pub id: i64,
    /// The full name of the migration.
    pub name: String,
    /// When it was applied: `YYYY-MM-DD HH:MM:SS`, UTC.
    pub applied_at: String,
    /// The set that the migration belongs to; empty for a set without a name.
    pub set_name: String,
    /// The number.
    pub number: u64,
    /// The checksum of what was applied.
    pub checksum: String,
    /// How far it has come: applied, or interrupted.
    pub state: RowState,
    /// The number of completed steps.
    pub statements_done: u64,
    /// How long it took.
    pub duration: Option<Duration>,
    /// How long each of its steps took, in order. Empty if unknown, for example for a migration that was interrupted.
    /// Without a transaction, the file's own group from `BEGIN` to `COMMIT` is one step.
    pub steps: Vec<Duration>,
    /// The program that applied it.
    pub tool: Option<String>,
    /// The times of its steps as the history has them, for [`HistoryRow::with_steps`].
    pub(crate) steps_us: Option<String>,
    /// Whether its down script is stored.
    pub(crate) has_down: bool,
    /// The checksum of the text that was applied, with its comments.
    pub(crate) text_checksum: Option<String>,
    /// For one without a transaction: the checksum of the steps that have run or were begun.
    pub(crate) prefix_checksum: Option<String>,
}

/// How long a script took.
#[derive(Clone, Copy)]
pub(crate) struct Timing<'t> {
    pub(crate) duration: Duration,
    /// Each of its steps.
    pub(crate) steps: &'t [Duration],
}

impl HistoryRow {
    /// What [`HistoryRow::decode`] reads: the texts, of which the first have to be there, and the numbers likewise.
    pub(crate) const COLUMNS: &str = "name, applied_at, set_name, checksum, state, steps_us, tool, text_checksum, \
                                      prefix_checksum, id, number, statements_done, down_sql IS NOT NULL, duration_us";

    /// Reads one, and takes its values; `None` where one is missing, no number, or a state of a newer version.
    pub(crate) fn decode(row: &mut [Value]) -> Option<Self> {
        let [
            Value::Text(name),
            Value::Text(applied_at),
            Value::Text(set_name),
            Value::Text(checksum),
            Value::Text(state),
            steps_us,
            tool,
            text_checksum,
            prefix_checksum,
            Value::Integer(id),
            Value::Integer(number),
            Value::Integer(statements_done),
            has_down,
            duration,
        ] = row
        else {
            return None;
        };
        let (number, statements_done) = (u64::try_from(*number).ok()?, u64::try_from(*statements_done).ok()?);
        let (state, duration) = (RowState::parse(state)?, duration_of(duration));
        // From here on nothing fails, so that half a row is nowhere taken apart.
        Some(Self {
            id: *id,
            name: take(name),
            applied_at: take(applied_at),
            set_name: take(set_name),
            number,
            checksum: take(checksum),
            state,
            statements_done,
            duration,
            steps: Vec::new(),
            steps_us: steps_us.take_text(),
            tool: tool.take_text(),
            has_down: *has_down == Value::Integer(1),
            text_checksum: text_checksum.take_text(),
            prefix_checksum: prefix_checksum.take_text(),
        })
    }

    /// Whether `up` can go on with the program's text where this row says that it was stopped. What stopped it is often the
    /// file itself, so an edit behind what has run is how one goes on: the steps that have run, with the one that was
    /// begun, have to be the program's first ones.
    #[inline(never)]
    pub(crate) fn goes_on(&self, migration: &Migration<'_>) -> bool {
        self.name == migration.name
            && !migration.up.transaction
            && matches!(self.state, RowState::Running | RowState::Started)
            && (self.checksum == migration.checksum || self.has_same_prefix(migration))
    }

    fn has_same_prefix(&self, migration: &Migration<'_>) -> bool {
        let begun = self.statements_done.saturating_add(u64::from(self.state == RowState::Started));
        let prefix = usize::try_from(begun).ok().and_then(|begun| migration.up.prefix(begun));
        prefix.is_some() && self.prefix_checksum.as_deref() == prefix
    }

    /// The same with the times of its steps, for people.
    #[inline]
    pub(crate) fn with_steps(self) -> Self {
        Self { steps: self.step_times(), ..self }
    }

    /// How long each of its steps took.
    #[inline]
    pub(crate) fn step_times(&self) -> Vec<Duration> {
        let micros = self.steps_us.as_deref().unwrap_or_default().split_ascii_whitespace();
        let times: Option<_> = micros.map(|micros| micros.parse().map(Duration::from_micros).ok()).collect();
        // None where one is no number.
        times.unwrap_or_default()
    }
}

#[inline(never)]
fn duration_of(value: &Value) -> Option<Duration> {
    match value {
        Value::Integer(micros) => u64::try_from(*micros).ok().map(Duration::from_micros),
        _ => None,
    }
}

impl Timing<'_> {
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
