//! Words in double quotes that name nothing: SQLite takes them for texts, and does not say so.

use dbmigrate_core::Span;
use dbmigrate_core::token::{TokenKind, tokens};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// More of them in one statement are not looked for: each costs a look at the whole statement.
const MOST: usize = 8;

/// The words of a statement that is about to run, by their place in it.
pub(crate) fn words(connection: &Connection, sql: &str) -> Vec<Span> {
    let mut text = sql.to_owned();
    let mut words = Vec::new();
    if !has_quotes(sql) || runs_while_prepared(sql) {
        return words;
    }
    while words.len() < MOST {
        let Some(Err(rusqlite::Error::SqlInputError { offset, msg, .. })) = strictly(connection, &text) else { break };
        let Some(span) = usize::try_from(offset).ok().and_then(|start| quoted_at(&text, start)) else { break };
        if !msg.starts_with("no such column") {
            break;
        }
        words.push(span);
        // A text in its place, of the same length.
        text.replace_range(span.start..span.end, &format!("'{}'", "_".repeat(span.end - span.start - 2)));
    }
    words
}

/// The word that a query stumbles over somewhere in a view or trigger, as it stands in the text of that; none where it
/// does not.
pub(crate) fn word_in(connection: &Connection, query: &str, text: &str) -> Option<Span> {
    if !has_quotes(text) {
        return None;
    }
    let error = strictly(connection, query)?.err()?.to_string();
    let rest = error.split_once("no such column: ")?.1;
    let is_it = |span: &Span| rest.starts_with(&text[span.start..span.end]);
    tokens(text).filter(|token| token.kind == TokenKind::QuotedName).map(|token| token.span).find(is_it)
}

/// Prepares a statement where double quotes are for names alone; none where that can't be asked.
fn strictly(connection: &Connection, sql: &str) -> Option<rusqlite::Result<()>> {
    let set = |on| {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, on)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, on)
    };
    let prepared = set(false).map(|_| connection.prepare(sql).map(drop));
    set(true).ok()?;
    prepared.ok()
}

fn has_quotes(sql: &str) -> bool {
    sql.contains('"')
}

/// `PRAGMA` may do its work before it is asked to.
fn runs_while_prepared(sql: &str) -> bool {
    let first = tokens(sql).find(|token| !token.is_blank());
    first.is_none_or(|token| {
        ["PRAGMA", "EXPLAIN", "ATTACH"].iter().any(|word| token.text(sql).eq_ignore_ascii_case(word))
    })
}

fn quoted_at(text: &str, start: usize) -> Option<Span> {
    let rest = text.get(start..)?;
    let token = tokens(rest).next().filter(|_| rest.starts_with('"'))?;
    (token.kind == TokenKind::QuotedName).then(|| Span::new(start, start + token.span.end))
}
