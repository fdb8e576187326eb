//! What a script did to rows, as far as its author meant it: what else happens to them is loss.

use std::collections::HashSet;

use sqlite3_parser::ast::{InsertBody, OneSelect, Select, Stmt};

use super::act::Deed;
use super::lineage::{self, TableChange};
use super::migration::Statement;
use super::state::Changed;
use super::tree::{Move, Source, moves};
use crate::model::Name;

/// What a script did.
pub(crate) struct Told {
    /// What it did to the schema.
    pub(crate) changes: Vec<Changed>,
    /// The tables that it found and leaves, changed.
    pub(crate) tables: Vec<TableChange>,
    /// The tables whose rows its own `INSERT`, `UPDATE` and `DELETE` change, with what follows from them.
    pub(crate) meant: HashSet<Name>,
    /// The tables whose rows change by something else, such as a `DROP TABLE` that cascades.
    pub(crate) unmeant: HashSet<Name>,
    /// The tables that a rebuild may take some rows of only: before, and after.
    pub(crate) partial: Vec<(Name, Name)>,
    /// The columns that a rebuild computes: table and column as they are afterwards.
    pub(crate) computed: HashSet<(Name, Name)>,
}

pub(super) fn tell(statements: Vec<Statement<'_>>) -> Told {
    let lineage = lineage::follow(&statements);
    let mut told = Told {
        changes: Vec::new(),
        tables: lineage.changes,
        meant: HashSet::new(),
        unmeant: HashSet::new(),
        partial: Vec::new(),
        computed: HashSet::new(),
    };
    let copies: HashSet<usize> =
        told.tables.iter().filter_map(|change| change.rebuild.as_ref()).flat_map(|it| it.copies.clone()).collect();
    for (at, statement) in statements.iter().enumerate() {
        let written = statement.acts.iter().filter_map(|act| match &act.deed {
            Deed::Insert(table) | Deed::Update(table, _) | Deed::Delete(table) => Some(table.clone()),
            _ => None,
        });
        if is_definition(statement.tree) {
            told.unmeant.extend(written);
        } else if !copies.contains(&at) {
            told.meant.extend(written);
        }
    }
    for change in &told.tables {
        let (Some(rebuild), Some(table)) = (&change.rebuild, change.after.table()) else { continue };
        for copy in rebuild.copies.iter().filter_map(|&at| statements.get(at)) {
            // Which rows it takes is what its author says.
            if !is_whole(copy.tree) {
                told.meant.insert(table.name.clone());
                let (before, after) = (change.before.object.name().clone(), table.name.clone());
                if !told.partial.iter().any(|(_, known)| *known == after) {
                    told.partial.push((before, after));
                }
            }
            let Some(Move::Copied { columns, .. }) = copy.tree.and_then(moves) else { continue };
            for (place, (target, source)) in columns.into_iter().enumerate() {
                let target = target.or_else(|| table.columns.get(place).map(|column| column.name.clone()));
                if let (Some(target), Source::Expression) = (target, source) {
                    told.computed.insert((table.name.clone(), target));
                }
            }
        }
    }
    told.changes = statements.into_iter().flat_map(|statement| statement.changes).collect();
    told
}

/// Whether a statement makes, changes or drops objects, and rows only on the way.
fn is_definition(tree: Option<&Stmt<'_>>) -> bool {
    use Stmt as S;
    matches!(tree, Some(S::DropTable { .. } | S::AlterTable(..) | S::CreateTable { .. } | S::DropView { .. }))
}

/// Whether a copy takes all rows of one table.
fn is_whole(tree: Option<&Stmt<'_>>) -> bool {
    let whole = |select: &Select<'_>| {
        let one = matches!(
            &select.body.select,
            OneSelect::Select { distinctness: None, from: Some(from), where_clause: None, group_by: None, .. }
                if from.joins.iter().flatten().next().is_none()
        );
        one && select.with.is_none()
            && select.limit.is_none()
            && select.body.compounds.iter().flatten().next().is_none()
    };
    match tree {
        Some(Stmt::Insert { with: None, or_conflict: None, body: InsertBody::Select(select, None), .. }) => {
            whole(select)
        }
        Some(Stmt::CreateTable { body: sqlite3_parser::ast::CreateTableBody::AsSelect(select), .. }) => whole(select),
        _ => false,
    }
}
