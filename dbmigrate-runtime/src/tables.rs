//! The tables of a database by the rowids of their schema entries, which a rename keeps and a table that is recreated
//! does not have.

/// Their names, in the order of the rowids.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Tables(Vec<(i64, String)>);

impl Tables {
    /// Adds one. They mostly come in order.
    #[inline]
    pub(crate) fn insert(&mut self, rowid: i64, name: String) {
        let at = self.0.partition_point(|(other, _)| *other < rowid);
        self.0.insert(at, (rowid, name));
    }

    /// The name of the one with this rowid.
    #[inline]
    pub(crate) fn get(&self, rowid: i64) -> Option<&str> {
        let at = self.0.partition_point(|(other, _)| *other < rowid);
        self.0.get(at).filter(|(other, _)| *other == rowid).map(|(_, name)| name.as_str())
    }

    /// Whether one has this name.
    #[inline]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(_, other)| other == name)
    }

    #[inline]
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, (i64, String)> {
        self.0.iter()
    }
}
