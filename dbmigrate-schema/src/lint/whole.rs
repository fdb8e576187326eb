//! Whether a query answers with every row of the tables that it copies.

use sqlite3_parser::ast::{
    As, CompoundOperator, Expr, FromClause, FunctionTail, JoinOperator, JoinType, JoinedSelectTable, Literal,
    OneSelect, Operator, ResultColumn, SelectTable, UnaryOperator,
};

use super::tree::{self, Query, bare};
use crate::model::Name;

/// So many queries in queries nobody writes by hand: what is deeper is not looked at.
const DEEP: usize = 12;

/// What is copied.
pub(crate) struct Copied<'c> {
    /// The names that the tables of which no row may go have at the time.
    pub(crate) tables: &'c [Name],
    /// Whether no two rows are alike in these columns, or in all of them (none).
    pub(crate) differ: &'c dyn Fn(Option<&[Name]>) -> bool,
    /// Whether every row has a value in this column.
    pub(crate) is_given: &'c dyn Fn(&Name) -> bool,
}

/// What keeps rows out of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut<'q> {
    /// What it is, in backticks.
    pub(crate) by: String,
    /// The condition, where it is one and nothing else does.
    pub(crate) condition: Option<&'q Expr<'q>>,
}

impl LeftOut<'_> {
    fn by(word: &str) -> Self {
        Self { by: format!("`{word}`"), condition: None }
    }
}

impl Copied<'_> {
    /// What keeps rows out of the answer of a query; none where nothing does.
    pub(crate) fn left_out<'q>(&self, query: &Query<'q>) -> Option<LeftOut<'q>> {
        let select = query.select;
        if query.depth() > DEEP {
            return None;
        }
        if let Some(limit) = select.limit
            && (limit.offset.is_some() || !is_unlimited(&limit.expr))
        {
            return Some(LeftOut::by("LIMIT"));
        }
        let compounds = || select.body.compounds.iter().flatten();
        for compound in compounds() {
            match compound.operator {
                CompoundOperator::Except => return Some(LeftOut::by("EXCEPT")),
                CompoundOperator::Intersect => return Some(LeftOut::by("INTERSECT")),
                CompoundOperator::Union
                    if !(self.differ)(
                        columns(&select.body.select, &self.others(&select.body.select, query)).as_deref(),
                    ) =>
                {
                    return Some(LeftOut::by("UNION"));
                }
                CompoundOperator::Union | CompoundOperator::UnionAll => {}
            }
        }
        // What one part leaves out another may have, whole.
        let parts = std::iter::once(&select.body.select).chain(compounds().map(|compound| &compound.select));
        let mut all = Vec::new();
        for part in parts.filter(|part| reads(part).iter().any(|name| self.is_copied(name, query))) {
            match self.left_out_of_part(part, query) {
                None => return None,
                Some(left_out) => all.push(left_out),
            }
        }
        if self.are_complements(&all.iter().collect::<Vec<_>>()) {
            return None;
        }
        all.into_iter().next()
    }

    /// Whether one of several takes what another leaves out, NULL included.
    pub(crate) fn are_complements(&self, all: &[&LeftOut<'_>]) -> bool {
        let conditions = || all.iter().filter_map(|it| it.condition.map(bare));
        conditions().any(|one| conditions().any(|other| self.is_complement(one, other)))
    }

    fn is_complement(&self, one: &Expr<'_>, other: &Expr<'_>) -> bool {
        use Operator as O;
        if let (Some(one), Some(other)) = (tested(one, true), tested(other, false)) {
            return one == other;
        }
        let (Expr::Binary(left, how, right), Expr::Binary(same, else_how, than)) = (one, other) else { return false };
        let Expr::Literal(literal) = right else { return false };
        let is_given = || column(left, &[]).is_some_and(|name| (self.is_given)(&name));
        *literal != Literal::Null
            && left == same
            && right == than
            && match (how, else_how) {
                (O::Equals | O::Is, O::IsNot) => true,
                (O::Equals, O::NotEquals) | (O::Less, O::GreaterEquals) | (O::Greater, O::LessEquals) => is_given(),
                _ => false,
            }
    }

    fn left_out_of_part<'q>(&self, part: &'q OneSelect<'q>, whole: &Query<'q>) -> Option<LeftOut<'q>> {
        let OneSelect::Select { where_clause, .. } = part else { return None };
        let others = self.others(part, whole);
        // Last, as what another copy takes may make up for a condition, and for nothing else.
        self.left_out_of_rest(part, whole, &others).or_else(|| {
            let condition = where_clause.filter(|condition| !self.always_holds(condition, &others))?;
            Some(LeftOut { by: "`WHERE`".to_owned(), condition: Some(condition) })
        })
    }

    /// What besides its condition keeps rows out of a part.
    fn left_out_of_rest<'q>(&self, part: &'q OneSelect<'q>, whole: &Query<'q>, others: &[Name]) -> Option<LeftOut<'q>> {
        let OneSelect::Select { distinctness, columns: taken, from, group_by, having, .. } = part else {
            return None;
        };
        if let Some(from) = from
            && let Some(left_out) = self.left_out_of_from(from, whole)
        {
            return Some(left_out);
        }
        if let Some(groups) = group_by {
            let groups: Vec<Name> = groups.iter().filter_map(|group| column(numbered(group, taken), others)).collect();
            if !(self.differ)(Some(&groups)) {
                return Some(LeftOut::by("GROUP BY"));
            }
        } else if let Some(function) = taken.iter().find_map(aggregate) {
            return Some(LeftOut::by(&format!("{function}(…)")));
        }
        if having.is_some() {
            return Some(LeftOut::by("HAVING"));
        }
        let alike = || !(self.differ)(columns(part, others).as_deref());
        if distinctness.is_some_and(|it| it == sqlite3_parser::ast::Distinctness::Distinct) && alike() {
            return Some(LeftOut::by("DISTINCT"));
        }
        None
    }

    /// What the tables beside the one that is copied are called in a part: their columns say nothing of its rows.
    fn others(&self, part: &OneSelect<'_>, whole: &Query<'_>) -> Vec<Name> {
        let OneSelect::Select { from: Some(from), .. } = part else { return Vec::new() };
        let joined = from.joins.iter().flatten().map(|join| &join.table);
        let mut tables: Vec<&SelectTable<'_>> = from.select.into_iter().chain(joined).collect();
        if let Some(own) = tables.iter().position(|table| self.is_copied_in(table, whole)) {
            tables.remove(own);
        }
        tables.into_iter().filter_map(called).collect()
    }

    fn left_out_of_from<'q>(&self, from: &'q FromClause<'q>, whole: &Query<'q>) -> Option<LeftOut<'q>> {
        let joins = || from.joins.iter().flatten();
        let outer = |operator: JoinOperator, side: JoinType| match operator {
            JoinOperator::TypedJoin(Some(join)) => join.contains(side),
            JoinOperator::TypedJoin(None) | JoinOperator::Comma => false,
        };
        let first = from.select?;
        if self.is_copied_in(first, whole) {
            // What is on the left of a join stays where the join is a `LEFT` or a `FULL` one.
            let loses = joins().any(|join| !outer(join.operator, JoinType::LEFT) && !is_beside(join));
            return if loses { Some(LeftOut::by("JOIN")) } else { self.left_out_of_table(first, whole) };
        }
        let (at, join) = joins().enumerate().find(|(_, join)| self.is_copied_in(&join.table, whole))?;
        let alone = || at == 0 && has_one_row(first) && has_no_condition(join);
        let loses = !(outer(join.operator, JoinType::RIGHT) || alone())
            || joins().skip(at + 1).any(|join| !outer(join.operator, JoinType::LEFT) && !is_beside(join));
        if loses { Some(LeftOut::by("JOIN")) } else { self.left_out_of_table(&join.table, whole) }
    }

    fn left_out_of_table<'q>(&self, table: &'q SelectTable<'q>, whole: &Query<'q>) -> Option<LeftOut<'q>> {
        match table {
            SelectTable::Table(table, ..) => whole.with(&tree::in_main(table)?).and_then(|it| self.left_out(&it)),
            SelectTable::Select(select, _) => self.left_out(&whole.inner(select)),
            SelectTable::Sub(from, _) => self.left_out_of_from(from, whole),
            SelectTable::TableCall(..) => None,
        }
    }

    fn is_copied_in(&self, table: &SelectTable<'_>, whole: &Query<'_>) -> bool {
        let mut names = Vec::new();
        tree::table_sources(table, &mut names);
        names.iter().any(|name| self.is_copied(name, whole))
    }

    /// Whether a table is copied, or a query before this one that is called so reads one.
    fn is_copied(&self, name: &Name, whole: &Query<'_>) -> bool {
        match whole.with(name) {
            Some(query) => {
                let mut names = Vec::new();
                query.sources(&mut names);
                names.iter().any(|it| self.tables.contains(it))
            }
            None => self.tables.contains(name),
        }
    }

    /// Whether a condition is one that every row meets.
    fn always_holds(&self, condition: &Expr<'_>, others: &[Name]) -> bool {
        let value = || tested(condition, false).and_then(|value| column(value, others));
        is_true(condition) || value().is_some_and(|name| (self.is_given)(&name))
    }
}

/// Whether a condition says no more than that it holds.
pub(crate) fn is_true(condition: &Expr<'_>) -> bool {
    match bare(condition) {
        Expr::Literal(Literal::Numeric(number)) => number.parse::<f64>().is_ok_and(|number| number != 0.0),
        Expr::Id(_) | Expr::Name(_) => column(condition, &[]).is_some_and(|name| name == Name::new("true")),
        _ => false,
    }
}

/// What a condition that is nothing else asks to be NULL, or not to be.
pub(crate) fn tested<'q>(condition: &'q Expr<'q>, null: bool) -> Option<&'q Expr<'q>> {
    match bare(condition) {
        Expr::Binary(value, Operator::Is, Expr::Literal(Literal::Null)) | Expr::IsNull(value) if null => Some(value),
        Expr::Binary(value, Operator::IsNot, Expr::Literal(Literal::Null)) | Expr::NotNull(value) if !null => {
            Some(value)
        }
        _ => None,
    }
}

/// The tables that a part of a query reads.
fn reads(part: &OneSelect<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    if let OneSelect::Select { from: Some(from), .. } = part {
        tree::from_sources(from, &mut names);
    }
    names
}

/// What a table of a `FROM` is called there.
fn called(table: &SelectTable<'_>) -> Option<Name> {
    let (own, alias) = match table {
        SelectTable::Table(table, alias, _) | SelectTable::TableCall(table, _, alias) => {
            (Some(tree::name(&table.name)), alias)
        }
        SelectTable::Select(_, alias) | SelectTable::Sub(_, alias) => (None, alias),
    };
    let alias = alias.as_ref().map(|(As::As(name) | As::Elided(name))| tree::name(name));
    alias.or(own)
}

/// The columns that a part answers with, as far as they are any; none where it is all of them.
fn columns(part: &OneSelect<'_>, others: &[Name]) -> Option<Vec<Name>> {
    let OneSelect::Select { columns, .. } = part else { return Some(Vec::new()) };
    if columns.iter().any(|column| !matches!(column, ResultColumn::Expr(..))) {
        return None;
    }
    let one = |it: &ResultColumn<'_>| match it {
        ResultColumn::Expr(value, _) => column(value, others),
        _ => None,
    };
    Some(columns.iter().filter_map(one).collect())
}

/// The column that a value is, unless it is one of the other tables.
pub(crate) fn column(value: &Expr<'_>, others: &[Name]) -> Option<Name> {
    match bare(value) {
        Expr::Qualified(table, _) if others.contains(&tree::name(table)) => None,
        Expr::Id(id) => Some(Name::new(dbmigrate_core::token::unquote(id.0))),
        Expr::Name(name) | Expr::Qualified(_, name) => Some(tree::name(name)),
        _ => None,
    }
}

/// What a group is: `GROUP BY 1` is by the first column of the answer.
fn numbered<'q>(group: &'q Expr<'q>, answer: &'q [ResultColumn<'q>]) -> &'q Expr<'q> {
    let Expr::Literal(Literal::Numeric(number)) = group else { return group };
    let before = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match before.and_then(|before| answer.get(before)) {
        // Behind a `*` nobody can count here.
        Some(ResultColumn::Expr(value, _)) if answer.iter().all(|it| matches!(it, ResultColumn::Expr(..))) => value,
        _ => group,
    }
}

fn is_unlimited(limit: &Expr<'_>) -> bool {
    match limit {
        Expr::Unary(UnaryOperator::Negative, value) => matches!(value, Expr::Literal(Literal::Numeric(_))),
        Expr::Literal(Literal::Numeric(number)) => number.starts_with('-'),
        _ => false,
    }
}

/// Whether a join puts one row beside each, whatever there is.
fn is_beside(join: &JoinedSelectTable<'_>) -> bool {
    has_no_condition(join) && has_one_row(&join.table)
}

fn has_no_condition(join: &JoinedSelectTable<'_>) -> bool {
    let is_natural =
        |operator| matches!(operator, JoinOperator::TypedJoin(Some(join)) if join.contains(JoinType::NATURAL));
    join.constraint.is_none() && !is_natural(join.operator)
}

/// Whether what stands at a place of a `FROM` is one row: an aggregate of all that it reads.
fn has_one_row(table: &SelectTable<'_>) -> bool {
    let SelectTable::Select(select, _) = table else { return false };
    let OneSelect::Select { columns, group_by: None, having: None, .. } = &select.body.select else { return false };
    select.limit.is_none() && select.body.compounds.is_none() && columns.iter().any(|it| aggregate(it).is_some())
}

/// The function of an answer that makes one row of all, if it is one: by itself or with something around it.
fn aggregate(answer: &ResultColumn<'_>) -> Option<String> {
    let ResultColumn::Expr(value, _) = answer else { return None };
    aggregate_in(value)
}

fn aggregate_in(value: &Expr<'_>) -> Option<String> {
    let is_window = |tail: &Option<FunctionTail<'_>>| tail.as_ref().is_some_and(|tail| tail.over_clause.is_some());
    match value {
        Expr::FunctionCall { name, args, filter_over, .. } if !is_window(filter_over) => {
            let own = name.0.to_ascii_lowercase();
            if is_aggregate(&own, args.map_or(0, <[_]>::len)) {
                return Some(own);
            }
        }
        Expr::FunctionCallStar { name, filter_over } if !is_window(filter_over) => {
            return Some(name.0.to_ascii_lowercase());
        }
        _ => {}
    }
    tree::parts(value).into_iter().find_map(aggregate_in)
}

/// Whether SQLite has an aggregate of this name that takes as many arguments.
fn is_aggregate(name: &str, arguments: usize) -> bool {
    match name {
        "min" | "max" => arguments == 1,
        "avg" | "count" | "group_concat" | "median" | "percentile" | "string_agg" | "sum" | "total" => true,
        _ => name.starts_with("json") && name.contains("_group_"),
    }
}
