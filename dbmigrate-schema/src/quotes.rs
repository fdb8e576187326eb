//! Words in double quotes that name nothing: SQLite takes them for texts, and does not say so.

use std::collections::{HashMap, HashSet};

use dbmigrate_core::Span;
use dbmigrate_core::token::{Token, TokenKind, tokens, unquote};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::model::{Kind, Name};

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

/// The words in double quotes of a table, index, view or trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// Those that are texts, as they stand there.
    pub(crate) texts: Vec<String>,
    /// Those that are names and never a text.
    pub(crate) names: HashSet<Name>,
}

impl Words {
    /// What an object says, and what SQLite makes of it where single quotes are for its texts.
    pub(crate) fn of(text: &str, told: &str) -> Self {
        let solid = |text| tokens(text).filter(|token: &Token| !token.is_blank());
        let mut words = Self::default();
        for (token, told) in solid(text).zip(solid(told)) {
            let word = token.text(text);
            if token.kind != TokenKind::QuotedName || !word.starts_with('"') {
                continue;
            }
            if told.kind == token.kind {
                words.names.insert(Name::new(unquote(word)));
            } else {
                words.texts.push(word.to_owned());
            }
        }
        for word in &words.texts {
            words.names.remove(&Name::new(unquote(word)));
        }
        words
    }
}

/// Whether a query that works stumbles over a text in double quotes somewhere.
pub(crate) fn stumbles(connection: &Connection, query: &str) -> bool {
    strictly(connection, query).is_some_and(|prepared| prepared.is_err())
}

/// The words of all that has any. SQLite is asked to drop a column, for which it puts texts into single quotes; nothing
/// of that stays. All are names in what it can't read.
pub(crate) fn all_words(connection: &Connection) -> rusqlite::Result<HashMap<(Kind, Name), Words>> {
    const WRITABLE: DbConfig = DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA;
    let before = texts(connection)?;
    let is_writable = connection.db_config(WRITABLE)?;
    connection.execute_batch("SAVEPOINT \"dbmigrate quotes\"")?;
    // What it can't read is no reason to refuse then.
    let told = connection.set_db_config(WRITABLE, true).and_then(|_| {
        let table = "CREATE TABLE main.\"dbmigrate quotes\" (a, b)";
        connection.execute_batch(&format!("{table}; ALTER TABLE main.\"dbmigrate quotes\" DROP COLUMN b"))?;
        texts(connection)
    });
    connection.execute_batch("ROLLBACK TO \"dbmigrate quotes\"; RELEASE \"dbmigrate quotes\"")?;
    connection.set_db_config(WRITABLE, is_writable)?;
    let told = told?;
    let quoting = before.into_iter().filter(|(_, text)| has_quotes(text));
    let words = quoting.filter_map(|(key, text)| {
        let words = Words::of(&text, told.get(&key)?);
        Some((key, words))
    });
    Ok(words.collect())
}

/// The texts of all objects, as SQLite has them; a virtual table is a table there.
pub(crate) fn texts(connection: &Connection) -> rusqlite::Result<HashMap<(Kind, Name), String>> {
    let sql = "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL";
    let text = |row: &rusqlite::Row<'_>| {
        let kind = Kind::of(row.get_ref(0)?.as_str()?);
        Ok(((kind, Name::new(row.get::<_, String>(1)?)), row.get(2)?))
    };
    connection.prepare(sql)?.query_map([], text)?.collect()
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

/// A word in double quotes as a text in single ones.
pub(crate) fn as_text(word: &str) -> String {
    format!("'{}'", unquote(word).replace('\'', "''"))
}

pub(crate) fn has_quotes(sql: &str) -> bool {
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
