//! `CREATE VIEW`.

use super::Reason;
use super::piece::Piece;
use super::table::disagree;

/// The query: what follows the first `AS`, a word that nothing before it can be.
pub(super) fn select(text: Piece<'_>) -> Result<String, Reason> {
    let at = text.find("AS").ok_or_else(|| disagree("its query"))?;
    Ok(text.from(at + 1).text().to_owned())
}
