//! A row of the tables, and what it says of this project beside the others.

use crate::tools::Tool;

/// A line of a table: a value for each tool, in the order of [`Tool::RUNNERS`].
pub struct Row {
    pub label: String,
    /// How it reads.
    cells: Vec<Option<String>>,
    /// What is compared, if less is better.
    values: Option<Vec<Option<f64>>>,
}

/// What stands where nothing was measured or there is nothing to measure.
const NOTHING: &str = "–";

/// By how much something has to be slower to be told, as measurements differ by themselves.
const NOISE: f64 = 1.05;

impl Row {
    pub fn new(label: impl Into<String>, value: impl Fn(&str) -> Option<f64>, format: impl Fn(f64) -> String) -> Self {
        Self::with_cells(label, value, |_, value| format(value))
    }

    pub fn with_cells(
        label: impl Into<String>,
        value: impl Fn(&str) -> Option<f64>,
        format: impl Fn(&str, f64) -> String,
    ) -> Self {
        let values: Vec<Option<f64>> = Tool::RUNNERS.iter().map(|tool| value(tool.name())).collect();
        let cells =
            Tool::RUNNERS.iter().zip(&values).map(|(tool, value)| value.map(|value| format(tool.name(), value)));
        Self { label: label.into(), cells: cells.collect(), values: Some(values) }
    }

    /// Answers in words.
    pub fn words(label: impl Into<String>, answer: impl Fn(&str) -> Option<String>) -> Self {
        let cells = Tool::RUNNERS.iter().map(|tool| answer(tool.name())).collect();
        Self { label: label.into(), cells, values: None }
    }

    /// Told, but not compared.
    pub fn aside(self) -> Self {
        Self { values: None, ..self }
    }

    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Option::is_none)
    }

    pub fn render(&self) -> Vec<String> {
        let cells = self.cells.iter().map(|cell| cell.clone().unwrap_or_else(|| NOTHING.to_owned()));
        std::iter::once(self.label.clone()).chain(cells).collect()
    }

    /// Whether a peer has less of it, and which has least.
    fn slower(&self, label: &str) -> Option<String> {
        let values = self.values.as_ref()?;
        let ours = (*values.first()?)?;
        let peers = values.iter().enumerate().skip(1).filter_map(|(at, value)| Some((at, (*value)?)));
        let (at, best) = peers.min_by(|one, other| one.1.total_cmp(&other.1))?;
        let is_slower = ours > best * NOISE && ours > best;
        let cell = |at: usize| self.cells[at].as_deref().unwrap_or(NOTHING);
        is_slower.then(|| format!("{label}: {}, {} {}", cell(0), Tool::RUNNERS[at].name(), cell(at)))
    }
}

/// What is behind, with the label in full where a row goes on from the one before.
pub fn all_slower(rows: &[Row]) -> Vec<String> {
    let mut before = "";
    let mut slower = Vec::new();
    for row in rows {
        match row.label.strip_prefix('…') {
            Some(rest) => slower.extend(row.slower(&format!("{before},{rest}"))),
            None => {
                before = &row.label;
                slower.extend(row.slower(before));
            }
        }
    }
    slower
}
