//! Which values a column is tried with: of its type, at the edges, and what its checks speak of.

use dbmigrate_core::token::{TokenKind, tokens, unquote};

use crate::cell::Cell;
use crate::model::{Affinity, Column, Rule, Table};

/// Values that come back changed wherever somebody converts them, cuts them or forgets to quote.
pub(super) fn of(table: &Table, column: &Column) -> Vec<Cell> {
    let strict = table.strict.then(|| column.declared_type.as_deref().unwrap_or("").to_ascii_uppercase());
    match strict.as_deref() {
        Some("INT" | "INTEGER") => integers(),
        Some("REAL") => reals(),
        Some("TEXT") => texts(),
        Some("BLOB") => blobs(),
        Some(_) => [integers(), reals(), texts(), blobs()].concat(),
        // Without STRICT any column takes any value; one of another class is enough to find who forgets that.
        None => match column.affinity() {
            Affinity::Integer => [integers(), vec![Cell::text("no number"), Cell::Real(1.5)]].concat(),
            Affinity::Text => [texts(), vec![Cell::Blob(vec![0, 39, 255])]].concat(),
            Affinity::Blob => [integers(), reals(), texts(), blobs()].concat(),
            Affinity::Real => [reals(), vec![Cell::text("no number")]].concat(),
            Affinity::Numeric => {
                [integers(), reals(), vec![Cell::text("2024-01-15"), Cell::text("no number")]].concat()
            }
        },
    }
}

fn integers() -> Vec<Cell> {
    [0, 1, -1, 7, 42, 1000, i64::MAX, i64::MIN].map(Cell::Integer).to_vec()
}

fn reals() -> Vec<Cell> {
    [0.0, 1.0, -1.5, 0.1, 1e300, f64::INFINITY].map(Cell::Real).to_vec()
}

fn texts() -> Vec<Cell> {
    ["", "a", "007", "1e3", " 5 ", "1.0", "it's \"quoted\"; -- ", "line\nend", "größe 😀", "2024-01-15", "{}"]
        .map(Cell::text)
        .to_vec()
}

fn blobs() -> Vec<Cell> {
    vec![Cell::Blob(Vec::new()), Cell::Blob(vec![0]), Cell::Blob(b"a\0b\xff'".to_vec())]
}

/// A check of a table: what it may let through, and the columns that it speaks of.
pub(super) struct Check {
    /// What SQLite calls it when it fails: its name, or its text.
    pub(super) called: String,
    /// Places in the table's columns.
    pub(super) columns: Vec<usize>,
    /// Its literals, and what lies next to them.
    pub(super) values: Vec<Cell>,
}

pub(super) fn checks(table: &Table) -> Vec<Check> {
    let checks = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Check(text) => Some((constraint.name.as_ref(), text)),
        _ => None,
    });
    checks
        .map(|(name, text)| {
            let mut check = Check {
                called: name.map_or_else(|| called(text), ToString::to_string),
                columns: Vec::new(),
                values: Vec::new(),
            };
            for token in tokens(text) {
                let word = token.text(text);
                match token.kind {
                    TokenKind::Word | TokenKind::QuotedName => {
                        let word = unquote(word);
                        let column = table.columns.iter().position(|it| it.name.as_str().eq_ignore_ascii_case(&word));
                        check.columns.extend(column.filter(|column| !check.columns.contains(column)));
                    }
                    // A pattern of LIKE or GLOB mostly matches itself.
                    TokenKind::String => check.values.push(Cell::text(&unquote(word))),
                    TokenKind::Number => check.values.extend(around(word)),
                    _ => {}
                }
            }
            check
        })
        .collect()
}

/// What SQLite calls a check without a name: its text, or, where that begins with a quoted name, this name.
fn called(text: &str) -> String {
    let text = text.trim();
    match tokens(text).next() {
        Some(token) if text.starts_with(['"', '`', '[', '\'']) => unquote(token.text(text)),
        _ => text.to_owned(),
    }
}

/// A number, its neighbours, and a text that is that long.
fn around(number: &str) -> Vec<Cell> {
    if let Ok(number) = number.parse::<i64>() {
        let mut values: Vec<_> = [0, 1, -1].map(|by| Cell::Integer(number.saturating_add(by))).into();
        if let Ok(length @ 0..=64) = usize::try_from(number) {
            values.push(Cell::text(&"7".repeat(length)));
        }
        return values;
    }
    number.parse().map(|number: f64| [0.0, 0.5, -0.5].map(|by| Cell::Real(number + by)).into()).unwrap_or_default()
}
