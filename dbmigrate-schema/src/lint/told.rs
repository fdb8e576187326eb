//! What a script did to rows, as far as its author meant it: what else happens to them is loss.

use std::collections::HashSet;

use dbmigrate_core::{AllowScope, Script};
use sqlite3_parser::ast::{InsertBody, OneSelect, ResolveType, Stmt, UpsertDo};

use super::act::Deed;
use super::lineage::{self, TableChange};
use super::migration::Statement;
use super::state::Changed;
use super::tree::{Move, Query, Source, moves};
use super::whole::is_true;
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
    /// The tables that a rebuild may take some rows of only: before, after, and whether it also drops what is refused.
    pub(crate) partial: Vec<(Name, Name, bool)>,
    /// The columns that a rebuild computes: table and column as they are afterwards.
    pub(crate) computed: HashSet<(Name, Name)>,
}

pub(super) fn tell(script: &Script, statements: Vec<Statement<'_>>) -> Told {
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
            if !is_whole(copy.tree) || (is_lossy(copy.tree) && allows_loss(script, copy)) {
                told.meant.insert(table.name.clone());
                let (before, after) = (change.before.object.name().clone(), table.name.clone());
                let drops = is_lossy(copy.tree) && !allows_loss(script, copy);
                match told.partial.iter_mut().find(|(_, known, _)| *known == after) {
                    Some((.., known)) => *known |= drops,
                    None => told.partial.push((before, after, drops)),
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

/// Whether a copy takes all rows of one table, as far as the other one does not refuse them.
fn is_whole(tree: Option<&Stmt<'_>>) -> bool {
    let Some(query) = tree.and_then(Query::of) else { return false };
    let select = query.select;
    let one = matches!(
        &select.body.select,
        OneSelect::Select { distinctness: None, from: Some(from), where_clause, group_by: None, .. }
            if from.joins.iter().flatten().next().is_none() && where_clause.is_none_or(is_true)
    );
    let is_bare = query.around.is_none() && select.with.is_none() && select.limit.is_none();
    // What else is to become of a row that is refused is for its author to say.
    let updates = matches!(tree, Some(Stmt::Insert { body: InsertBody::Select(_, Some(upsert)), .. })
        if std::iter::successors(Some(*upsert), |upsert| upsert.next).any(|it| it.do_clause != UpsertDo::Nothing));
    one && is_bare && select.body.compounds.iter().flatten().next().is_none() && !updates
}

/// Whether a copy drops rows that are refused without a word: a loss, and nothing that its author says of these rows.
fn is_lossy(tree: Option<&Stmt<'_>>) -> bool {
    let Some(Stmt::Insert { or_conflict, body: InsertBody::Select(_, upsert), .. }) = tree else { return false };
    matches!(or_conflict, Some(ResolveType::Ignore | ResolveType::Replace)) || upsert.is_some()
}

/// Whether the file says that the loss is meant.
fn allows_loss(script: &Script, copy: &Statement<'_>) -> bool {
    script.allows.iter().filter(|allow| allow.rules.iter().any(|rule| rule == "lossy-copy")).any(|allow| {
        match allow.scope {
            AllowScope::Half => true,
            AllowScope::Statement(span) => (span.start..=span.end).contains(&copy.span.start),
        }
    })
}
