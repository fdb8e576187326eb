//! Names in double quotes of columns that go: SQLite takes them for texts from then on, and says nothing.
//!
//! A schema may have such texts on purpose. What was the name of a column is none.

use std::collections::HashSet;

use dbmigrate_core::Diagnostic;
use dbmigrate_core::token::{Token, TokenKind, is_word, tokens, unquote};
use rusqlite::Connection;

use super::contents::Pair;
use super::state::use_of;
use crate::model::{Kind, Name, Object, Rule, Schema};
use crate::quotes::word_in;

/// What a step has made texts of, in the schema that it leads to.
pub(super) fn become_texts(connection: &Connection, pairs: &[Pair], from: &Schema, to: &Schema) -> Vec<Diagnostic> {
    let mut gone: Vec<(&Name, HashSet<Name>)> = Vec::new();
    for pair in pairs {
        let (Some(before), Some(after)) = (from.table(pair.table_before()), to.table(pair.table())) else { continue };
        let names = before.columns.iter().map(|column| &column.name);
        let names: HashSet<Name> = names.filter(|name| after.column(name).is_none()).cloned().collect();
        if !names.is_empty() {
            gone.push((pair.table(), names));
        }
    }
    if gone.is_empty() {
        return Vec::new();
    }
    let found = to.objects.iter().filter_map(|object| {
        let own = object.table().unwrap_or(object.name());
        let of_table = gone.iter().find(|(table, _)| *table == own).map(|(_, names)| names);
        let word = match object.kind() {
            Kind::View | Kind::Trigger => {
                let text = object.text();
                let word = word_in(connection, &use_of(connection, object)?, text)?;
                let word = &text[word.start..word.end];
                gone.iter().any(|(_, names)| names.contains(&Name::new(unquote(word)))).then_some(word)
            }
            Kind::Table => expressions(object).find_map(|text| word_of(text, of_table?)),
            // What it is called, and its table, stand before the list of what it sorts by.
            Kind::Index => word_of(object.text().split_once('(')?.1, of_table?),
            Kind::VirtualTable => None,
        }?;
        Some(problem(object, word))
    });
    found.collect()
}

/// What a table computes and checks.
fn expressions(object: &Object) -> impl Iterator<Item = &str> {
    let table = object.as_table().into_iter();
    let checks = table.clone().flat_map(|table| &table.constraints).filter_map(|it| match &it.rule {
        Rule::Check(text) => Some(text.as_str()),
        _ => None,
    });
    let computed = table.flat_map(|table| &table.columns).filter_map(|it| it.generated.as_ref());
    checks.chain(computed.map(|it| it.expression.as_str()))
}

/// The first word in double quotes of a text that is one of these names, and stands where a column could.
fn word_of<'t>(text: &'t str, names: &HashSet<Name>) -> Option<&'t str> {
    let tokens: Vec<Token> = tokens(text).filter(|token| !token.is_blank()).collect();
    let at = |at: Option<usize>| at.and_then(|at| tokens.get(at)).copied();
    let is_column = |place: usize| {
        let (before, after) = (at(place.checked_sub(1)), at(Some(place + 1)));
        !before.is_some_and(|it| is_word(text, it, "COLLATE"))
            && !after.is_some_and(|it| [".", "("].contains(&it.text(text)))
    };
    let words = tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::QuotedName);
    words
        .filter(|(place, _)| is_column(*place))
        .map(|(_, token)| token.text(text))
        .find(|word| word.starts_with('"') && names.contains(&Name::new(unquote(word))))
}

fn problem(object: &Object, word: &str) -> Diagnostic {
    let (kind, name, text) = (object.kind(), object.name(), unquote(word).replace('\'', "''"));
    let message = format!("{word} in the {kind} `{name}` is a string from now on: there is no longer such a column");
    Diagnostic::error("proof", message)
        .note("SQLite silently takes an unknown name in double quotes for a string")
        .help(format!("remove it from the {kind}, or write `'{text}'` if the string is meant"))
}
