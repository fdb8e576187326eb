//! What the statements of a migration did to each object, and which tables they emptied: put in order once, because
//! rules ask it of every statement.

use std::collections::HashMap;

use sqlite3_parser::ast::Stmt;

use super::migration::Statement;
use super::state::{Changed, Key};
use super::tree;
use crate::model::Name;

#[derive(Debug, Default)]
pub(super) struct History<'m> {
    changes: HashMap<&'m Key, Vec<(usize, &'m Changed)>>,
    /// The first statement that removes every row of a table.
    emptied: HashMap<Name, usize>,
}

impl<'m> History<'m> {
    pub(super) fn of(statements: &'m [Statement<'m>]) -> Self {
        let mut history = Self::default();
        for (at, statement) in statements.iter().enumerate() {
            for changed in &statement.changes {
                history.changes.entry(&changed.key).or_default().push((at, changed));
            }
            if let Some(Stmt::Delete { tbl_name, where_clause: None, limit: None, .. }) = statement.tree
                && let Some(table) = tree::in_main(tbl_name)
            {
                history.emptied.entry(table).or_insert(at);
            }
        }
        history
    }

    /// The first change of an object by this statement or a later one.
    pub(super) fn next(&self, statement: usize, key: &Key) -> Option<&'m Changed> {
        let changes = self.changes.get(key)?;
        let at = changes.partition_point(|(at, _)| *at < statement);
        changes.get(at).map(|(_, changed)| *changed)
    }

    /// Whether a statement before this one removes every row of a table.
    pub(super) fn is_emptied(&self, statement: usize, table: &Name) -> bool {
        self.emptied.get(table).is_some_and(|at| *at < statement)
    }
}
