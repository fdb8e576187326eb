//! What a script did to rows, as far as its author meant it: what else happens to them is loss.

use std::collections::HashSet;

use dbmigrate_core::{AllowScope, Script};
use sqlite3_parser::ast::{InsertBody, OneSelect, Stmt, Upsert, UpsertDo};

use super::lineage::{self, TableChange};
use super::migration::Statement;
use super::operation::OperationKind;
use super::state::Changed;
use super::tree::{Move, Query, Source, moves, replaced};
use super::values::{all_upserts, drops_refused};
use super::whole::is_true;
use crate::model::Name;

/// What a script did.
pub(crate) struct ScriptEffects {
    /// What it did to the schema.
    pub(crate) changes: Vec<Changed>,
    /// The tables that it found and leaves, changed.
    pub(crate) tables: Vec<TableChange>,
    /// The tables whose rows its own `INSERT`, `UPDATE` and `DELETE` change, with what follows from them.
    pub(crate) meant: HashSet<Name>,
    /// The tables whose rows change by something else, such as a `DROP TABLE` that cascades.
    pub(crate) unmeant: HashSet<Name>,
    /// The tables that it reads.
    pub(crate) read: HashSet<Name>,
    /// The tables that a rebuild may take some rows of only: before, after, and whether it also drops what is refused.
    pub(crate) partial: Vec<(Name, Name, bool)>,
    /// The columns that a rebuild computes: table and column as they are afterwards.
    pub(crate) computed: HashSet<(Name, Name)>,
}

pub(super) fn of(script: &Script, statements: Vec<Statement<'_>>) -> ScriptEffects {
    let lineage = lineage::follow(&statements);
    let mut effects = ScriptEffects {
        changes: Vec::new(),
        tables: lineage.changes,
        meant: HashSet::new(),
        unmeant: HashSet::new(),
        read: HashSet::new(),
        partial: Vec::new(),
        computed: HashSet::new(),
    };
    let copies: HashSet<usize> =
        effects.tables.iter().filter_map(|change| change.rebuild.as_ref()).flat_map(|it| it.copies.clone()).collect();
    for (at, statement) in statements.iter().enumerate() {
        let replaced = statement.tree.and_then(replaced).filter(|_| !allows(script, statement, "replace-cascades"));
        effects.read.extend(statement.operations.iter().filter_map(|operation| match &operation.kind {
            OperationKind::Read(table, _) => Some(table.clone()),
            _ => None,
        }));
        for operation in &statement.operations {
            let (OperationKind::Insert(table) | OperationKind::Update(table, _) | OperationKind::Delete(table)) =
                &operation.kind
            else {
                continue;
            };
            // What goes with a row that was only in the way, and by no trigger.
            let cascades = replaced.as_ref().is_some_and(|replaced| replaced != table) && operation.by.is_none();
            if is_definition(statement.tree) || cascades {
                effects.unmeant.insert(table.clone());
            } else if !copies.contains(&at) {
                effects.meant.insert(table.clone());
            }
        }
    }
    for change in &effects.tables {
        let (Some(rebuild), Some(table)) = (&change.rebuild, change.after.table()) else { continue };
        for copy in rebuild.copies.iter().filter_map(|&at| statements.get(at)) {
            // Which rows it takes is what its author says.
            if !is_whole(copy.tree) || (is_lossy(copy.tree) && allows(script, copy, "lossy-copy")) {
                effects.meant.insert(table.name.clone());
                let (before, after) = (change.before.object.name().clone(), table.name.clone());
                let drops = is_lossy(copy.tree) && !allows(script, copy, "lossy-copy");
                match effects.partial.iter_mut().find(|(_, known, _)| *known == after) {
                    Some((.., known)) => *known |= drops,
                    None => effects.partial.push((before, after, drops)),
                }
            }
            let Some(Move::Copied { columns, .. }) = copy.tree.and_then(moves) else { continue };
            for (place, (target, source)) in columns.into_iter().enumerate() {
                let target = target.or_else(|| table.columns.get(place).map(|column| column.name.clone()));
                if let (Some(target), Source::Expression) = (target, source) {
                    effects.computed.insert((table.name.clone(), target));
                }
            }
        }
    }
    effects.changes = statements.into_iter().flat_map(|statement| statement.changes).collect();
    effects
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
    let is_bare = query.around.is_empty() && select.with.is_none() && select.limit.is_none();
    // What else is to become of a row that is refused is for its author to say.
    let updates = upserts(tree).any(|it| it.do_clause != UpsertDo::Nothing);
    one && is_bare && select.body.compounds.iter().flatten().next().is_none() && !updates
}

/// Whether a copy drops rows that are refused without a word: a loss, and nothing that its author says of these rows. What
/// `DO UPDATE` makes of them its author says.
fn is_lossy(tree: Option<&Stmt<'_>>) -> bool {
    let drops = matches!(tree, Some(Stmt::Insert { or_conflict: Some(how), .. }) if drops_refused(*how));
    drops || upserts(tree).any(|it| it.do_clause == UpsertDo::Nothing)
}

/// What a copy does where keys are there already.
fn upserts<'b>(tree: Option<&'b Stmt<'b>>) -> impl Iterator<Item = &'b Upsert<'b>> {
    let first = match tree {
        Some(Stmt::Insert { body: InsertBody::Select(_, upsert), .. }) => *upsert,
        _ => None,
    };
    all_upserts(first)
}

/// Whether the file says of a statement that what this rule finds is meant.
fn allows(script: &Script, statement: &Statement<'_>, rule: &str) -> bool {
    script.allows.iter().filter(|allow| allow.rules.iter().any(|own| own == rule)).any(|allow| match allow.scope {
        AllowScope::Half => true,
        AllowScope::Statement(span) => (span.start..=span.end).contains(&statement.span.start),
    })
}
