//! A walk over everything in a statement, however deep it nests.

use sqlite3_parser::ast::{
    AlterTableBody, ColumnConstraint, ColumnDefinition, CreateTableBody, Expr, FrameBound, FromClause,
    FunctionCallOrder, FunctionTail, InsertBody, JoinConstraint, JoinedSelectTable, Limit, OneSelect, Over,
    ResultColumn, Select, SelectTable, Set, SortedColumn, Stmt, TableConstraint, TriggerCmd, Upsert, UpsertDo, Window,
    With,
};

/// A part of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Node<'t> {
    Expr(&'t Expr<'t>),
    Select(&'t Select<'t>),
    From(&'t FromClause<'t>),
    Join(&'t JoinedSelectTable<'t>),
    With(&'t With<'t>),
    Command(&'t TriggerCmd<'t>),
    Column(&'t ColumnDefinition<'t>),
    Constraint(&'t TableConstraint<'t>),
}

/// The parts that are still to come: a stack of its own, as the tree may be deeper than that of the thread.
pub(crate) struct Nodes<'t>(Vec<Node<'t>>);

/// Every part of a statement, and every part of those.
pub(crate) fn nodes<'t>(statement: &'t Stmt<'t>) -> Nodes<'t> {
    let mut nodes = Nodes(Vec::new());
    nodes.statement(statement);
    nodes
}

impl<'t> Iterator for Nodes<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = self.0.pop()?;
        match node {
            Node::Expr(expr) => self.expression(expr),
            Node::Select(select) => self.select(select),
            Node::From(from) => self.from(from),
            Node::Join(join) => {
                self.table(&join.table);
                if let Some(JoinConstraint::On(on)) = &join.constraint {
                    self.expr(on);
                }
            }
            Node::With(with) => self.0.extend(with.ctes.iter().map(|cte| Node::Select(cte.select))),
            Node::Command(command) => self.command(command),
            Node::Column(column) => {
                for constraint in column.constraints {
                    match &constraint.constraint {
                        ColumnConstraint::Check(expr)
                        | ColumnConstraint::Default(expr)
                        | ColumnConstraint::Generated { expr, .. } => self.expr(expr),
                        _ => {}
                    }
                }
            }
            Node::Constraint(TableConstraint::Check(expr, _)) => self.expr(expr),
            Node::Constraint(_) => {}
        }
        Some(node)
    }
}

impl<'t> Nodes<'t> {
    fn expr(&mut self, expr: &'t Expr<'t>) {
        self.0.push(Node::Expr(expr));
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'t Expr<'t>>) {
        self.0.extend(exprs.into_iter().map(Node::Expr));
    }

    fn sorted(&mut self, columns: Option<&'t [SortedColumn<'t>]>) {
        self.exprs(columns.into_iter().flatten().map(|column| &column.expr));
    }

    fn limit(&mut self, limit: Option<&'t Limit<'t>>) {
        self.exprs(limit.into_iter().flat_map(|limit| std::iter::once(&limit.expr).chain(&limit.offset)));
    }

    fn results(&mut self, columns: &'t [ResultColumn<'t>]) {
        self.exprs(columns.iter().filter_map(|column| match column {
            ResultColumn::Expr(expr, _) => Some(expr),
            _ => None,
        }));
    }

    fn sets(&mut self, sets: &'t [Set<'t>]) {
        self.exprs(sets.iter().map(|set| &set.expr));
    }

    fn statement(&mut self, statement: &'t Stmt<'t>) {
        match statement {
            Stmt::AlterTable(_, AlterTableBody::AddColumn(column)) => self.0.push(Node::Column(column)),
            Stmt::AlterTable(_, AlterTableBody::AddConstraint(named)) => {
                self.0.push(Node::Constraint(&named.constraint));
            }
            Stmt::CreateIndex { columns, where_clause, .. } => {
                self.sorted(Some(columns));
                self.exprs(where_clause);
            }
            Stmt::CreateTable { body: CreateTableBody::ColumnsAndConstraints { columns, constraints, .. }, .. } => {
                self.0.extend(columns.iter().map(Node::Column));
                let constraints = constraints.iter().copied().flatten();
                self.0.extend(constraints.map(|named| Node::Constraint(&named.constraint)));
            }
            Stmt::CreateTable { body: CreateTableBody::AsSelect(select), .. }
            | Stmt::CreateView { select, .. }
            | Stmt::Select(select) => self.0.push(Node::Select(select)),
            Stmt::CreateTrigger { when_clause, commands, .. } => {
                self.exprs(when_clause);
                self.0.extend(commands.iter().map(Node::Command));
            }
            Stmt::Delete { with, where_clause, returning, order_by, limit, .. } => {
                self.0.extend(with.iter().map(Node::With));
                self.exprs(where_clause);
                self.results(returning.unwrap_or_default());
                self.sorted(*order_by);
                self.limit(*limit);
            }
            Stmt::Insert { with, body, returning, .. } => {
                self.0.extend(with.iter().map(Node::With));
                if let InsertBody::Select(select, upsert) = body {
                    self.0.push(Node::Select(select));
                    self.upsert(*upsert);
                }
                self.results(returning.unwrap_or_default());
            }
            Stmt::Update { with, sets, from, where_clause, returning, order_by, limit, .. } => {
                self.0.extend(with.iter().map(Node::With));
                self.sets(sets);
                self.0.extend(from.iter().map(Node::From));
                self.exprs(where_clause);
                self.results(returning.unwrap_or_default());
                self.sorted(*order_by);
                self.limit(*limit);
            }
            _ => {}
        }
    }

    fn command(&mut self, command: &'t TriggerCmd<'t>) {
        match command {
            TriggerCmd::Update { sets, from, where_clause, .. } => {
                self.sets(sets);
                self.0.extend(from.iter().map(Node::From));
                self.exprs(where_clause);
            }
            TriggerCmd::Insert { select, upsert, .. } => {
                self.0.push(Node::Select(select));
                self.upsert(*upsert);
            }
            TriggerCmd::Delete { where_clause, .. } => self.exprs(where_clause),
            TriggerCmd::Select(select) => self.0.push(Node::Select(select)),
        }
    }

    fn upsert(&mut self, upsert: Option<&'t Upsert<'t>>) {
        for upsert in std::iter::successors(upsert, |upsert| upsert.next) {
            if let Some(index) = &upsert.index {
                self.sorted(Some(index.targets));
                self.exprs(&index.where_clause);
            }
            if let UpsertDo::Set { sets, where_clause } = &upsert.do_clause {
                self.sets(sets);
                self.exprs(where_clause);
            }
        }
    }

    fn select(&mut self, select: &'t Select<'t>) {
        self.0.extend(select.with.iter().map(Node::With));
        let others = select.body.compounds.iter().flatten().map(|compound| &compound.select);
        for one in std::iter::once(&select.body.select).chain(others) {
            match one {
                OneSelect::Select { columns, from, where_clause, group_by, having, window_clause, .. } => {
                    self.results(columns);
                    self.0.extend(from.iter().map(Node::From));
                    self.exprs(where_clause.iter().chain(having).copied());
                    self.exprs(group_by.unwrap_or_default());
                    window_clause.unwrap_or_default().iter().for_each(|window| self.window(&window.window));
                }
                OneSelect::Values(rows) => rows.iter().for_each(|row| self.exprs(row)),
            }
        }
        self.sorted(select.order_by);
        self.limit(select.limit);
    }

    fn from(&mut self, from: &'t FromClause<'t>) {
        from.select.into_iter().for_each(|table| self.table(table));
        self.0.extend(from.joins.iter().flatten().map(Node::Join));
    }

    fn table(&mut self, table: &'t SelectTable<'t>) {
        match table {
            SelectTable::Table(..) => {}
            SelectTable::TableCall(_, arguments, _) => self.exprs(arguments.unwrap_or_default()),
            SelectTable::Select(select, _) => self.0.push(Node::Select(select)),
            SelectTable::Sub(from, _) => self.0.push(Node::From(from)),
        }
    }

    fn expression(&mut self, expr: &'t Expr<'t>) {
        match expr {
            Expr::Between { lhs, start, end, .. } => self.exprs([*lhs, *start, *end]),
            Expr::Binary(left, _, right) => self.exprs([*left, *right]),
            Expr::Case { base, when_then_pairs, else_expr } => {
                self.exprs(base.iter().chain(else_expr).copied());
                self.exprs(when_then_pairs.iter().flat_map(|(when, then)| [when, then]));
            }
            Expr::Cast { expr, .. } | Expr::Collate(expr, _) | Expr::Unary(_, expr) => self.expr(expr),
            Expr::IsNull(expr) | Expr::NotNull(expr) => self.expr(expr),
            Expr::Exists(select) | Expr::Subquery(select) => self.0.push(Node::Select(select)),
            Expr::FunctionCall { args, order_by, filter_over, .. } => {
                self.exprs(args.unwrap_or_default());
                if let Some(FunctionCallOrder::SortList(columns)) = order_by {
                    self.sorted(Some(columns));
                }
                self.tail(filter_over.as_ref());
            }
            Expr::FunctionCallStar { filter_over, .. } => self.tail(filter_over.as_ref()),
            Expr::InList { lhs, rhs, .. } => {
                self.expr(lhs);
                self.exprs(rhs.unwrap_or_default());
            }
            Expr::InSelect { lhs, rhs, .. } => {
                self.expr(lhs);
                self.0.push(Node::Select(rhs));
            }
            Expr::InTable { lhs, args, .. } => {
                self.expr(lhs);
                self.exprs(args.unwrap_or_default());
            }
            Expr::Like { lhs, rhs, escape, .. } => self.exprs([*lhs, *rhs].into_iter().chain(*escape)),
            Expr::Parenthesized(exprs) => self.exprs(exprs),
            Expr::Raise(_, message) => self.exprs(*message),
            Expr::DoublyQualified(..)
            | Expr::Id(_)
            | Expr::Literal(_)
            | Expr::Name(_)
            | Expr::Qualified(..)
            | Expr::Variable(_) => {}
        }
    }

    fn tail(&mut self, tail: Option<&'t FunctionTail<'t>>) {
        let Some(tail) = tail else { return };
        self.exprs(tail.filter_clause);
        if let Some(Over::Window(window)) = tail.over_clause {
            self.window(window);
        }
    }

    fn window(&mut self, window: &'t Window<'t>) {
        self.exprs(window.partition_by.unwrap_or_default());
        self.sorted(window.order_by);
        let bounds = window.frame_clause.iter().flat_map(|frame| std::iter::once(&frame.start).chain(&frame.end));
        self.exprs(bounds.filter_map(|bound| match bound {
            FrameBound::Following(expr) | FrameBound::Preceding(expr) => Some(expr),
            _ => None,
        }));
    }
}

#[cfg(test)]
mod tests {
    use sqlite3_parser::Bump;

    use sqlite3_parser::ast::Literal;

    use super::*;
    use crate::lint::tree::parse;

    /// How often the literal `7` is met.
    fn sevens(sql: &str) -> usize {
        let bump = Bump::new();
        let statement = parse(&bump, sql).unwrap_or_else(|| panic!("{sql}"));
        let is_seven = |node: &Node<'_>| matches!(node, Node::Expr(Expr::Literal(Literal::Numeric("7"))));
        nodes(statement).filter(is_seven).count()
    }

    #[test]
    fn everything_is_met_once() {
        for (sql, expect) in [
            ("SELECT 7 FROM t JOIN (SELECT 7) ON 7 WHERE 7 GROUP BY 7 HAVING 7 ORDER BY 7 LIMIT 7 OFFSET 7", 9),
            ("WITH a AS (VALUES (7), (7)) SELECT 1 UNION SELECT 7 IN (7, 7) EXCEPT SELECT a BETWEEN 7 AND 7", 7),
            (
                "SELECT CASE 7 WHEN 7 THEN 7 ELSE 7 END, CAST(7 AS TEXT), 7 COLLATE x, (7, 7), -7, 7 ISNULL, 7 NOTNULL",
                11,
            ),
            ("SELECT f(7, 7 ORDER BY 7) FILTER (WHERE 7) OVER (PARTITION BY 7 ORDER BY 7 ROWS 7 PRECEDING), g(*)", 7),
            ("SELECT EXISTS (SELECT 7), (SELECT 7), 7 IN (SELECT 7), 7 LIKE 7 ESCAPE 7, 7 IN f(7) FROM g(7)", 10),
            ("SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY 7)", 1),
            ("INSERT INTO t SELECT 7 ON CONFLICT (a, 7) WHERE 7 DO UPDATE SET a = 7 WHERE 7 RETURNING 7", 6),
            ("WITH a AS (SELECT 7) UPDATE t SET a = 7, (b, c) = (7, 7) FROM (SELECT 7) WHERE 7 RETURNING 7", 7),
            ("DELETE FROM t WHERE 7 RETURNING 7", 2),
            ("CREATE TABLE t (a DEFAULT (7) CHECK (7), b AS (7), CHECK (7))", 4),
            ("CREATE INDEX i ON t (7, a + 7) WHERE 7", 3),
            ("CREATE VIEW v AS SELECT 7", 1),
            ("ALTER TABLE t ADD COLUMN a CHECK (7)", 1),
            (
                "CREATE TRIGGER r AFTER INSERT ON t WHEN 7 BEGIN UPDATE t SET a = 7 WHERE 7; DELETE FROM t WHERE 7; \
                 INSERT INTO t VALUES (7) ON CONFLICT DO UPDATE SET a = 7; SELECT raise(ABORT, 7); END",
                7,
            ),
        ] {
            assert_eq!(sevens(sql), expect, "{sql}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        assert_eq!(sevens(&format!("SELECT {}7{}", "(".repeat(50_000), ")".repeat(50_000))), 1);
        assert_eq!(sevens(&format!("SELECT {}7", "- ".repeat(50_000))), 1);
    }
}
