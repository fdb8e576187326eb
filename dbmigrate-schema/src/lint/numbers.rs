//! Numbers that SQLite makes of texts where a copy asks for one: of `'7b'` it makes 7, and of every other text 0.

use sqlite3_parser::ast::{Expr, Operator, UnaryOperator};

use super::lineage::TableChange;
use super::migration::Migration;
use super::values::{Copy, copies};
use super::whole::column;
use crate::model::{Affinity, Name};

/// The affinity that a column had; none of one that is not known.
pub(super) type Known<'k> = dyn Fn(&Name) -> Option<Affinity> + 'k;

/// The copy that makes a number of a text for a column, whatever the text says, if one does; `affinity` knows
/// the columns of before.
pub(crate) fn numbered(
    migration: &Migration<'_>,
    change: &TableChange,
    target: &Name,
    affinity: &Known<'_>,
) -> Option<usize> {
    let makes = |copy: &Copy<'_>| copy.value(target).is_some_and(|value| makes_number(value, affinity));
    copies(migration, change).find(makes).map(|copy| copy.statement)
}

/// Whether a value is a number that SQLite makes of a text, by a `CAST` or to reckon with it. A `CASE` says what becomes of
/// which text.
fn makes_number(value: &Expr<'_>, affinity: &Known<'_>) -> bool {
    use Operator as O;
    let of = |value: &Expr<'_>| makes_number(value, affinity);
    // What has no type is likely a number, where somebody reckons with it.
    let texts = |name: &Name| affinity(name).filter(|it| *it == Affinity::Text);
    let is_reckoned = |value: &Expr<'_>| is_text_of(value, &texts);
    match value {
        Expr::Cast { expr, type_name } => {
            let is_number = type_name.as_ref().is_none_or(|it| is_number(Affinity::of(it.name)));
            (is_number && is_text_of(expr, affinity)) || of(expr)
        }
        Expr::Binary(left, O::Add | O::Subtract | O::Multiply | O::Divide | O::Modulus, right) => {
            [left, right].into_iter().any(|side| is_reckoned(side) || of(side))
        }
        Expr::Unary(UnaryOperator::Negative, value) => is_reckoned(value) || of(value),
        Expr::Unary(UnaryOperator::Positive, value) => of(value),
        Expr::Parenthesized(inner) => inner.iter().any(of),
        Expr::FunctionCall { name, args, .. } => {
            let is_kept =
                ["abs", "coalesce", "ifnull", "nullif", "round"].iter().any(|it| name.0.eq_ignore_ascii_case(it));
            let reckons = ["abs", "round"].iter().any(|it| name.0.eq_ignore_ascii_case(it));
            let args = args.unwrap_or(&[]);
            (is_kept && args.iter().any(of)) || (reckons && args.first().is_some_and(is_reckoned))
        }
        _ => false,
    }
}

/// Whether every copy puts the text of a column, or what is left of it, into this one: its type alone makes a number of it.
pub(super) fn is_copied_as_text(
    migration: &Migration<'_>,
    change: &TableChange,
    target: &Name,
    affinity: &Known<'_>,
) -> bool {
    let mut copies = copies(migration, change).peekable();
    copies.peek().is_some() && copies.all(|copy| copy.value(target).is_some_and(|value| is_text_of(value, affinity)))
}

/// Whether a value is the text of a column, or a part of it.
fn is_text_of(value: &Expr<'_>, affinity: &Known<'_>) -> bool {
    let of = |value: &Expr<'_>| is_text_of(value, affinity);
    match value {
        Expr::Collate(value, _) | Expr::Unary(UnaryOperator::Positive, value) => of(value),
        Expr::Parenthesized(inner) => inner.iter().any(of),
        Expr::FunctionCall { name, args, .. } => {
            let kept = [
                "coalesce",
                "ifnull",
                "lower",
                "ltrim",
                "nullif",
                "replace",
                "rtrim",
                "substr",
                "substring",
                "trim",
                "upper",
            ];
            // What comes after the text says what to do with it.
            let texts =
                if ["coalesce", "ifnull"].iter().any(|it| name.0.eq_ignore_ascii_case(it)) { usize::MAX } else { 1 };
            let is_kept = kept.iter().any(|it| name.0.eq_ignore_ascii_case(it));
            is_kept && args.unwrap_or(&[]).iter().take(texts).any(of)
        }
        _ => column(value, &[]).and_then(|name| affinity(&name)).is_some_and(is_text),
    }
}

pub(super) fn is_text(affinity: Affinity) -> bool {
    matches!(affinity, Affinity::Text | Affinity::Blob)
}

pub(super) fn is_number(affinity: Affinity) -> bool {
    matches!(affinity, Affinity::Integer | Affinity::Real | Affinity::Numeric)
}
