//! One table before and after, and what its rows get in each column.

use std::collections::HashSet;

use super::{Decisions, Undecided};
use crate::model::{Column, Name, ROWID_NAMES, Table};
use crate::render::sql;

/// One table before and after.
pub(super) struct Pair<'a> {
    /// As the plan finds it, by its first names.
    pub(super) was: &'a Table,
    /// As the renames of the plan leave it: otherwise the same.
    pub(super) before: &'a Table,
    /// As it has to become.
    pub(super) after: &'a Table,
    /// The columns that only a copy of the rows gives another name: before and after.
    pub(super) moved: Vec<(Name, Name)>,
    pub(super) decisions: &'a Decisions,
}

/// Whether SQLite could take the name of a column for that of the rowid. It neither renames to or from one, nor adds
/// it to a table.
pub(crate) fn is_rowid_name(name: &Name) -> bool {
    ROWID_NAMES.iter().any(|rowid| name.as_str().eq_ignore_ascii_case(rowid))
}

impl<'a> Pair<'a> {
    /// What a column of `after` is in `before`.
    pub(super) fn old(&self, after: &Name) -> Option<&'a Column> {
        match self.moved.iter().find(|(_, to)| to == after) {
            Some((from, _)) => self.before.column(from),
            None => self.before.column(after).filter(|column| self.moved.iter().all(|(from, _)| *from != column.name)),
        }
    }

    /// The name that a column of `before` has at first.
    pub(super) fn first_name(&self, column: &Name) -> Option<&Name> {
        let place = self.before.columns.iter().position(|before| before.name == *column)?;
        self.was.columns.get(place).map(|column| &column.name)
    }

    /// Whether any name changes.
    pub(super) fn is_renamed(&self) -> bool {
        let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        self.was.name != self.before.name || names(self.was) != names(self.before) || !self.moved.is_empty()
    }

    /// What rows get in a column where they have no value.
    pub(super) fn fill(&self, column: &Name) -> Option<&str> {
        let mut fills = self.decisions.fills.iter();
        let fill = fills.find(|fill| fill.table == self.after.name && fill.column == *column)?;
        Some(fill.expression.trim())
    }

    /// Whether rows may have no value in a column that needs one from now on.
    pub(super) fn becomes_not_null(&self, column: &Column) -> bool {
        let needs_one = column.not_null.is_some() || is_rowid(self.after, column);
        needs_one && self.may_lack_value(column)
    }

    /// Whether NULL can't go over as it is.
    fn may_lack_value(&self, column: &Column) -> bool {
        is_never_null(self.after, &column.name)
            && self.old(&column.name).is_some_and(|old| !is_never_null(self.before, &old.name))
    }

    /// The columns in which a row may hold something else afterwards, by their names after; none where the rows themselves
    /// may be known by other numbers.
    pub(super) fn changed_columns(&self) -> Option<HashSet<Name>> {
        let rowid = |table: &Table| {
            let hidden = table.columns.iter().filter(|column| is_rowid_name(&column.name));
            let hidden: HashSet<_> = hidden.map(|column| column.name.clone()).collect();
            (table.without_rowid, table.rowid_alias().map(|alias| alias.name.clone()), hidden)
        };
        if self.was.name != self.after.name || rowid(self.was) != rowid(self.after) || rowid_name(self.after).is_none()
        {
            return None;
        }
        let storage = |column: &Column, strict| (column.declared_type.clone(), strict, column.generated.clone());
        let stays = |column: &Column| {
            self.old(&column.name).is_some_and(|old| {
                self.first_name(&old.name) == Some(&column.name)
                    && storage(old, self.before.strict) == storage(column, self.after.strict)
                    && !(self.fill(&column.name).is_some() && self.may_lack_value(column))
            })
        };
        let mut changed: HashSet<_> =
            self.after.columns.iter().filter(|column| !stays(column)).map(|column| column.name.clone()).collect();
        if !changed.is_empty() {
            // What is computed may be so from one of them.
            let computed = self.after.columns.iter().filter(|column| column.generated.is_some());
            changed.extend(computed.map(|column| column.name.clone()));
        }
        Some(changed)
    }

    /// The columns that need a value and have no way to get one.
    pub(super) fn without_value(&self) -> impl Iterator<Item = Undecided> {
        let columns = self.after.columns.iter().filter(|column| column.generated.is_none());
        columns.filter_map(|column| {
            let new = self.old(&column.name).is_none();
            let missing = if is_rowid(self.after, column) {
                // The rowid is there, or SQLite makes one.
                false
            } else if new {
                is_never_null(self.after, &column.name)
                    && column.default.as_ref().is_none_or(|default| default.is_null())
            } else {
                self.becomes_not_null(column)
            };
            (missing && self.fill(&column.name).is_none()).then(|| Undecided::NotNullWithoutValue {
                table: self.after.name.clone(),
                column: column.name.clone(),
                new,
            })
        })
    }

    /// The columns that a copy of the rows writes, and what it writes there. The others get their default.
    pub(super) fn copied(&self) -> Vec<(String, String)> {
        let mut copied: Vec<_> = self.rowid().into_iter().collect();
        for column in self.after.columns.iter().filter(|column| column.generated.is_none()) {
            let name = column.name.to_sql();
            let fill = self.fill(&column.name).map(sql::closed);
            let old = self.old(&column.name).map(|old| old.name.to_sql());
            let value = match (old, fill) {
                (Some(old), Some(fill)) if self.may_lack_value(column) => format!("coalesce({old}, {fill})"),
                (Some(old), _) => old,
                (None, Some(fill)) => fill,
                (None, None) if is_rowid(self.after, column) => match rowid_name(self.before) {
                    Some(rowid) => rowid,
                    None => continue,
                },
                (None, None) => continue,
            };
            copied.push((name, value));
        }
        copied
    }

    /// The rowid, where no column is another name for it.
    fn rowid(&self) -> Option<(String, String)> {
        if self.after.rowid_alias().is_some() {
            return None;
        }
        Some((rowid_name(self.after)?, rowid_name(self.before)?))
    }
}

/// Whether a column is the rowid by another name.
pub(super) fn is_rowid(table: &Table, column: &Column) -> bool {
    table.rowid_alias().is_some_and(|alias| alias.name == column.name)
}

/// Whether SQLite lets no row be without a value in a column.
pub(crate) fn is_never_null(table: &Table, column: &Name) -> bool {
    let Some(column) = table.column(column) else { return false };
    let in_key = || table.is_in_primary_key(&column.name);
    column.not_null.is_some() || is_rowid(table, column) || ((table.without_rowid || table.strict) && in_key())
}

/// A name for the rowid; none where there is no rowid, or where columns have all of its names.
fn rowid_name(table: &Table) -> Option<String> {
    let alias = || table.rowid_alias().map(|alias| alias.name.to_sql());
    table.free_rowid_name().map(str::to_owned).or_else(alias)
}
