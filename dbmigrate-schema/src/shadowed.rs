//! Texts in double quotes in the expressions of a table and its indexes, of which a new column of the table has the
//! name.
//!
//! No column can be meant there but one of the table, so a word that was the name of none was a text. SQLite takes it
//! for the column from then on, says nothing, and leaves the entries of an index as they are.

use dbmigrate_core::token::{Token, TokenKind, is_word, tokens, unquote};

use crate::model::{Index, Indexed, Name, Rule, Table};
use crate::quotes::has_quotes;

/// The columns that a table has and had not.
pub(crate) fn new_columns<'t>(before: &Table, after: &'t Table) -> Vec<&'t Name> {
    let names = after.columns.iter().map(|column| &column.name);
    names.filter(|name| before.column(name).is_none()).collect()
}

/// The first such text in a check or a generated column that stands in the text of afterwards as well.
pub(crate) fn in_table<'t>(before: &'t Table, after: &str, new: &[&Name]) -> Option<&'t str> {
    first(expressions(before), after, new)
}

/// The first such text in an index, where it stands in the text of afterwards as well.
pub(crate) fn in_index<'t>(before: &'t Index, after: &str, new: &[&Name]) -> Option<&'t str> {
    first(indexed(before), after, new)
}

fn first<'t>(mut expressions: impl Iterator<Item = &'t str>, after: &str, new: &[&Name]) -> Option<&'t str> {
    if new.is_empty() || !has_quotes(after) {
        return None;
    }
    expressions.find_map(|text| text_in(text, new).filter(|_| after.contains(text)))
}

/// The expressions of a table in which a column of its own may be meant.
fn expressions(table: &Table) -> impl Iterator<Item = &str> {
    let checks = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Check(check) => Some(check.as_str()),
        _ => None,
    });
    let generated = table.columns.iter().filter_map(|column| Some(column.generated.as_ref()?.expression.as_str()));
    checks.chain(generated).filter(|text| has_quotes(text))
}

fn indexed(index: &Index) -> impl Iterator<Item = &str> {
    let columns = index.columns.iter().filter_map(|column| match &column.by {
        Indexed::Expression(text) => Some(text.as_str()),
        Indexed::Column(_) => None,
    });
    columns.chain(index.filter.as_deref())
}

/// The first word in double quotes of an expression that is one of these names, and no function or collation.
fn text_in<'t>(text: &'t str, names: &[&Name]) -> Option<&'t str> {
    let solid: Vec<Token> = tokens(text).filter(|token| !token.is_blank()).collect();
    let at = (0..solid.len()).find(|at| {
        let word = solid[*at].text(text);
        let is_collation = at.checked_sub(1).is_some_and(|before| is_word(text, solid[before], "COLLATE"));
        let is_function = solid.get(at + 1).is_some_and(|next| next.kind == TokenKind::LeftParen);
        solid[*at].kind == TokenKind::QuotedName
            && word.starts_with('"')
            && !is_collation
            && !is_function
            && names.contains(&&Name::new(unquote(word)))
    })?;
    Some(solid[at].text(text))
}
