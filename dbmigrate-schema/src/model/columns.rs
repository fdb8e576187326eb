//! The columns of a table, in order and by name.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use super::{Column, Name};

/// So many are looked through faster than they are looked up.
const FEW: usize = 12;

/// The columns of a table, in order. A slice of them that also finds one by its name.
///
/// A migration may add one column to a table of a thousand, and everything that judges it asks for each of them: a
/// search would make that quadratic.
#[derive(Default)]
pub struct Columns {
    list: Vec<Column>,
    /// Their places, once one of many is looked for.
    places: OnceLock<HashMap<Name, usize>>,
}

impl Columns {
    /// The first column of this name.
    #[must_use]
    pub fn named(&self, name: &Name) -> Option<&Column> {
        if self.list.len() <= FEW {
            return self.list.iter().find(|column| column.name == *name);
        }
        let places = self.places.get_or_init(|| {
            let mut places = HashMap::with_capacity(self.list.len());
            for (place, column) in self.list.iter().enumerate() {
                places.entry(column.name.clone()).or_insert(place);
            }
            places
        });
        places.get(name).map(|place| &self.list[*place])
    }
}

impl Deref for Columns {
    type Target = [Column];

    fn deref(&self) -> &[Column] {
        &self.list
    }
}

impl From<Vec<Column>> for Columns {
    fn from(list: Vec<Column>) -> Self {
        Self { list, places: OnceLock::new() }
    }
}

impl<'a> IntoIterator for &'a Columns {
    type Item = &'a Column;
    type IntoIter = std::slice::Iter<'a, Column>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl Clone for Columns {
    fn clone(&self) -> Self {
        self.list.clone().into()
    }
}

impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Columns {}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;
    use crate::model::name::compared;

    fn table(columns: usize) -> Schema {
        let columns: Vec<_> = (0..columns).map(|at| format!("Column_{at} INT")).collect();
        Schema::from_sql(&format!("CREATE TABLE t ({})", columns.join(", "))).unwrap()
    }

    #[test]
    fn a_column_is_found_by_any_spelling_of_its_name() {
        for many in [1, FEW, FEW + 1, 400] {
            let schema = table(many);
            let columns = &schema.table(&Name::new("t")).unwrap().columns;
            for (at, column) in columns.iter().enumerate() {
                let found = columns.named(&Name::new(format!("cOLUMN_{at}"))).unwrap();
                assert!(std::ptr::eq(found, column));
            }
            assert_eq!(columns.named(&Name::new(format!("column_{many}"))), None);
        }
    }

    /// Whoever asks for each column of a table compares as many names as there are.
    #[test]
    fn to_find_them_all_is_linear() {
        let work = |many: usize| {
            let schema = table(many);
            let columns = &schema.table(&Name::new("t")).unwrap().columns;
            let before = compared();
            assert!(columns.iter().all(|column| columns.named(&column.name).is_some()));
            compared() - before
        };
        assert!(work(1600) < 5 * work(400), "{} {}", work(400), work(1600));
    }
}
