//! Full-text tables over the text of another table: when that text changes, their words have to be read anew.

use std::collections::{HashMap, HashSet};

use super::names::table_like;
use super::{Planned, Undecided, dependents};
use crate::model::{Kind, Name, Object, Schema, VirtualTable};

/// What a plan does to full-text tables that hold no text themselves.
pub(super) struct Searches<'a> {
    to: &'a Schema,
    /// Those that are new, or made anew.
    made: HashSet<Name>,
    /// The columns that hold something else afterwards, by their table; none for a view that changes, or a table whose
    /// rows have other numbers.
    changed: HashMap<Name, Option<HashSet<Name>>>,
}

impl<'a> Searches<'a> {
    pub(super) fn new(to: &'a Schema) -> Self {
        Self { to, made: HashSet::new(), changed: HashMap::new() }
    }

    /// A table of any sort is made.
    pub(super) fn made(&mut self, object: &Object) {
        self.made.insert(object.name().clone());
    }

    /// The rows of a table change, or a view asks for others.
    pub(super) fn changed(&mut self, table: &Name, columns: Option<HashSet<Name>>) {
        if columns.as_ref().is_none_or(|columns| !columns.is_empty()) {
            self.changed.insert(table.clone(), columns);
        }
    }

    /// What full-text tables are to read and will not find, unless they have not found it before.
    pub(super) fn lost(from: &Schema, to: &Schema, name_after: impl Fn(&Name) -> Option<Name>) -> Vec<Undecided> {
        let fault = |schema: &Schema, search: &VirtualTable| {
            let content = search.content()?;
            if schema.object(Kind::View, &content).is_some() {
                return None;
            }
            match table_like(schema, &content) {
                Some(Object::Table(table)) => {
                    let missing = search.text_columns().into_iter().find(|column| table.column(column).is_none())?;
                    Some((format!("reads `{missing}` from `{content}`, which has no such column"), None))
                }
                Some(_) => None,
                None => Some((format!("reads its text from `{content}`, which is not there"), Some(content))),
            }
        };
        let searches = to.objects.iter().filter_map(|object| match object {
            Object::VirtualTable(search) => Some(search),
            _ => None,
        });
        let lost = searches.filter_map(|search| {
            let (why, content) = fault(to, search)?;
            let was = match from.object(Kind::VirtualTable, &search.name) {
                Some(Object::VirtualTable(was)) => fault(from, was),
                _ => None,
            };
            let argument = content.and_then(|content| name_after(&content)).map(|now| format!("content='{now}'"));
            was.is_none().then(|| Undecided::LostText { search: search.name.clone(), why, argument })
        });
        lost.collect()
    }

    fn reads_a_change(&self, search: &VirtualTable, content: &Name) -> bool {
        let columns = || search.text_columns().into_iter().chain(search.option("content_rowid"));
        match self.changed.get(content) {
            None => false,
            Some(None) => true,
            Some(Some(changed)) => columns().any(|column| changed.contains(&column)),
        }
    }

    /// The statements, once everything else is there. `stays` says of the name of a table whether the table had that
    /// name before; none where it was no table.
    pub(super) fn statements(&self, stays: impl Fn(&Name) -> Option<bool>) -> Vec<Planned> {
        let searches = self.to.objects.iter().filter_map(|object| match object {
            Object::VirtualTable(search) => Some((search, search.content()?)),
            _ => None,
        });
        let mut views = None;
        let mut needs = |(search, content): &(&VirtualTable, Name)| {
            if self.to.object(Kind::View, content).is_some() {
                let reached =
                    views.get_or_insert_with(|| dependents::reaching(self.to, &self.changed.keys().cloned().collect()));
                let others = self.changed.contains_key(content) || reached.contains(&(Kind::View, content.clone()));
                return self.made.contains(&search.name) || others;
            }
            match stays(content) {
                // There were no rows before, or there is nothing to read.
                None => table_like(self.to, content).is_some() && !self.made.contains(&search.name),
                Some(stays) => !stays || self.made.contains(&search.name) || self.reads_a_change(search, content),
            }
        };
        let found: Vec<_> = searches.filter(|found| needs(found)).collect();
        found.into_iter().map(|(search, content)| rebuild(&search.name, &content)).collect()
    }
}

fn rebuild(search: &Name, content: &Name) -> Planned {
    let name = search.to_sql();
    let comment = format!("the words of `{search}` are read again from `{content}`");
    let sql = format!("INSERT INTO {name} ({name}) VALUES ('rebuild')");
    Planned { sql, comment: Some(super::text::one_line(&comment)) }
}
