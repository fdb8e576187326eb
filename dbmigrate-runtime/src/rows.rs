//! The rows of a result, or of parameters.

use crate::value::{Param, Row, Value};

/// Rows with the same number of columns. All values are in one list, row by row.
///
/// ```
/// use dbmigrate_runtime::{Rows, Value};
///
/// let mut rows = Rows::new(2);
/// for (id, name) in [(1, "Ada"), (2, "Grace")] {
///     rows.push(Value::Integer(id));
///     rows.push(Value::Text(name.to_owned()));
/// }
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows.get(1), Some(&[Value::Integer(2), Value::Text("Grace".to_owned())][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    columns: usize,
    values: Vec<Value>,
}

impl Rows {
    /// Creates a list without rows, for this number of columns.
    #[must_use]
    pub const fn new(columns: usize) -> Self {
        Self { columns, values: Vec::new() }
    }

    /// Adds the next value: that of the next column, or the first one of a new row.
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    /// Adds the values of parameters.
    #[inline(never)]
    pub(crate) fn add(&mut self, params: &[Param<'_>]) {
        for param in params {
            self.push(param.value());
        }
    }

    /// All values, row by row.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row at this index, if it is complete.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&[Value]> {
        self.iter().nth(row)
    }

    /// Iterates over the rows.
    // By hand, because `chunks_exact` divides, which is code in each place that iterates.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        let (columns, mut rest) = (self.columns.max(1), &*self.values);
        std::iter::from_fn(move || {
            let (row, after) = rest.split_at_checked(columns)?;
            rest = after;
            Some(row)
        })
    }

    /// The number of rows.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }

    /// Whether there are no rows.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.values.len() < self.columns.max(1)
    }

    /// All of them, to take their values.
    #[inline]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [Value]> {
        let (columns, mut rest) = (self.columns.max(1), &mut *self.values);
        std::iter::from_fn(move || {
            let (row, after) = std::mem::take(&mut rest).split_at_mut_checked(columns)?;
            rest = after;
            Some(row)
        })
    }

    /// Takes the first value, where there is one.
    pub(crate) fn take_first(&mut self) -> Option<Value> {
        self.values.first_mut().map(Value::take)
    }
}

/// As many columns as the first has, for a library that returns each row as a list.
impl FromIterator<Row> for Rows {
    #[inline]
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        let mut all = Self::default();
        for mut row in rows {
            if all.values.is_empty() {
                all.columns = row.len();
            }
            row.resize(all.columns, Value::Null);
            all.values.append(&mut row);
        }
        all
    }
}

/// Each as a list of its own.
impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    #[inline]
    fn into_iter(mut self) -> Self::IntoIter {
        let rows: Vec<Row> = self.iter_mut().map(|row| row.iter_mut().map(Value::take).collect()).collect();
        rows.into_iter()
    }
}
