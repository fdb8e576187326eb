//! Whether a check of a table allows all that another one allowed: the list of values that got one more, the length that
//! got longer. Everything else is not known to.

use sqlite3_parser::Bump;
use sqlite3_parser::ast::{Expr, Literal, OneSelect, Operator, ResultColumn, Stmt, UnaryOperator};

use super::tree::{self, bare};

/// Whether every row that meets all of these checks meets the other, as far as their trees tell.
pub(crate) fn implies(before: &[&str], after: &str) -> bool {
    let bump = Bump::new();
    let queries: Vec<_> = before.iter().chain([&after]).map(|check| format!("SELECT {check}")).collect();
    let trees: Option<Vec<_>> = queries.iter().map(|query| expression(tree::parse(&bump, query)?)).collect();
    let Some((after, before)) = trees.as_deref().and_then(<[_]>::split_last) else { return false };
    let known: Vec<_> = before.iter().flat_map(|expr| parts(expr, Operator::And)).collect();
    parts(after, Operator::And).iter().all(|part| known.iter().any(|known| allows(known, part)))
}

fn expression<'b>(statement: &'b Stmt<'b>) -> Option<&'b Expr<'b>> {
    let Stmt::Select(select) = statement else { return None };
    match &select.body.select {
        OneSelect::Select { columns: [ResultColumn::Expr(expr, _)], from: None, .. } => Some(bare(expr)),
        _ => None,
    }
}

/// What stands between these operators.
fn parts<'b>(expr: &'b Expr<'b>, operator: Operator) -> Vec<&'b Expr<'b>> {
    let (mut found, mut open) = (Vec::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        match bare(expr) {
            Expr::Binary(left, own, right) if *own == operator => open.extend([*left, *right]),
            other => found.push(other),
        }
    }
    found
}

fn allows(before: &Expr<'_>, after: &Expr<'_>) -> bool {
    if before == after {
        return true;
    }
    if let (Some((name, old)), Some((own, new))) = (values(before), values(after)) {
        return name == own && old.iter().all(|value| new.contains(value));
    }
    match (before, after) {
        (Expr::Binary(left, was, old), Expr::Binary(own, is, new)) if was == is && bare(left) == bare(own) => {
            let (Some(old), Some(new)) = (number(old), number(new)) else { return false };
            match is {
                Operator::Less | Operator::LessEquals => new >= old,
                Operator::Greater | Operator::GreaterEquals => new <= old,
                _ => false,
            }
        }
        _ => false,
    }
}

/// The values that an expression is limited to, where that is all that a check says.
fn values<'b>(expr: &'b Expr<'b>) -> Option<(&'b Expr<'b>, Vec<&'b Expr<'b>>)> {
    let mut of = None;
    let mut found = Vec::new();
    for part in parts(expr, Operator::Or) {
        let (own, values): (&Expr<'_>, Vec<&Expr<'_>>) = match part {
            Expr::InList { lhs, not: false, rhs: Some(list) } => (lhs, list.iter().map(bare).collect()),
            Expr::Binary(left, Operator::Equals, right) => (left, vec![bare(right)]),
            // A check is met where it has no value.
            Expr::IsNull(of) => (of, Vec::new()),
            Expr::Binary(of, Operator::Is, right) if *bare(right) == Expr::Literal(Literal::Null) => (of, Vec::new()),
            _ => return None,
        };
        let is_literal = |value: &&Expr<'_>| matches!(value, Expr::Literal(_));
        if *of.get_or_insert(bare(own)) != bare(own) || !values.iter().all(is_literal) {
            return None;
        }
        found.extend(values);
    }
    Some((of?, found))
}

fn number(expr: &Expr<'_>) -> Option<f64> {
    match bare(expr) {
        Expr::Literal(Literal::Numeric(text)) => text.parse().ok(),
        Expr::Unary(UnaryOperator::Negative, inner) => number(inner).map(|number| -number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_allows_more_is_known() {
        for (before, after) in [
            ("a IN ('x', 'y')", "a IN ('y', 'z', 'x')"),
            ("a IN ('x')", "(a = 'x' OR a = 'y')"),
            ("a = 'x'", "a IN ('x', 'y')"),
            ("a IN (0, 1)", "a IS NULL OR a IN (0, 1)"),
            ("a IS NULL OR a IN (0, 1)", "a IN (0, 1)"),
            ("length(a) <= 50", "length(a) <= 100"),
            ("a > 0 AND b > 0", "b > -1"),
            ("a >= 5", "a >= 5"),
        ] {
            assert!(implies(&[before], after), "{before} -> {after}");
        }
        assert!(implies(&["a > 1", "b > 1"], "a > 1 AND b > 0"));
    }

    #[test]
    fn nothing_else_is() {
        for (before, after) in [
            ("a IN ('x', 'y')", "a IN ('x', 'z')"),
            ("a IN ('x')", "b IN ('x', 'y')"),
            ("a IN (0, 1)", "a NOT IN (0, 1, 2)"),
            ("length(a) <= 100", "length(a) <= 50"),
            ("a > 0 OR b > 0", "b > -1"),
            ("a > 0", "a < 0"),
            ("a", "b"),
            ("a IN (SELECT 1)", "a IN (1, 2)"),
        ] {
            assert!(!implies(&[before], after), "{before} -> {after}");
        }
        assert!(!implies(&[], "a"));
        assert!(!implies(&["a) FROM ((SELECT 1"], "a"));
    }
}
