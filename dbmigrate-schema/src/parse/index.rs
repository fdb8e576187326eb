//! `CREATE INDEX`.

use dbmigrate_core::token::TokenKind;
use sqlite3_parser::ast::SortedColumn;

use super::constraint::{collated, is_descending};
use super::piece::Piece;
use super::table::disagree;
use super::{Reason, name_in};
use crate::model::{Indexed, IndexedColumn};

/// What an index sorts by, and what follows `WHERE`.
pub(super) fn parts(
    trees: &[SortedColumn<'_>],
    partial: bool,
    text: Piece<'_>,
) -> Result<(Vec<IndexedColumn>, Option<String>), Reason> {
    let open = text.outside().find(|&at| text.kind(at) == Some(TokenKind::LeftParen));
    let Some((inner, end)) = open.and_then(|at| text.group(at)) else { return Err(disagree("its columns")) };
    let pieces = inner.between_commas();
    if pieces.len() != trees.len() {
        return Err(disagree("its columns"));
    }
    let columns = trees
        .iter()
        .zip(pieces)
        .map(|(tree, piece)| {
            let (by, collation) = collated(&tree.expr);
            let by = match name_in(by) {
                Some(name) => Indexed::Column(name),
                None => Indexed::Expression(expression(piece, collation.is_some()).text().to_owned()),
            };
            IndexedColumn { by, collation, descending: is_descending(tree.order) }
        })
        .collect();
    let rest = text.from(end);
    if rest.is(0, "WHERE") != partial {
        return Err(disagree("its condition"));
    }
    Ok((columns, partial.then(|| rest.from(1).text().to_owned())))
}

/// A part without what follows its expression: `COLLATE name`, `ASC`, `DESC`.
fn expression(piece: Piece<'_>, collated: bool) -> Piece<'_> {
    let mut length = piece.len();
    if length > 1 && (piece.is(length - 1, "ASC") || piece.is(length - 1, "DESC")) {
        length -= 1;
    }
    while collated && length > 2 && piece.is(length - 2, "COLLATE") {
        length -= 2;
    }
    piece.range(0, length)
}
