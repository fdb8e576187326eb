//! Names in order, and what goes by them: vectors that are searched, in place of trees and tables of hashes.
//!
//! Each of those is tens of kilobytes of code for each type that it holds, for which every build of a program pays. Here
//! one function searches all. It costs little to add what comes in order, or nearly, as rows do that SQLite has sorted;
//! names in any order are collected.

/// Names, each once.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Names(Vec<String>);

/// Values by their names.
#[derive(Clone)]
pub(crate) struct ByName<V> {
    names: Names,
    /// In the order of the names.
    values: Vec<V>,
}

impl Names {
    const NONE: Self = Self(Vec::new());

    /// Where a name stands, or would stand.
    #[inline]
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|other| other.as_str().cmp(name))
    }

    #[inline]
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, String> {
        self.0.iter()
    }

    /// Adds more, whatever their order.
    #[inline]
    pub(crate) fn extend(&mut self, names: impl Iterator<Item = String>) {
        self.0.extend(names);
        self.0.sort_unstable();
        self.0.dedup();
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut all = Self::NONE;
        all.extend(names.into_iter());
        all
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<V> ByName<V> {
    pub(crate) const NONE: Self = Self { names: Names::NONE, values: Vec::new() };

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.values.get(self.names.place(name).ok()?)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.values.get_mut(self.names.place(name).ok()?)
    }

    /// Adds a value, or puts it in the place of the one that had the name.
    pub(crate) fn insert(&mut self, name: String, value: V) {
        match self.names.place(&name) {
            Ok(at) => self.values[at] = value,
            Err(at) => {
                self.names.0.insert(at, name);
                self.values.insert(at, value);
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(at) = self.names.place(name) {
            self.names.0.remove(at);
            self.values.remove(at);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        self.names.0.iter().zip(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once_and_in_order() {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Names>();
        let mut names = own(&["b", "a", "b"]);
        assert_eq!(names, own(&["a", "b"]));
        names.extend(["b", "ab"].map(str::to_owned).into_iter());
        assert!(names.contains("ab") && !names.contains("c"));
        assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "ab", "b"]);
    }

    #[test]
    fn a_value_goes_by_its_name() {
        let mut values = ByName::default();
        for (name, value) in [("b", 2), ("c", 3), ("a", 0), ("a", 1)] {
            values.insert(name.to_owned(), value);
        }
        assert_eq!((values.get("a"), values.get("c"), values.get("d")), (Some(&1), Some(&3), None));
        values.remove("b");
        values.remove("d");
        if let Some(value) = values.get_mut("c") {
            *value = 4;
        }
        assert_eq!(values.iter().collect::<Vec<_>>(), [(&"a".to_owned(), &1), (&"c".to_owned(), &4)]);
        assert_eq!(values.len(), 2);
    }
}
