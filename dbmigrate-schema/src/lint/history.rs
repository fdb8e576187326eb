//! What the statements of a migration did to each object, and which tables they emptied: put in order once, because
//! rules ask it of every statement.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use sqlite3_parser::ast::Stmt;

use super::migration::Statement;
use super::state::{Changed, Key, Known};
use super::tree::{self, Move, moves};
use crate::model::{Kind, Name};

#[derive(Debug, Default)]
pub(super) struct History<'m> {
    changes: HashMap<&'m Key, Vec<(usize, &'m Changed)>>,
    /// The last thing that happened to each object that is there at the end, or has gone, in order.
    pub(super) net: Vec<(usize, &'m Changed)>,
    /// The indexes of before that anything happened to, by their table.
    indexes: HashMap<&'m Name, Vec<&'m Rc<Known>>>,
    /// The statements that give a table another name, by the one that it had, and that name.
    renames: HashMap<Name, Vec<(usize, Name)>>,
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
            if let Some(Stmt::AlterTable(..)) = statement.tree
                && let Some(Move::Renamed { from, to }) = statement.tree.and_then(moves)
            {
                history.renames.entry(from).or_default().push((at, to));
            }
        }
        let changes = statements.iter().enumerate().rev();
        let changes = changes.flat_map(|(at, statement)| statement.changes.iter().rev().map(move |it| (at, it)));
        let mut seen = HashSet::new();
        history.net = changes.filter(|(_, changed)| seen.insert(&changed.key)).collect();
        history.net.reverse();
        for (_, changed) in history.net.iter().filter(|(_, changed)| changed.key.0 == Kind::Index) {
            let first = history.changes.get(&changed.key).and_then(|all| all.first()).map(|(_, first)| *first);
            if let Some(known) = first.and_then(|first| first.before.as_ref())
                && let Some(table) = known.object.table()
            {
                history.indexes.entry(table).or_default().push(known);
            }
        }
        history
    }

    /// The indexes that a table had before, as far as anything happened to them.
    pub(super) fn indexes_of(&self, table: &Name) -> impl Iterator<Item = &'m Rc<Known>> {
        self.indexes.get(table).into_iter().flatten().copied()
    }

    /// Whether anything happened to an object.
    pub(super) fn is_touched(&self, key: &Key) -> bool {
        self.changes.contains_key(key)
    }

    /// The name that a table has before a statement, which has this one before an earlier one.
    pub(super) fn name_later<'n>(&'n self, mut name: &'n Name, mut since: usize, until: usize) -> &'n Name {
        while let Some(renames) = self.renames.get(name) {
            let next = renames.partition_point(|(at, _)| *at < since);
            match renames.get(next) {
                Some((at, to)) if *at < until => (name, since) = (to, at + 1),
                _ => break,
            }
        }
        name
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
