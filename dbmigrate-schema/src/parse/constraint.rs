//! Keys and references, from the tree alone.

use sqlite3_parser::ast::{
    DeferSubclause, Expr, ForeignKeyClause, InitDeferredPred, RefAct, RefArg, ResolveType, SortOrder, SortedColumn,
    TableConstraint,
};

use super::table::disagree;
use super::{Reason, name_in, name_of};
use crate::model::{Action, Conflict, ForeignKey, Key, KeyColumn, Name, Rule};

/// The rule of a constraint that follows the columns; a check's text comes from the tokens.
pub(super) fn of_table(tree: &TableConstraint<'_>, check: impl FnOnce() -> Option<String>) -> Result<Rule, Reason> {
    let rule = match tree {
        TableConstraint::PrimaryKey { columns, auto_increment, conflict_clause } => {
            Rule::PrimaryKey(key(columns, conflict_clause, *auto_increment)?)
        }
        TableConstraint::Unique { columns, conflict_clause } => Rule::Unique(key(columns, conflict_clause, false)?),
        // SQLite reads an ON CONFLICT here and disregards it.
        TableConstraint::Check(..) => Rule::Check(check().ok_or_else(|| disagree("its checks"))?),
        TableConstraint::ForeignKey { columns, clause, defer_clause } => {
            let columns = columns.iter().map(|column| name_of(column.col_name.0)).collect();
            Rule::ForeignKey(foreign_key(columns, clause, defer_clause.as_ref()))
        }
    };
    Ok(rule)
}

fn key(columns: &[SortedColumn<'_>], conflict: &Option<ResolveType>, autoincrement: bool) -> Result<Key, Reason> {
    let columns = columns
        .iter()
        .map(|column| {
            let (by, collation) = collated(&column.expr);
            let name = name_in(by).ok_or("one of its keys is not a list of columns")?;
            Ok(KeyColumn { name, collation, descending: is_descending(column.order) })
        })
        .collect::<Result<_, Reason>>()?;
    Ok(Key { columns, conflict: self::conflict(conflict), autoincrement })
}

/// An expression without the parentheses around it and without the `COLLATE` at its end; of several the last counts.
pub(super) fn collated<'a>(expr: &'a Expr<'a>) -> (&'a Expr<'a>, Option<Name>) {
    let mut collation = None;
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Collate(inner, name) => {
                collation.get_or_insert_with(|| name_of(name));
                inner
            }
            Expr::Parenthesized(inner) if inner.len() == 1 => &inner[0],
            _ => return (expr, collation),
        }
    }
}

pub(super) fn foreign_key(
    columns: Vec<Name>,
    clause: &ForeignKeyClause<'_>,
    defer: Option<&DeferSubclause>,
) -> ForeignKey {
    let parent_columns = clause.columns.unwrap_or_default().iter().map(|column| name_of(column.col_name.0)).collect();
    let mut key = ForeignKey {
        columns,
        parent: name_of(clause.tbl_name.0),
        parent_columns,
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
        match_name: None,
        deferred: defer.is_some_and(is_deferred),
    };
    for argument in clause.args {
        match argument {
            RefArg::OnDelete(act) => key.on_delete = action(*act),
            RefArg::OnUpdate(act) => key.on_update = action(*act),
            RefArg::Match(name) => key.match_name = Some(name_of(name.0)),
            // SQLite reads it and disregards it.
            RefArg::OnInsert(_) => {}
        }
    }
    key
}

pub(super) fn is_deferred(clause: &DeferSubclause) -> bool {
    clause.deferrable && clause.init_deferred == Some(InitDeferredPred::InitiallyDeferred)
}

pub(super) fn is_descending(order: Option<SortOrder>) -> bool {
    order == Some(SortOrder::Desc)
}

pub(super) fn conflict(resolve: &Option<ResolveType>) -> Option<Conflict> {
    match resolve.as_ref()? {
        ResolveType::Abort => None,
        ResolveType::Rollback => Some(Conflict::Rollback),
        ResolveType::Fail => Some(Conflict::Fail),
        ResolveType::Ignore => Some(Conflict::Ignore),
        ResolveType::Replace => Some(Conflict::Replace),
    }
}

fn action(act: RefAct) -> Action {
    match act {
        RefAct::SetNull => Action::SetNull,
        RefAct::SetDefault => Action::SetDefault,
        RefAct::Cascade => Action::Cascade,
        RefAct::Restrict => Action::Restrict,
        RefAct::NoAction => Action::NoAction,
    }
}
