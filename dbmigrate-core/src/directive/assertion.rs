//! The SELECT of an `assert`: one whole statement that only reads, on the line of its comment.
//!
//! What it asks is SQLite's to understand, and what it answers the runner's to judge.

use super::Fault;
use crate::statement::{Reader, split};
use crate::token::{TokenKind, tokens};

/// The statement that `text` is, without its `;` and what comments follow it.
pub(super) fn statement(text: &str) -> Result<&str, Fault> {
    let fault = |message: String| Err(Fault { message, write: "assert SELECT count(*) = 0 FROM users".to_owned() });
    if tokens(text).any(|token| matches!(token.kind, TokenKind::Unterminated(_))) {
        return fault("the statement of `assert` ends with its line, and is not complete there".to_owned());
    }
    let statements = split(text);
    let Some(first) = statements.first() else { return fault("`assert` needs a SELECT".to_owned()) };
    let statement = &text[first.span.start..first.span.end];
    if first.span.start > 0 || !Reader::new(statement).is_select() {
        return fault("`assert` takes a statement that only reads: SELECT, VALUES or WITH".to_owned());
    }
    if statements.len() > 1 {
        return fault("`assert` takes one statement, and another one follows the `;`".to_owned());
    }
    if !is_balanced(statement) {
        return fault("the parentheses of `assert` don't match".to_owned());
    }
    Ok(statement)
}

/// Whether every parenthesis has its other one. The runner puts the statement between two of its own.
fn is_balanced(statement: &str) -> bool {
    let mut open = 0_usize;
    tokens(statement).all(|token| {
        let next = match token.kind {
            TokenKind::LeftParen => open.checked_add(1),
            TokenKind::RightParen => open.checked_sub(1),
            _ => Some(open),
        };
        open = next.unwrap_or_default();
        next.is_some()
    }) && open == 0
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_statement_that_reads_is_taken_as_it_is_written() {
        for (text, expect) in [
            ("SELECT count(*)  =  0 FROM t", "SELECT count(*)  =  0 FROM t"),
            ("select 'a;  b' = \";\";", "select 'a;  b' = \";\""),
            ("VALUES (1) ; -- so", "VALUES (1)"),
            ("SELECT ((1) + ')')", ""),
            ("WITH RECURSIVE x(n) AS (SELECT 1), y AS (VALUES (2)) SELECT n FROM x", ""),
            ("SELECT 1 /* a ; b */ ;;", "SELECT 1"),
            ("SELECT replace(a, 'b', 'c') FROM t", ""),
        ] {
            let expect = if expect.is_empty() { text } else { expect };
            assert_eq!(super::statement(text).map_err(|fault| fault.message).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong_with_it() {
        for (text, expect) in [
            ("", "needs a SELECT"),
            (" ; -- SELECT 1", "needs a SELECT"),
            ("DELETE FROM t", "only reads"),
            ("count(*) = 0", "only reads"),
            ("PRAGMA user_version", "only reads"),
            ("EXPLAIN SELECT 1", "only reads"),
            ("WITH x AS (SELECT 1) INSERT INTO t SELECT 1", "only reads"),
            ("WITH x AS (SELECT 1) DELETE FROM t RETURNING a", "only reads"),
            ("WITH", "only reads"),
            ("/* SELECT 1 */ SELECT 1", "only reads"),
            ("SELECT 1; DELETE FROM t", "another one follows"),
            ("SELECT 'it", "not complete there"),
            ("SELECT 1 /* so", "not complete there"),
            ("SELECT (1", "don't match"),
            ("SELECT 1) WHERE (1", "don't match"),
        ] {
            let fault = super::statement(text).map_err(|fault| fault.message).unwrap_err();
            assert!(fault.contains(expect), "{text}: {fault}");
        }
    }
}
