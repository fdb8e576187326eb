//! What a migration does itself about values before it demands something of them: it computes them while it copies,
//! updates or removes rows, or asserts.
//!
//! Whether that is enough only its author knows. Whoever does anything about the values has thought of them, so the
//! rules that ask here stay silent.

use std::collections::HashSet;

use dbmigrate_core::token::{TokenKind, tokens, unquote};
use sqlite3_parser::ast::{
    AlterTableBody, Expr, FromClause, InsertBody, OneSelect, QualifiedName, ResolveType, ResultColumn, Select,
    SortedColumn, Stmt, Upsert, UpsertDo, UpsertIndex,
};

use super::keys::KeptTable;
use super::lineage::TableChange;
use super::migration::{Migration, Statement};
use super::tree;
use crate::model::{Kind, Name, Table};

/// What the rows of before have in a column of after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// The value that they had, in this place or in another column.
    Kept,
    /// What an expression says, or something that nobody can tell from the statement.
    Computed,
    /// The default of the column.
    Default,
}

/// What the rows of a changed table get in one of its columns.
pub(crate) fn filled(migration: &Migration<'_>, change: &TableChange, column: &Name) -> Filled {
    let renamed = || change.renamed.iter().any(|(_, now)| now == column);
    let Some(rebuild) = &change.rebuild else {
        let Some(before) = change.name_before(column) else { return Filled::Default };
        let added = change.statements.iter().any(|at| match migration.statements[*at].tree {
            Some(Stmt::AlterTable(_, AlterTableBody::AddColumn(added))) => tree::name(&added.col_name) == *column,
            _ => false,
        });
        return if added {
            Filled::Default
        } else if before == column && renamed() {
            // From one that was added.
            Filled::Computed
        } else {
            Filled::Kept
        };
    };
    let made = made(migration, rebuild.create);
    let copies: Vec<_> = copies(migration, change).collect();
    // Added since, or renamed.
    if made.is_some_and(|made| made.column(column).is_none()) {
        return if renamed() { Filled::Computed } else { Filled::Default };
    }
    // By way of another table.
    if copies.len() < rebuild.copies.len() {
        return Filled::Computed;
    }
    let own = copies.iter().map(|copy| match copy.targets.iter().position(|target| target == column) {
        None => Filled::Default,
        Some(place) => selected(copy.select, place),
    });
    let own: Vec<_> = own.collect();
    match own.split_first() {
        Some((first, others)) if others.iter().all(|other| other == first) => *first,
        _ => Filled::Computed,
    }
}

/// The table that a statement makes.
fn made<'m>(migration: &Migration<'m>, create: usize) -> Option<&'m Table> {
    let statements: &'m [Statement<'m>] = migration.statements;
    statements[create].changes.iter().find_map(|changed| {
        let is_made = changed.key.0 == Kind::Table && changed.before.is_none();
        changed.after.as_ref().filter(|_| is_made)?.table()
    })
}

fn selected(select: &Select<'_>, place: usize) -> Filled {
    let OneSelect::Select { columns, .. } = &select.body.select else { return Filled::Computed };
    if select.body.compounds.is_some() {
        return Filled::Computed;
    }
    if let [ResultColumn::Star | ResultColumn::TableStar(_)] = columns {
        return Filled::Kept;
    }
    if columns.iter().any(|column| !matches!(column, ResultColumn::Expr(..))) {
        return Filled::Computed;
    }
    match columns.get(place) {
        Some(ResultColumn::Expr(Expr::Id(_) | Expr::Name(_) | Expr::Qualified(..), _)) => Filled::Kept,
        _ => Filled::Computed,
    }
}

/// Whether a migration does something about the values of these columns, named as after it, before the statement at
/// `end` relies on them: it computes one, updates one, removes rows, leaves some out of a copy, or asserts. Also where a
/// copy drops what the new table refuses, which is for `lossy-copy` to say.
pub(crate) fn are_cared_for(migration: &Migration<'_>, held: KeptTable<'_>, columns: &[&Name], end: usize) -> bool {
    let computes =
        |change: &TableChange| columns.iter().any(|column| filled(migration, change, column) == Filled::Computed);
    held.change.is_some_and(computes) || are_prepared(migration, held, columns, end)
}

/// The same, but for what a copy computes.
pub(crate) fn are_prepared(migration: &Migration<'_>, held: KeptTable<'_>, columns: &[&Name], end: usize) -> bool {
    let rebuild = held.change.and_then(|change| change.rebuild.as_ref());
    let end = rebuild.and_then(|rebuild| rebuild.copies.first().copied()).unwrap_or(end);
    let before: Vec<&Name> = columns.iter().map(|column| held.name_before(column).unwrap_or(column)).collect();
    let renamed = held.change.map_or(&[][..], |change| &change.renamed);
    let was = |name: &Name| renamed.iter().any(|(was, now)| was == name && columns.contains(&now));
    let tables = [&held.before.name, &held.after.name];
    let is_table = |name: &QualifiedName<'_>| tree::in_main(name).is_some_and(|table| tables.contains(&&table));
    let mut trees = migration.statements.iter().take(end).filter_map(|statement| statement.tree);
    let writes = |tree: &Stmt<'_>| match tree {
        Stmt::Update { tbl_name, sets, .. } => {
            let mut set = sets.iter().flat_map(|set| set.col_names.iter().map(tree::name));
            is_table(tbl_name) && set.any(|name| columns.contains(&&name) || before.contains(&&name) || was(&name))
        }
        Stmt::Delete { tbl_name, .. } => is_table(tbl_name),
        _ => false,
    };
    let chooses =
        |change: &TableChange| copies(migration, change).any(|copy| is_lossy(&copy) || is_selective(copy.select));
    trees.any(writes) || held.change.is_some_and(chooses) || asserts(migration, tables[0], &before)
}

/// A statement that copies the rows of a table into the one that takes its place.
pub(crate) struct Copy<'m> {
    pub(crate) statement: usize,
    /// `OR …`.
    pub(crate) conflict: Option<ResolveType>,
    /// `ON CONFLICT … DO NOTHING`: the columns, or every key.
    pub(crate) does_nothing: Option<Option<Vec<Name>>>,
    /// The columns that it writes, in order.
    pub(crate) targets: Vec<Name>,
    pub(crate) select: &'m Select<'m>,
}

/// The copies of a rebuild; not those into a table in between.
pub(crate) fn copies<'m>(migration: &Migration<'m>, change: &TableChange) -> impl Iterator<Item = Copy<'m>> {
    let statements = migration.statements;
    let places = change.rebuild.iter().flat_map(|rebuild| rebuild.copies.iter().map(|at| (rebuild.create, *at)));
    let copies = places.filter_map(|(create, at)| match statements[at].tree? {
        Stmt::Insert { or_conflict, tbl_name, columns, body: InsertBody::Select(select, upsert), .. } => {
            let made = made(migration, create).filter(|made| tree::in_main(tbl_name).as_ref() == Some(&made.name))?;
            let targets = match columns {
                Some(columns) => columns.iter().map(tree::name).collect(),
                None => {
                    let written = made.columns.iter().filter(|column| column.generated.is_none());
                    written.map(|column| column.name.clone()).collect()
                }
            };
            let does_nothing = upsert.and_then(does_nothing);
            Some(Copy { statement: at, conflict: *or_conflict, does_nothing, targets, select })
        }
        _ => None,
    });
    copies.collect::<Vec<_>>().into_iter()
}

/// An `ON CONFLICT` and those that follow it.
pub(super) fn all_upserts<'b>(first: Option<&'b Upsert<'b>>) -> impl Iterator<Item = &'b Upsert<'b>> {
    std::iter::successors(first, |upsert| upsert.next)
}

/// Whether this drops what is refused, or what is in the way, without a word.
pub(super) fn drops_refused(conflict: ResolveType) -> bool {
    matches!(conflict, ResolveType::Ignore | ResolveType::Replace)
}

fn does_nothing(upsert: &Upsert<'_>) -> Option<Option<Vec<Name>>> {
    let nothing = all_upserts(Some(upsert)).find(|upsert| upsert.do_clause == UpsertDo::Nothing)?;
    let columns = |index: &UpsertIndex<'_>| {
        let column = |target: &SortedColumn<'_>| match &target.expr {
            Expr::Id(id) => Some(Name::new(unquote(id.0))),
            Expr::Name(name) => Some(tree::name(name)),
            _ => None,
        };
        index.targets.iter().filter_map(column).collect()
    };
    Some(nothing.index.as_ref().map(columns))
}

impl<'m> Copy<'m> {
    /// What it puts into a column, where its query says so in one place.
    pub(crate) fn value(&self, column: &Name) -> Option<&'m Expr<'m>> {
        let place = self.targets.iter().position(|target| target == column)?;
        let OneSelect::Select { columns, .. } = &self.select.body.select else { return None };
        if self.select.body.compounds.is_some() || columns.iter().any(|it| !matches!(it, ResultColumn::Expr(..))) {
            return None;
        }
        match columns.get(place)? {
            ResultColumn::Expr(value, _) => Some(value),
            _ => None,
        }
    }
}

/// Whether a copy drops what the new table refuses.
pub(crate) fn is_lossy(copy: &Copy<'_>) -> bool {
    copy.conflict.is_some_and(drops_refused) || copy.does_nothing.is_some()
}

/// Whether a query leaves rows out, or may.
fn is_selective(select: &Select<'_>) -> bool {
    let OneSelect::Select { distinctness, from, where_clause, group_by, .. } = &select.body.select else {
        return false;
    };
    let joins = |from: &FromClause<'_>| from.joins.as_ref().is_some_and(|joins| !joins.is_empty());
    let chosen = distinctness.is_some() || where_clause.is_some() || group_by.is_some();
    chosen || select.limit.is_some() || select.body.compounds.is_some() || from.as_ref().is_some_and(joins)
}

/// Whether an assertion of the migration names this table and these columns.
pub(crate) fn asserts(migration: &Migration<'_>, table: &Name, columns: &[&Name]) -> bool {
    let script = migration.script;
    script.asserts.iter().any(|assert| {
        let names = names(script.source.slice(assert.span));
        names.contains(table) && columns.iter().all(|column| names.contains(*column))
    })
}

/// Everything in a text that could be a name.
pub(crate) fn names(text: &str) -> HashSet<Name> {
    let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedName);
    tokens(text).filter(|token| is_name(token.kind)).map(|token| Name::new(unquote(token.text(text)))).collect()
}

/// How to say in the file that a query has to answer with true; none where it does not fit on one line.
pub(crate) fn assertion(query: &str) -> Option<String> {
    let fits = !query.contains(['\n', '\r']);
    fits.then(|| format!("or make the migration stop there, with a line at the top: `-- dbmigrate: assert {query}`"))
}
