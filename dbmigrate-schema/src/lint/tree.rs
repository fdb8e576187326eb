//! The parser's tree of a statement, and questions about it that several rules ask.

use dbmigrate_core::token::unquote;
use sqlite3_parser::ast::{
    AlterTableBody, Cmd, CommonTableExpr, CreateTableBody, Expr, FromClause, InsertBody, OneSelect, QualifiedName,
    ResolveType, ResultColumn, Select, SelectTable, Stmt, With,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::model::Name;

/// Parses one statement into `bump`; none where the parser does not know it, which SQLite may all the same.
pub(crate) fn parse<'b>(bump: &'b Bump, sql: &'b str) -> Option<&'b Stmt<'b>> {
    if crate::parse::is_unreadable(sql) {
        return None;
    }
    let Some(Cmd::Stmt(statement)) = Parser::new(bump, sql.as_bytes()).next().ok()? else { return None };
    Some(bump.alloc(statement))
}

/// The name that a name of the tree spells.
pub(crate) fn name(name: &sqlite3_parser::ast::Name<'_>) -> Name {
    Name::new(unquote(name.0))
}

/// The table that is named, if it is one of `main`.
pub(crate) fn in_main(qualified: &QualifiedName<'_>) -> Option<Name> {
    let main = qualified.db_name.as_ref().is_none_or(|database| name(database) == Name::new("main"));
    main.then(|| name(&qualified.name))
}

/// What a statement does to a table as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Renamed {
        from: Name,
        to: Name,
    },
    ColumnRenamed {
        table: Name,
        from: Name,
        to: Name,
    },
    /// Rows of one table, or several, go into another: those it reads, and which column comes from which.
    Copied {
        from: Vec<Name>,
        to: Name,
        columns: Vec<(Option<Name>, Source)>,
    },
}

/// Where the value of a column of a copy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Column(Name),
    Expression,
    /// `*`: all columns, in their order.
    All,
}

/// The move that a statement is, if it is one.
pub(super) fn moves(statement: &Stmt<'_>) -> Option<Move> {
    match statement {
        Stmt::AlterTable(table, AlterTableBody::RenameTo(to)) => {
            Some(Move::Renamed { from: in_main(table)?, to: name(to) })
        }
        Stmt::AlterTable(table, AlterTableBody::RenameColumn { old, new }) => {
            Some(Move::ColumnRenamed { table: in_main(table)?, from: name(old), to: name(new) })
        }
        Stmt::Insert { tbl_name, columns, .. } => {
            let names = columns.as_ref().map(|columns| columns.iter().map(name).collect::<Vec<_>>());
            copied(in_main(tbl_name)?, names, Query::of(statement)?)
        }
        Stmt::CreateTable { tbl_name, .. } => copied(in_main(tbl_name)?, None, Query::of(statement)?),
        _ => None,
    }
}

fn copied(to: Name, names: Option<Vec<Name>>, query: Query<'_>) -> Option<Move> {
    let mut from = Vec::new();
    query.sources(&mut from);
    if from.is_empty() {
        return None;
    }
    let OneSelect::Select { columns, .. } = &query.select.body.select else { return None };
    let columns = columns.iter().enumerate().map(|(at, column)| {
        let target = names.as_ref().and_then(|names| names.get(at).cloned());
        let source = match column {
            ResultColumn::Expr(Expr::Id(id), _) => Source::Column(Name::new(unquote(id.0))),
            ResultColumn::Expr(Expr::Name(id), _) => Source::Column(name(id)),
            ResultColumn::Expr(Expr::Qualified(_, id), _) => Source::Column(name(id)),
            ResultColumn::Expr(..) => Source::Expression,
            ResultColumn::Star | ResultColumn::TableStar(_) => Source::All,
        };
        (target, source)
    });
    Some(Move::Copied { from, to, columns: columns.collect() })
}

/// A query, and the `WITH`s around it, the nearest first.
#[derive(Clone)]
pub(crate) struct Query<'q> {
    pub(crate) select: &'q Select<'q>,
    pub(crate) around: Vec<&'q With<'q>>,
    /// The queries of a `WITH` that it is, or a part of: a name of one is no other query inside of it.
    within: Vec<Name>,
}

impl<'q> From<&'q Select<'q>> for Query<'q> {
    fn from(select: &'q Select<'q>) -> Self {
        Self { select, around: Vec::new(), within: Vec::new() }
    }
}

impl<'q> Query<'q> {
    /// The query whose rows a statement writes, if there is one.
    pub(crate) fn of(statement: &'q Stmt<'q>) -> Option<Self> {
        match statement {
            Stmt::Insert { with, body: InsertBody::Select(select, _), .. } => {
                Some(Self { around: with.iter().collect(), ..Self::from(*select) })
            }
            Stmt::CreateTable { body: CreateTableBody::AsSelect(select), .. } => Some(Self::from(*select)),
            _ => None,
        }
    }

    /// A query that stands in this one.
    pub(crate) fn inner(&self, select: &'q Select<'q>) -> Self {
        let around = self.select.with.iter().chain(self.around.iter().copied()).collect();
        Self { select, around, within: self.within.clone() }
    }

    /// The query of a `WITH` that has this name.
    pub(crate) fn with(&self, called: &Name) -> Option<Self> {
        let query = self.named(called).filter(|_| !self.within.contains(called))?;
        let mut found = self.inner(query.select);
        found.within.push(called.clone());
        Some(found)
    }

    /// How many queries of a `WITH` are around it.
    pub(crate) fn depth(&self) -> usize {
        self.within.len()
    }

    fn named(&self, called: &Name) -> Option<&'q CommonTableExpr<'q>> {
        let all = self.select.with.iter().chain(self.around.iter().copied()).flat_map(|with| with.ctes);
        let mut all = all.filter(|query| name(&query.tbl_name) == *called);
        all.next()
    }

    /// The tables that it reads in its `FROM`, by way of a `WITH` as well.
    pub(crate) fn sources(&self, found: &mut Vec<Name>) {
        let mut read = Vec::new();
        let others = self.select.body.compounds.iter().flatten().map(|compound| &compound.select);
        for one in std::iter::once(&self.select.body.select).chain(others) {
            if let OneSelect::Select { from: Some(from), .. } = one {
                from_sources(from, &mut read);
            }
        }
        let mut seen = Vec::new();
        while let Some(query) = read
            .iter()
            .find_map(|name| self.named(name).filter(|_| !seen.contains(name) && !self.within.contains(name)))
        {
            let name = self::name(&query.tbl_name);
            read.retain(|it| *it != name);
            seen.push(name);
            sources(query.select, &mut read);
        }
        read.retain(|name| !seen.contains(name));
        found.append(&mut read);
    }
}

/// The tables that a query reads in its `FROM`, by way of its `WITH` as well.
pub(crate) fn sources(select: &Select<'_>, found: &mut Vec<Name>) {
    Query::from(select).sources(found);
}

/// The same of a `FROM` alone.
pub(crate) fn from_sources(from: &FromClause<'_>, found: &mut Vec<Name>) {
    let joined = from.joins.iter().flatten().map(|join| &join.table);
    for table in from.select.into_iter().chain(joined) {
        table_sources(table, found);
    }
}

/// The same of what stands at one place of a `FROM`.
pub(crate) fn table_sources(table: &SelectTable<'_>, found: &mut Vec<Name>) {
    match table {
        SelectTable::Table(table, ..) => found.extend(in_main(table)),
        SelectTable::TableCall(..) => {}
        SelectTable::Select(select, _) => sources(select, found),
        SelectTable::Sub(from, _) => from_sources(from, found),
    }
}

/// The table of which a statement says that rows are replaced.
pub(super) fn replaced(statement: &Stmt<'_>) -> Option<Name> {
    match statement {
        Stmt::Insert { or_conflict: Some(ResolveType::Replace), tbl_name, .. }
        | Stmt::Update { or_conflict: Some(ResolveType::Replace), tbl_name, .. } => in_main(tbl_name),
        _ => None,
    }
}

/// An expression without the parentheses around it.
pub(crate) fn bare<'b>(mut expr: &'b Expr<'b>) -> &'b Expr<'b> {
    while let Expr::Parenthesized(inner) = expr
        && let [only] = inner.as_slice()
    {
        expr = only;
    }
    expr
}

/// What an expression is made of, but for queries in it.
pub(crate) fn parts<'b>(expr: &'b Expr<'b>) -> Vec<&'b Expr<'b>> {
    let listed = |list: &Option<&'b [Expr<'b>]>| list.unwrap_or(&[]).iter().collect::<Vec<_>>();
    match expr {
        Expr::Between { lhs, start, end, .. } => vec![lhs, start, end],
        Expr::Binary(left, _, right) => vec![left, right],
        Expr::Case { base, when_then_pairs, else_expr } => {
            let pairs = when_then_pairs.iter().flat_map(|(when, then)| [when, then]);
            base.iter().copied().chain(pairs).chain(else_expr.iter().copied()).collect()
        }
        Expr::Cast { expr, .. } => vec![expr],
        Expr::Collate(value, _) | Expr::IsNull(value) | Expr::NotNull(value) | Expr::Unary(_, value) => vec![value],
        Expr::FunctionCall { args, .. } => listed(args),
        Expr::InList { lhs, rhs, .. } => std::iter::once(*lhs).chain(listed(rhs)).collect(),
        Expr::InSelect { lhs, .. } => vec![lhs],
        Expr::InTable { lhs, args, .. } => std::iter::once(*lhs).chain(listed(args)).collect(),
        Expr::Like { lhs, rhs, escape, .. } => [*lhs, rhs].into_iter().chain(*escape).collect(),
        Expr::Parenthesized(inner) => inner.iter().collect(),
        Expr::DoublyQualified(..)
        | Expr::Exists(_)
        | Expr::FunctionCallStar { .. }
        | Expr::Id(_)
        | Expr::Literal(_)
        | Expr::Name(_)
        | Expr::Qualified(..)
        | Expr::Raise(..)
        | Expr::Subquery(_)
        | Expr::Variable(_) => Vec::new(),
    }
}
